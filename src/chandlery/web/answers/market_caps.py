"""Shapes of answers about market caps."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Attribution(BaseModel):
    """What has to be shown near the data."""

    text: str
    url: str


class CoinLine(BaseModel):
    """One coin; numbers are decimal text, null where the source gives none."""

    id: str
    symbol: str
    name: str
    rank: int | None
    price: str | None
    market_cap: str | None
    share_percent: str | None = Field(
        description="of the sum of all coins in this answer, two decimals"
    )
    volume_24h: str | None
    change_24h_percent: str | None
    last_updated_ms: int | None
    sparkline: list[str] | None = Field(
        description="prices of the seven days before, evenly spaced, oldest first, to six digits "
        "where CoinGecko told them; null where fewer than two are known"
    )
    pair: str | None = Field(
        description="a series of the coin that can be shown: one that is kept, else one that "
        "Binance lists as trading; a guess by ticker"
    )


class OthersLine(BaseModel):
    """The coins that are kept beside those in this answer; not the whole market."""

    market_cap: str
    coins: int = Field(description="how many coins the sum is made of")


class MarketCapsAnswer(BaseModel):
    """The biggest market caps at one moment, biggest first; empty before the first time."""

    attribution: Attribution
    currency: str | None
    taken_ms: int | None = Field(description="when they were collected")
    age_ms: int | None = Field(description="how long ago that was")
    error: str | None = Field(description="why newer ones are missing, if they are")
    coins: list[CoinLine]
    others: OthersLine | None


class CoinHistory(BaseModel):
    """One coin over time."""

    id: str
    symbol: str
    name: str
    caps: list[str | None] = Field(
        description="market cap at each of times_ms; null where it was not among the coins kept"
    )


class MarketHistoryAnswer(BaseModel):
    """The coins that are biggest at the end, over time."""

    times_ms: list[int] = Field(description="when each snapshot was collected, ascending")
    coins: list[CoinHistory]
    others: list[str | None] = Field(
        description="the sum of all other coins kept at each time; null where there were none"
    )
    kept: list[int] = Field(description="how many coins were kept at each time, all in all")


class Mover(BaseModel):
    """A coin that entered or left."""

    id: str
    name: str
    rank: int | None = Field(description="its place afterwards; null where it is kept no more")


class MarketChange(BaseModel):
    """What changed between this look and the one before."""

    taken_ms: int
    entered: list[Mover]
    left: list[Mover]


class MarketChangesAnswer(BaseModel):
    """Who entered and left the biggest, looked at once an hour, newest first."""

    changes: list[MarketChange]
    has_more: bool = Field(description="whether there are older ones than these")


class MarketTimesAnswer(BaseModel):
    """Of which time there are market caps."""

    first_ms: int | None
    last_ms: int | None
    count: int = Field(description="how many snapshots are kept")
