"""Single trades: each second's candle taken apart, and the numbers that trades are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from chandlery.candles.interval import HOUR_MS, SECOND_MS
from chandlery.sandbox.market.allot import allot
from chandlery.sandbox.market.bars import Bars, Flags, Ints
from chandlery.sandbox.market.dice import dice
from chandlery.sandbox.market.generated import DAYS, HOURS, MINUTES, SECONDS, Level, Market
from chandlery.sandbox.market.trading_time import FIRST_MS

_FINER: Final = {"days": HOURS, "hours": MINUTES, "minutes": SECONDS}


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades in order: ids, times, prices in ticks, quantities in steps, whether a seller hit."""

    ids: Ints
    times: Ints
    prices: Ints
    lots: Ints
    buyer_made: Flags

    def __len__(self) -> int:
        return self.ids.size

    def rows(self, which: slice | Flags) -> Trades:
        """Some of the trades."""
        return Trades(*(getattr(self, name)[which] for name in Trades.__slots__))

    @staticmethod
    def join(parts: list[Trades]) -> Trades:
        """One run after the other."""
        if not parts:
            none = np.zeros(0, dtype=np.int64)
            return Trades(none, none, none, none, none.astype(np.bool_))
        columns = ([getattr(part, name) for part in parts] for name in Trades.__slots__)
        return Trades(*(np.concatenate(column) for column in columns))


def trades_in_second(
    market: Market, symbol: str, second_ms: int, bar: Bars, first_id: int
) -> Trades:
    """The trades of one second (`bar` holds its one candle): they open, reach and close as it does.

    Count and volume sum to the candle; the sides only about.
    """
    count = int(bar.trades[0])
    die = dice(market.seed, f"{symbol} trades", second_ms // SECOND_MS)
    times = second_ms + np.sort(die.integers(0, SECOND_MS, count))
    prices = die.integers(bar.low[0], bar.high[0] + 1, count)
    inner = 1 + die.permutation(max(count - 2, 0))[:2]
    extremes = [bar.high[0], bar.low[0]]
    if inner.size == 1 and bar.high[0] == max(bar.open[0], bar.close[0]):
        extremes.reverse()
    prices[inner] = extremes[: inner.size]
    prices[:1], prices[-1:] = bar.open[0], bar.close[0]
    spread = np.exp(1.3 * die.standard_normal(count))[None, :]
    lots = 1 + allot(bar.volume - bar.trades, spread)[0] if count else prices
    share = bar.taker_volume[0] / max(int(bar.volume[0]), 1)
    ids = first_id + np.arange(count, dtype=np.int64)
    return Trades(ids, times, prices, lots, die.random(count) >= share)


def trades_before(market: Market, symbol: str, ms: int) -> int:
    """How many trades the symbol had before the second of `ms`: the id of the next one."""
    second = ms - ms % SECOND_MS
    return sum(
        int(market.bars(symbol, level, start, end)[1].trades.sum())
        for level, start, end in stretches(FIRST_MS, second)
    )


def second_of_trade(market: Market, symbol: str, trade_id: int) -> tuple[int, int] | None:
    """The second that holds a trade, and the id of the first trade in that second."""
    level: Level = DAYS
    start, end, seen = FIRST_MS, 1 << 62, 0
    while True:
        first, bars = market.bars(symbol, level, start, end)
        running = seen + np.cumsum(bars.trades)
        place = int(np.searchsorted(running, trade_id, side="right"))
        if place == len(bars):
            return None
        seen = int(running[place - 1]) if place else seen
        start = first + place * level.length_ms
        end = start + level.length_ms
        if level is SECONDS:
            return start, seen
        level = _FINER[level.name]


def latest_trades(market: Market, symbol: str, until_ms: int, limit: int) -> Trades:
    """The newest `limit` trades at or before `until_ms`, ascending."""
    parts: list[Trades] = []
    found = 0
    hour = until_ms - until_ms % HOUR_MS
    quiet_hours = 0
    while found < limit and quiet_hours < _QUIETEST_HOURS and hour >= FIRST_MS:
        part = _backwards(market, symbol, hour, until_ms, limit - found)
        parts[:0] = part
        found += sum(map(len, part))
        quiet_hours = 0 if part else quiet_hours + 1
        hour -= HOUR_MS
    return Trades.join(parts).rows(slice(-limit, None))


_QUIETEST_HOURS: Final = 96


def _backwards(market: Market, symbol: str, hour: int, until_ms: int, wanted: int) -> list[Trades]:
    end = min(hour + HOUR_MS, until_ms - until_ms % SECOND_MS + SECOND_MS)
    start, seconds = market.bars(symbol, SECONDS, hour, end)
    next_id = trades_before(market, symbol, end)
    parts: list[Trades] = []
    for place in np.flatnonzero(seconds.trades)[::-1]:
        bar = seconds.rows(slice(place, place + 1))
        next_id -= int(bar.trades[0])
        trades = trades_in_second(market, symbol, start + int(place) * SECOND_MS, bar, next_id)
        parts.insert(0, trades.rows(trades.times <= until_ms))
        wanted -= len(parts[0])
        if wanted <= 0:
            break
    return parts


def trades_from(
    market: Market, symbol: str, start: tuple[int, int], until_ms: int, limit: int
) -> Trades:
    """The oldest `limit` trades from a second (its time and first id) on, up to `until_ms`."""
    second, next_id = start
    parts: list[Trades] = []
    while second <= until_ms and sum(map(len, parts)) < limit:
        end = min(second - second % HOUR_MS + HOUR_MS, until_ms + 1)
        first, seconds = market.bars(symbol, SECONDS, second, end)
        for place in np.flatnonzero(seconds.trades):
            bar = seconds.rows(slice(place, place + 1))
            trades = trades_in_second(market, symbol, first + int(place) * SECOND_MS, bar, next_id)
            next_id += len(trades)
            parts.append(trades.rows(trades.times <= until_ms))
            if sum(map(len, parts)) >= limit:
                break
        second = end
    return Trades.join(parts).rows(slice(0, limit))


def stretches(start_ms: int, end_ms: int, level: Level = DAYS) -> list[tuple[Level, int, int]]:
    """Whole days, hours, minutes and seconds that together fill `[start_ms, end_ms)`, ascending.

    Both ends fall on whole seconds.
    """
    if start_ms >= end_ms:
        return []
    first = -(-start_ms // level.length_ms) * level.length_ms
    last = end_ms // level.length_ms * level.length_ms
    if level is SECONDS:
        return [(level, first, last)]
    finer = _FINER[level.name]
    if first >= last:
        return stretches(start_ms, end_ms, finer)
    return [
        *stretches(start_ms, first, finer),
        (level, first, last),
        *stretches(last, end_ms, finer),
    ]
