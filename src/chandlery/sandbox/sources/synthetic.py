"""The simulated market as a source of answers: blocks of candles rendered once and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from chandlery.candles.interval import DAY_MS, HOUR_MS, SECOND_MS, Interval
from chandlery.candles.span import Span
from chandlery.sandbox.market.bars import Bars, Ints
from chandlery.sandbox.market.bounded import Bounded
from chandlery.sandbox.market.generated import DAYS, HOURS, SECONDS, Market
from chandlery.sandbox.market.listings import BY_SYMBOL, LISTINGS, Listing
from chandlery.sandbox.market.sums import Moment
from chandlery.sandbox.market.tape import (
    Trades,
    latest_trades,
    second_of_trade,
    trades_before,
    trades_from,
)
from chandlery.sandbox.sources.choosing import Asked, Stretch, choose
from chandlery.sandbox.sources.grid import Grid
from chandlery.sandbox.sources.rendering import (
    Block,
    block,
    candle_row,
    candle_rows,
    candle_table,
)
from chandlery.sandbox.sources.revisions import Revised, Revisions
from chandlery.sandbox.sources.source import Shown, Status, Window

_KEPT_BYTES: Final = 96 * 1024 * 1024


class SyntheticSource:
    """The invented market of one seed, with the revisions that somebody else may know too."""

    def __init__(self, seed: int, revisions: Revisions | None = None) -> None:
        self.market = Market(seed)
        self._rendered: Bounded[_Key, Block] = Bounded(_KEPT_BYTES, Block.size)
        self.revisions = Revisions() if revisions is None else revisions

    def listings(self, now_ms: int) -> list[tuple[Listing, Status]]:
        """The symbols listed by now, oldest first; those that have ended are in BREAK."""
        return [
            (each, "BREAK" if each.ended_ms is not None and each.ended_ms <= now_ms else "TRADING")
            for each in LISTINGS
            if each.listed_ms <= now_ms
        ]

    def market_of(self, symbol: str) -> str:
        """The symbol itself."""
        return symbol

    def rows(
        self, symbol: str, interval: Interval, shown: Shown, asked: Asked, now_ms: int
    ) -> bytes:
        """The JSON array of a klines answer."""
        listing = BY_SYMBOL[symbol]
        grid = Grid(interval, listing.listed_ms, shown.zone_ms)
        forming_ms = grid.floor(now_ms)
        stop = forming_ms if listing.ended_ms is None else min(forming_ms, listing.ended_ms)
        held = Stretch(grid.floor(listing.listed_ms), stop)
        key = _Key(symbol, interval, shown, self._revised_times(symbol, interval))
        blocks = _Rendered(self, key, grid)
        return choose(blocks, held, asked, lambda: self._forming(listing, grid, shown, now_ms))

    def _forming(
        self, listing: Listing, grid: Grid, shown: Shown, now_ms: int
    ) -> tuple[int, bytes] | None:
        open_ms = grid.floor(now_ms)
        if listing.ended_ms is not None and listing.ended_ms <= open_ms:
            return None
        candle = Moment(self.market, listing.symbol, now_ms).candle_since(open_ms)
        if candle is None:
            return None
        close_ms = grid.next(open_ms) - 1
        return open_ms, candle_row(open_ms, close_ms, candle, listing, micro=shown.micro)

    def render(self, key: _Key, grid: Grid) -> Block:
        """One block of rows, made now or kept from before."""
        return self._rendered.get(key, lambda: self._render(key, grid))

    def _render(self, key: _Key, grid: Grid) -> Block:
        opens, closes, candles = self._candles(key.symbol, grid, grid.edges(key.block))
        candles = _revised(opens, candles, self.revisions.of(key.symbol, key.interval))
        listing = BY_SYMBOL[key.symbol]
        return block(opens, candle_rows(opens, closes, candles, listing, micro=key.shown.micro))

    def table(self, symbol: str, interval: Interval, span: Span, known: int) -> pl.DataFrame:
        """The candles that open in `span`, all of which have closed."""
        listing = BY_SYMBOL[symbol]
        grid = Grid(interval, listing.listed_ms)
        opens, closes, candles = self._candles(symbol, grid, grid.edges_within(span))
        candles = _revised(opens, candles, self.revisions.of(symbol, interval, known))
        return candle_table(opens, closes, candles, listing)

    def _candles(self, symbol: str, grid: Grid, edges: Ints) -> tuple[Ints, Ints, Bars]:
        """Open times, close times and candles between edges, where there was trading."""
        level = grid.level()
        start, bars = self.market.bars(symbol, level, int(edges[0]), int(edges[-1]))
        alive = np.flatnonzero(bars.alive)
        group = np.searchsorted(edges, start + alive * level.length_ms, side="right") - 1
        candles = bars.rows(alive).fold(np.flatnonzero(np.diff(group, prepend=-1)))
        group = np.unique(group)
        return edges[group], edges[group + 1] - 1, candles

    def revise(self, symbol: str, interval: Interval, open_ms: int, at_ms: int) -> None:
        """Add a trade of one lot step, at the close, to one candle of one interval."""
        self.revisions.add(Revised(symbol, interval.text, open_ms, at_ms))

    def _revised_times(self, symbol: str, interval: Interval) -> int:
        return sum(self.revisions.of(symbol, interval).values())

    def window(self, symbol: str, start_ms: int, now_ms: int) -> Window:
        """Trading from `start_ms` to now."""
        listing = BY_SYMBOL[symbol]
        moment = Moment(self.market, symbol, now_ms)
        start = max(start_ms - start_ms % SECOND_MS, listing.listed_ms)
        candle = moment.candle_since(start)
        last = self._close_before(listing, now_ms if candle is None else start)
        if candle is None:
            return _scaled(listing, (last,) * 4, (0, 0, 0), -1, last)
        prices = [int(each[0]) for each in (candle.open, candle.high, candle.low, candle.close)]
        amounts = (int(candle.volume[0]), int(candle.quote[0]), int(candle.trades[0]))
        first_id = trades_before(self.market, symbol, start) if amounts[2] else -1
        return _scaled(listing, tuple(prices), amounts, first_id, last)

    def _close_before(self, listing: Listing, ms: int) -> int:
        """The last price before a second; it is carried through outages and after the end."""
        before = min(ms, listing.ended_ms or ms) - SECOND_MS
        before -= before % SECOND_MS
        if before < listing.listed_ms:
            before = listing.listed_ms
            return int(self.market.bars(listing.symbol, SECONDS, before, before + 1000)[1].open[0])
        return int(self.market.bars(listing.symbol, SECONDS, before, before + 1000)[1].close[0])

    def latest_trades(self, symbol: str, limit: int, now_ms: int) -> Trades:
        """The newest trades, ascending."""
        until = min(now_ms, (BY_SYMBOL[symbol].ended_ms or now_ms + 1) - 1)
        return latest_trades(self.market, symbol, until, limit)

    def trades_from_id(self, symbol: str, trade_id: int, limit: int, now_ms: int) -> Trades:
        """Trades from one id on."""
        found = second_of_trade(self.market, symbol, trade_id)
        if found is None:
            return Trades.join([])
        spare = trade_id - found[1]
        trades = trades_from(self.market, symbol, found, now_ms, limit + spare)
        return trades.rows(slice(spare, None))

    def trades_since(self, symbol: str, start_ms: int, limit: int, now_ms: int) -> Trades:
        """Trades from a time on."""
        second = max(start_ms - start_ms % SECOND_MS, BY_SYMBOL[symbol].listed_ms)
        start = (second, trades_before(self.market, symbol, second))
        trades = trades_from(self.market, symbol, start, now_ms, limit + _SECOND_FULL)
        return trades.rows(trades.times >= start_ms).rows(slice(0, limit))

    def hourly_closes(self, symbol: str, hours: int, now_ms: int) -> list[float]:
        """The last prices of the `hours` full hours before now, for sparklines."""
        listing = BY_SYMBOL[symbol]
        start = now_ms - now_ms % HOUR_MS - hours * HOUR_MS
        _, bars = self.market.bars(symbol, HOURS, start, start + hours * HOUR_MS)
        return [float(close) * listing.tick / 1e8 for close in bars.close]

    def price_at(self, symbol: str, ms: int) -> float:
        """The price at a time, to the hour."""
        closes = self.hourly_closes(symbol, 1, ms + HOUR_MS)
        return closes[0]

    def extremes(self, symbol: str, now_ms: int) -> tuple[tuple[float, int], tuple[float, int]]:
        """The highest and lowest price ever and their days (open times), for all-time figures."""
        from_ms = BY_SYMBOL[symbol].listed_ms // DAY_MS * DAY_MS
        start, bars = self.market.bars(symbol, DAYS, from_ms, now_ms)
        unit = BY_SYMBOL[symbol].tick / 1e8
        top, bottom = int(np.argmax(bars.high)), int(np.argmin(bars.low))
        return (
            (float(bars.high[top]) * unit, start + top * DAY_MS),
            (float(bars.low[bottom]) * unit, start + bottom * DAY_MS),
        )


_SECOND_FULL: Final = 500


@dataclass(frozen=True, slots=True)
class _Key:
    symbol: str
    interval: Interval
    shown: Shown
    revised: int
    """How often candles of the series were revised: older renderings are not asked for again."""
    block: int = 0


@dataclass(frozen=True, slots=True)
class _Rendered:
    source: SyntheticSource
    key: _Key
    grid: Grid

    def block_of(self, ms: int) -> int:
        return self.grid.block_of(ms)

    def block(self, number: int) -> Block:
        return self.source.render(replace(self.key, block=number), self.grid)


def _revised(opens: Ints, candles: Bars, found: dict[int, int]) -> Bars:
    """Candles with so many trades more, by open time."""
    for open_ms, count in found.items():
        if open_ms in opens:
            more = np.zeros(len(candles), dtype=np.int64)
            more[opens == open_ms] = count
            candles = replace(
                candles,
                trades=candles.trades + more,
                volume=candles.volume + more,
                quote=candles.quote + more * candles.close,
            )
    return candles


def _scaled(
    listing: Listing,
    prices: tuple[int, ...],
    amounts: tuple[int, int, int],
    first_id: int,
    before: int,
) -> Window:
    opened, high, low, close = (price * listing.tick for price in prices)
    volume, quote, trades = amounts
    return Window(
        opened,
        high,
        low,
        close,
        volume * listing.step,
        quote * listing.granule,
        trades,
        first_id,
        before * listing.tick,
    )
