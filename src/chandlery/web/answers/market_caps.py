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


class MarketCapsAnswer(BaseModel):
    """The biggest market caps that were last seen, biggest first; empty before the first time."""

    attribution: Attribution
    currency: str | None
    taken_ms: int | None = Field(description="when they were collected")
    age_ms: int | None = Field(description="how long ago that was")
    error: str | None = Field(description="why newer ones are missing, if they are")
    coins: list[CoinLine]
