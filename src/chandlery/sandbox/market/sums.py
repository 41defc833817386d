"""One candle over any stretch of time up to the clock's now: forming candles, rolling windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chandlery.candles.interval import SECOND_MS
from chandlery.sandbox.market.bars import Bars
from chandlery.sandbox.market.generated import SECONDS, Market
from chandlery.sandbox.market.listings import BY_SYMBOL
from chandlery.sandbox.market.tape import stretches, trades_before, trades_in_second
from chandlery.sandbox.market.trading_time import FIRST_MS


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a symbol at one instant: nothing of the future shows."""

    market: Market
    symbol: str
    now_ms: int

    def candle_since(self, start_ms: int) -> Bars | None:
        """One candle from `start_ms` (a whole second) to now; flat while nothing was traded.

        None if the exchange was shut all the time.
        """
        known = [bars.rows(bars.alive) for bars in self._since(start_ms)]
        rows = Bars.join([bars for bars in known if len(bars)] or known)
        if not len(rows):
            return None
        return rows.fold(np.zeros(1, dtype=np.int64))

    def last_price(self) -> int:
        """The price of the last trade, in ticks."""
        if self.now_ms < BY_SYMBOL[self.symbol].listed_ms:
            return int(
                self.market.bars(self.symbol, SECONDS, self._second(), self._next())[1].open[0]
            )
        return int(self._forming_second().close[0])

    def trades_so_far(self) -> int:
        """The number of trades since the listing."""
        before = trades_before(self.market, self.symbol, self.now_ms)
        return before + int(self._forming_second().trades[0])

    def _since(self, start_ms: int) -> list[Bars]:
        whole = [
            self.market.bars(self.symbol, level, start, end)[1]
            for level, start, end in stretches(max(start_ms, FIRST_MS), self._second())
        ]
        return [*whole, self._forming_second()]

    def _second(self) -> int:
        return self.now_ms - self.now_ms % SECOND_MS

    def _next(self) -> int:
        return self._second() + SECOND_MS

    def _forming_second(self) -> Bars:
        """The second that has just begun: its trades so far."""
        second = self._second()
        bar = self.market.bars(self.symbol, SECONDS, second, self._next())[1]
        trades = trades_in_second(self.market, self.symbol, second, bar, 0)
        seen = int((trades.times <= self.now_ms).sum())
        if seen == len(trades):
            return bar
        if seen == 0:
            return self._untraded(bar)
        prices, lots = trades.prices[:seen], trades.lots[:seen]
        share = float(prices @ lots / (trades.prices @ trades.lots))
        part = float(lots.sum() / trades.lots.sum())
        return _one_bar(
            int(prices[0]),
            int(prices.max()),
            int(prices.min()),
            int(prices[-1]),
            int(lots.sum()),
            int(bar.quote[0] * share),
            seen,
            int(bar.taker_volume[0] * part),
            int(bar.taker_quote[0] * share),
            alive=True,
        )

    def _untraded(self, bar: Bars) -> Bars:
        before = self._second() - SECOND_MS
        price = int(bar.open[0])
        if before >= BY_SYMBOL[self.symbol].listed_ms:
            last = self.market.bars(self.symbol, SECONDS, before, before + SECOND_MS)[1]
            price = int(last.close[0])
        return _one_bar(price, price, price, price, 0, 0, 0, 0, 0, alive=bool(bar.alive[0]))


def _one_bar(*values: int, alive: bool) -> Bars:
    columns: list[Any] = [np.array([value], dtype=np.int64) for value in values]
    columns.append(np.array([alive]))
    return Bars(*columns)
