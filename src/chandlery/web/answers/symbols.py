"""Shapes of answers about symbols."""

from __future__ import annotations

from pydantic import BaseModel, Field


class SymbolLine(BaseModel):
    """One symbol of an exchange."""

    exchange: str
    symbol: str
    base: str
    quote: str
    status: str = Field(description="TRADING, HALT or BREAK, as the exchange says")
    price_decimals: int | None
    kept: list[str] = Field(description="intervals that are kept, the shortest first")


class SymbolsAnswer(BaseModel):
    """Symbols that match, the best match first."""

    symbols: list[SymbolLine]
    listed_ms: int | None = Field(description="when the oldest of the lists looked at was fetched")
