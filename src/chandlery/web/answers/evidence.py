"""Shapes of answers about single candles."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class CandleValues(BaseModel):
    """The values of a candle; decimals as text, null where an exchange lacks the column."""

    open_time: int = Field(description="epoch milliseconds")
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    volume: str | None
    close_time: int | None = Field(description="epoch milliseconds")
    quote_volume: str | None
    trades: int | None
    taker_buy_volume: str | None
    taker_buy_quote_volume: str | None
    known_ms: int | None = Field(description="since when this version is known")
    source: str | None = Field(description="from where: rest, archive, stream, file; of a sum all")


class PresentCandle(CandleValues):
    """A candle as it is now."""

    closed: bool


class OlderVersion(CandleValues):
    """A candle as it was until the exchange gave another one."""

    replaced_ms: int = Field(description="when it was replaced")


class LedgerLine(BaseModel):
    """What is known of the time in which a candle opens."""

    state: Literal["stored", "empty", "failed", "unpublished"]
    asked_ms: int
    source: str
    request: str
    tries: int = Field(description="how often it was asked in vain, where it failed")
    error: str | None


class MadeOfLine(BaseModel):
    """Of what a derived candle is the sum."""

    series: str
    candles: int = Field(description="how many candles there are, the forming one too")
    expected: int = Field(description="how many there could be")


class CandleAnswer(BaseModel):
    """One candle with its story."""

    series: str
    open_ms: int
    present: PresentCandle | None
    ledger: LedgerLine | None = Field(
        description="null where nobody asked; of a sum, if one line speaks of all of it"
    )
    tier: Literal["hot", "cold"] | None
    versions: list[OlderVersion] = Field(description="oldest first")
    derived: bool
    made_of: MadeOfLine | None


class RevisedCandle(BaseModel):
    """One candle that changed."""

    open_ms: int
    versions: list[OlderVersion] = Field(description="oldest first")


class RevisionsAnswer(BaseModel):
    """Candles that changed, ascending by open time."""

    revisions: list[RevisedCandle]
    has_more: bool
