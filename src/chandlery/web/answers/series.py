"""Shapes of answers about series."""

from __future__ import annotations

from pydantic import BaseModel, Field


class IntervalLine(BaseModel):
    """One interval of a symbol."""

    interval: str
    derived: bool = Field(description="whether its candles are sums of smaller ones")


class SeriesLine(BaseModel):
    """One kept series."""

    series: str
    exchange: str
    symbol: str
    interval: str
    price_decimals: int | None
    candles: int = Field(description="closed candles that are stored")
    first_ms: int | None = Field(description="open time of the first of them")
    last_ms: int | None = Field(description="open time of the last of them")
    updated_ms: int | None = Field(description="when candles of this series were last kept")
    revisions: int = Field(description="older versions of candles that changed at the exchange")
    intervals: list[IntervalLine] = Field(
        description="all that can be shown of this symbol, shortest first"
    )


class SeriesAnswer(BaseModel):
    """Every series that is kept; the first is the one that the page opens with."""

    series: list[SeriesLine]
