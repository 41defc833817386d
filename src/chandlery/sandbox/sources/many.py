"""More symbols than were invented: further names for markets that exist, so that they cost nothing.

A program that keeps thousands of series can be rehearsed with them on a small machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from chandlery.candles.interval import Interval
from chandlery.candles.span import Span
from chandlery.sandbox.market.listings import LISTINGS, Listing
from chandlery.sandbox.market.tape import Trades
from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.source import Shown, Source, Status, Window

MOST: Final = 9_999

_BUSY: Final = [one for one in LISTINGS if one.quote == "USDT" and one.margin and not one.ended_ms]
"""Whose markets are told again."""


class ManySymbols:
    """The symbols of `source`, and `count` more: C0001USDT and so on, each the like of another."""

    def __init__(self, source: Source, count: int) -> None:
        self._source = source
        self.revisions = source.revisions
        likes = [(number, _BUSY[number % len(_BUSY)]) for number in range(1, count + 1)]
        self._more = [_like(number, listing) for number, listing in likes]
        self._market = {
            more.symbol: like.symbol for more, (_, like) in zip(self._more, likes, strict=True)
        }

    def listings(self, now_ms: int) -> list[tuple[Listing, Status]]:
        """The symbols listed by now, the invented ones first."""
        more: list[tuple[Listing, Status]] = [
            (each, "TRADING") for each in self._more if each.listed_ms <= now_ms
        ]
        return [*self._source.listings(now_ms), *more]

    def market_of(self, symbol: str) -> str:
        """The symbol whose trading this one shows."""
        return self._market.get(symbol, symbol)

    def rows(
        self, symbol: str, interval: Interval, shown: Shown, asked: Asked, now_ms: int
    ) -> bytes:
        """The JSON array of a klines answer."""
        return self._source.rows(self.market_of(symbol), interval, shown, asked, now_ms)

    def window(self, symbol: str, start_ms: int, now_ms: int) -> Window:
        """Trading from `start_ms` to now."""
        return self._source.window(self.market_of(symbol), start_ms, now_ms)

    def latest_trades(self, symbol: str, limit: int, now_ms: int) -> Trades:
        """The newest trades, ascending."""
        return self._source.latest_trades(self.market_of(symbol), limit, now_ms)

    def trades_from_id(self, symbol: str, trade_id: int, limit: int, now_ms: int) -> Trades:
        """Trades from one id on."""
        return self._source.trades_from_id(self.market_of(symbol), trade_id, limit, now_ms)

    def trades_since(self, symbol: str, start_ms: int, limit: int, now_ms: int) -> Trades:
        """Trades from a time on."""
        return self._source.trades_since(self.market_of(symbol), start_ms, limit, now_ms)

    def table(self, symbol: str, interval: Interval, span: Span, known: int) -> pl.DataFrame:
        """The candles that open in `span`."""
        return self._source.table(self.market_of(symbol), interval, span, known)

    def revise(self, symbol: str, interval: Interval, open_ms: int, at_ms: int) -> None:
        """Change a closed candle, of the symbol's likes too."""
        self._source.revise(self.market_of(symbol), interval, open_ms, at_ms)


def _like(number: int, listing: Listing) -> Listing:
    base = f"C{number:04d}"
    return replace(listing, symbol=f"{base}{listing.quote}", base=base)
