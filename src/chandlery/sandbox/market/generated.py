"""The simulated market: candles of a day, an hour, a minute or a second, of any time.

Every candle depends on the seed and its place in time alone. Asking for a minute makes the block
of minutes around it, from the hours above, from the days above; nothing else is generated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from chandlery.sandbox.market.bars import Bars, Floats
from chandlery.sandbox.market.bounded import Bounded
from chandlery.sandbox.market.days import draw_days
from chandlery.sandbox.market.dice import dice
from chandlery.sandbox.market.listings import BY_SYMBOL, Listing
from chandlery.sandbox.market.refine import Draws, refine
from chandlery.sandbox.market.trading_time import FIRST_MS, LAST_MS, TradingTime, draw_outages

_KEPT_CANDLES: Final = 500_000
_HOUR_OF_DAY: Final = np.array([
    0.95, 0.88, 0.84, 0.72, 0.66, 0.66, 0.72, 0.88, 0.98, 0.96, 0.92, 0.94,
    1.10, 1.36, 1.62, 1.55, 1.42, 1.22, 1.08, 1.02, 1.00, 0.92, 0.84, 0.92,
])  # fmt: skip
"""Activity by UTC hour: quiet while Europe sleeps, busiest when New York opens."""
_MINUTE_OF_HOUR: Final = np.where(np.arange(60) % 15 == 0, 1.18, 1.0) + 0.25 * (np.arange(60) == 0)
_SECOND_OF_MINUTE: Final = np.where(np.arange(60) == 0, 1.35, 1.0)


@dataclass(frozen=True, slots=True)
class Level:
    """One length of generated candles, and how its blocks are made from the level above."""

    name: str
    length_ms: int
    children: int
    parents_in_block: int
    season: Floats
    groups: tuple[int, int]
    """Siblings that share a burst of activity: coarser and finer groups."""
    roughness: float


HOURS: Final = Level("hours", HOUR_MS, 24, 32, _HOUR_OF_DAY, (4, 12), 0.30)
MINUTES: Final = Level("minutes", MINUTE_MS, 60, 48, _MINUTE_OF_HOUR, (4, 12), 0.36)
SECONDS: Final = Level("seconds", SECOND_MS, 60, 60, _SECOND_OF_MINUTE, (6, 20), 0.42)
DAYS: Final = Level("days", DAY_MS, 1, 1, np.ones(1), (1, 1), 0.0)
_ABOVE: Final = {"hours": DAYS, "minutes": HOURS, "seconds": MINUTES}


class Market:
    """The candles of all symbols of one seed, in whole numbers of ticks and steps."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.outages = draw_outages(seed)
        self._trading = {
            name: TradingTime(listing, self.outages) for name, listing in BY_SYMBOL.items()
        }
        self._days: dict[str, Bars] = {}
        self._blocks: Bounded[tuple[str, str, int], Bars] = Bounded(_KEPT_CANDLES, len)

    @property
    def held(self) -> int:
        """How many generated candles are kept in memory, days apart."""
        return self._blocks.total

    def trading(self, symbol: str) -> TradingTime:
        """When the symbol is open for trading."""
        return self._trading[symbol]

    def bars(self, symbol: str, level: Level, start_ms: int, end_ms: int) -> tuple[int, Bars]:
        """Candles that open in `[start_ms, end_ms)`, dead ones too, and the first open time.

        The range is cut to the life of the market.
        """
        start = max(start_ms, FIRST_MS) - FIRST_MS
        end = min(end_ms, LAST_MS) - FIRST_MS
        first, stop = -(-start // level.length_ms), -(-end // level.length_ms)
        return FIRST_MS + first * level.length_ms, self._run(symbol, level, first, stop)

    def _run(self, symbol: str, level: Level, first: int, stop: int) -> Bars:
        if level is DAYS:
            return self._all_days(symbol).rows(slice(first, max(first, stop)))
        size = level.children * level.parents_in_block
        parts = [
            self._block(symbol, level, block).rows(
                slice(max(first - block * size, 0), max(stop - block * size, 0))
            )
            for block in range(first // size, max(first, stop - 1) // size + 1)
        ]
        return Bars.join(parts)

    def _all_days(self, symbol: str) -> Bars:
        if symbol not in self._days:
            listing = BY_SYMBOL[symbol]
            self._days[symbol] = draw_days(self.seed, listing, self._trading[symbol])
        return self._days[symbol]

    def _block(self, symbol: str, level: Level, block: int) -> Bars:
        key = (symbol, level.name, block)
        return self._blocks.get(key, lambda: self._draw_block(symbol, level, block))

    def _draw_block(self, symbol: str, level: Level, block: int) -> Bars:
        above = _ABOVE[level.name]
        first = block * level.parents_in_block
        parents = self._run(symbol, above, max(first - 1, 0), first + level.parents_in_block)
        before = np.concatenate([parents.open[:1], parents.close[:-1]])
        if first:
            parents, before = parents.rows(slice(1, None)), before[1:]
        shape = (len(parents), level.children)
        start = FIRST_MS + first * above.length_ms
        edges = start + level.length_ms * np.arange(shape[0] * shape[1] + 1, dtype=np.int64)
        open_share = (self._trading[symbol].open_ms(edges) / level.length_ms).reshape(shape)
        draws = self._draws(BY_SYMBOL[symbol], level, block, shape)
        return refine(parents, before, open_share, draws, first_trades_at_last=level is HOURS)

    def _draws(self, listing: Listing, level: Level, block: int, shape: tuple[int, int]) -> Draws:
        """Steps and bursts are shared in part with the whole market, so that symbols move alike."""
        own = dice(self.seed, f"{listing.symbol} {level.name}", block)
        market = dice(self.seed, f"market {level.name}", block)
        bursts = 0.7 * _bursts(market, level, shape) + 0.7 * _bursts(own, level, shape)
        shared = listing.beta * market.standard_normal(shape)
        walk = shared + np.sqrt(1 - listing.beta**2) * own.standard_normal(shape)
        up, down, taken = own.random((3, *shape)) + 1e-12
        lots = own.standard_normal(shape)
        activity = np.log(level.season) + bursts
        return Draws(activity, walk, up, down, lots, taken, own.random(shape[0]))


def _bursts(die: np.random.Generator, level: Level, shape: tuple[int, int]) -> Floats:
    """A multiplicative cascade: bursts inside bursts, which is what clusters look like."""
    parents, children = shape
    rough = die.standard_normal(shape)
    for groups in level.groups:
        coarse = die.standard_normal((parents, groups))
        rough += np.repeat(coarse, children // groups, axis=1)
    return level.roughness * rough
