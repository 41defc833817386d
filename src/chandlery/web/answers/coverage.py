"""Shapes of answers about what is held and what is not."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class GapLine(BaseModel):
    """One stretch without a candle."""

    start_ms: int
    end_ms: int
    candles: int | None = Field(description="how many places it has; null where nobody can know")
    reason: str = Field(examples=["empty at the exchange"])
    words: str = Field(description="the reason as a sentence")
    asked_ms: int | None = Field(description="when the exchange said so, or failed to")
    source: str | None
    request: str | None
    tries: int = Field(description="how often it was asked in vain")
    error: str | None


class GapsAnswer(BaseModel):
    """Gaps, ascending."""

    gaps: list[GapLine]
    has_more: bool


class CoverageTotals(BaseModel):
    """The sums of all days."""

    expected: int
    stored: int
    empty: int
    missing: int
    failed: int
    unpublished: int
    revised: int


class CoverageAnswer(BaseModel):
    """How much of a series is held."""

    series: str
    derived_from: str | None = Field(description="the series that is counted, if it is another")
    zone: str
    bucket: Literal["day", "month"]
    days: list[list[int]] = Field(
        description="day_ms, expected, stored, empty, missing, failed, unpublished, revised; the "
        "first is when the day begins in its zone, the last counts candles that changed",
        examples=[[[1735689600000, 24, 23, 0, 1, 0, 0, 0]]],
    )
    first_ms: int | None = Field(description="open time of the first candle that is held")
    last_ms: int | None = Field(description="open time of the last one")
    start_ms: int | None = Field(description="where the life begins of which the days are")
    end_ms: int | None = Field(description="where it ends: now, or where the symbol was delisted")
    listed_ms: int | None = Field(description="the listing, if the exchange has said when it was")
    totals: CoverageTotals
