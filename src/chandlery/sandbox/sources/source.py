"""What the exchange answers from: a simulated market or recorded candles, behind one face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from chandlery.candles.interval import Interval
from chandlery.candles.span import Span
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.market.tape import Trades
from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.revisions import Revisions

Status = Literal["TRADING", "BREAK"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How candles are to be written: the time zone of their boundaries and the unit of times."""

    zone_ms: int = 0
    micro: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Trading in a stretch of time; prices and amounts are whole numbers of 1e-8."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int
    trades: int
    first_id: int
    """Of the first trade inside; -1 when there was none."""
    before: int
    """The last price before the window."""


class Source(Protocol):
    """Everything that endpoints need to know of the market."""

    revisions: Revisions

    def listings(self, now_ms: int) -> list[tuple[Listing, Status]]:
        """The symbols listed by now, oldest first."""

    def market_of(self, symbol: str) -> str:
        """The symbol whose trading this one shows: itself, as a rule."""

    def rows(
        self, symbol: str, interval: Interval, shown: Shown, asked: Asked, now_ms: int
    ) -> bytes:
        """The JSON array of a klines answer."""

    def window(self, symbol: str, start_ms: int, now_ms: int) -> Window:
        """Trading from `start_ms` to now."""

    def latest_trades(self, symbol: str, limit: int, now_ms: int) -> Trades:
        """The newest trades, ascending."""

    def trades_from_id(self, symbol: str, trade_id: int, limit: int, now_ms: int) -> Trades:
        """Trades from one id on."""

    def trades_since(self, symbol: str, start_ms: int, limit: int, now_ms: int) -> Trades:
        """Trades from a time on."""

    def table(self, symbol: str, interval: Interval, span: Span, known: int) -> pl.DataFrame:
        """The candles that open in `span`, all of which have closed, in the columns of `TABLE`.

        Of the revisions only the first `known` show.
        """

    def revise(self, symbol: str, interval: Interval, open_ms: int, at_ms: int) -> None:
        """Change a closed candle, as if a trade had been found in it later."""
