"""Facts of the market that are not candles: symbols and market caps, as plain records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

SymbolStatus = Literal["TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY", "UNKNOWN"]


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """One symbol as its exchange lists it."""

    symbol: str
    base: str
    quote: str
    status: SymbolStatus
    price_decimals: int | None = None
    """Digits after the point that the exchange's tick size allows; None when unknown."""


@dataclass(frozen=True, slots=True)
class MarketCap:
    """One coin of a market-cap snapshot; None where the source gives null."""

    id: str
    symbol: str
    name: str
    rank: int | None
    price: Decimal | None
    market_cap: Decimal | None
    volume_24h: Decimal | None
    change_24h_percent: Decimal | None
    last_updated_ms: int | None
    sparkline: tuple[Decimal, ...] = ()
    """Prices of the last seven days, oldest first, where they were asked for; not in a snapshot."""


@dataclass(frozen=True, slots=True)
class MarketCapSnapshot:
    """The biggest coins at one moment, biggest first."""

    taken_ms: int
    currency: str
    coins: tuple[MarketCap, ...]
