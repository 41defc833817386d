"""From a coin to a series that shows its price: a guess by ticker, and a careful one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.market import MarketCap, SymbolInfo

EXCHANGE: Final = "binance"
QUOTES: Final = ("USDT", "USDC", "FDUSD", "BTC")
"""What a coin's price may be told in, best first."""
INTERVAL: Final = Interval.parse("1h")
"""What is looked at of a symbol of which nothing is kept yet."""


def coin_pairs(
    coins: Iterable[MarketCap], kept: Iterable[Series], listed: Mapping[str, SymbolInfo]
) -> dict[str, Series]:
    """The best series of each coin, by coin id; a coin of which there is none is left out.

    `coins` are biggest first: several may have one ticker, and only the biggest of them is taken
    for the one that the exchange means. A series that is kept comes before one that only could
    be, and what the exchange does not list as trading is no pair unless it is kept.
    """
    found: dict[str, Series] = {}
    bases: set[str] = set()
    by_symbol: dict[str, Series] = {}
    for series in kept:
        by_symbol.setdefault(series.symbol, series)
    for coin in coins:
        base = coin.symbol.upper()
        if base in bases:
            continue
        bases.add(base)
        pair = _kept_pair(base, by_symbol, listed) or _listed_pair(base, listed)
        if pair is not None:
            found[coin.id] = pair
    return found


def _kept_pair(
    base: str, kept: Mapping[str, Series], listed: Mapping[str, SymbolInfo]
) -> Series | None:
    for quote in QUOTES:
        series = kept.get(f"{base}{quote}")
        info = listed.get(f"{base}{quote}")
        if series is not None and (info is None or info.base == base):
            return series
    return None


def _listed_pair(base: str, listed: Mapping[str, SymbolInfo]) -> Series | None:
    for quote in QUOTES:
        info = listed.get(f"{base}{quote}")
        if info is not None and info.base == base and info.status == "TRADING":
            return Series(EXCHANGE, info.symbol, INTERVAL)
    return None
