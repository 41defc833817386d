"""One level finer: candles split into children that sum exactly to them.

Days become hours, hours minutes, minutes seconds, by one procedure:

1. The trades of the parent fall on children by their activity; children without any stay flat.
2. The price walks through the active children from the parent's open to its close.
3. One child is chosen to reach the parent's high and one its low; all others are bent to fit.
4. Volumes are split so that the average price of the parent comes out, then quotes and taker parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from chandlery.sandbox.market.allot import allot, sample, tilt
from chandlery.sandbox.market.bars import Bars, Flags, Floats, Ints

_TYPICAL_RANGE: Final = 1.67
"""Expected range of a random walk in units of its standard deviation."""
_ATTENTION: Final = 0.45
"""Large moves draw trades: what one standard deviation adds to the logarithm of activity."""
_LIVELY: Final = 1000
_BESIDE: Final = 0.2
"""How often the first trade is a tick above, or below, where it would be."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The randomness of one block: P parents with K children each; all arrays are (P, K)."""

    activity: Floats
    """Logarithm of a child's activity against its siblings'."""
    walk: Floats
    """Standard normal steps of the price."""
    up: Floats
    down: Floats
    """Uniform: how far wicks reach."""
    lots: Floats
    """Standard normal: noise of the volume."""
    taken: Floats
    """Uniform: share of taker buys."""
    offset: Floats
    """Uniform (P): where rare trades fall."""


@dataclass(frozen=True, slots=True)
class _Roles:
    """Which children carry the four prices of their parent, and how many trades that leaves."""

    counts: Ints
    active: Flags
    first: Flags
    last: Flags
    at_high: Flags
    at_low: Flags
    opens_fixed: Flags
    free: Ints


def refine(
    parents: Bars, before: Ints, open_share: Floats, draws: Draws, *, first_trades_at_last: bool
) -> Bars:
    """Split each parent (P) into K children; returns P * K candles in one dimension.

    `before` (P) is the close before each parent, `open_share` (P, K) the share of each child in
    which the exchange traded. With `first_trades_at_last` a child's first trade is at the last
    price, so that it opens at the close before; it holds for hours, which open without a jump.
    """
    activity = np.exp(draws.activity) * open_share
    busy = activity * np.exp(_ATTENTION * np.abs(draws.walk))
    counts = _counts(parents, before, busy, open_share, draws.offset)
    if first_trades_at_last:
        _give_last_two(counts)
    walk = _Walk.through(parents, counts, activity, draws)
    roles = _roles(parents, counts, walk, first_trades_at_last=first_trades_at_last)
    close = _closes(parents, roles, walk, before)
    previous = np.concatenate([before[:, None], close[:, :-1]], axis=1)
    open_ = _opens(parents, roles, close, previous, draws.taken)
    high, low = _wicks(parents, roles, walk, np.maximum(open_, close), np.minimum(open_, close))
    volume = _volumes(parents, counts, busy, (high, low), draws.lots)
    quote = _quotes(parents, volume, high, low)
    taker, taker_quote = _taken(parents, volume, quote, high - low, draws.taken)
    alive = open_share > 0
    return Bars(open_, high, low, close, volume, quote, counts, taker, taker_quote, alive).flat()


def _counts(
    parents: Bars, before: Ints, activity: Floats, open_share: Floats, offset: Floats
) -> Ints:
    """Trades of each child. A parent that opens with a jump has its first trade at once."""
    counts = sample(parents.trades, activity, offset)
    row = np.arange(len(parents))
    jumped = (parents.open != before) & (parents.trades > 0)
    door = np.argmax(open_share > 0, axis=1)
    late = row[jumped & (counts[row, door] == 0)]
    counts[late, np.argmax(counts[late] > 0, axis=1)] -= 1
    counts[late, door[late]] += 1
    return counts


def _give_last_two(counts: Ints) -> None:
    """The last trading child needs a trade to open at the last price and one to close."""
    row = np.arange(len(counts))
    last = counts.shape[1] - 1 - np.argmax(counts[:, ::-1] > 0, axis=1)
    busiest = np.argmax(counts, axis=1)
    short = row[(counts[row, last] == 1) & (counts[row, busiest] > 1)]
    counts[short, busiest[short]] -= 1
    counts[short, last[short]] += 1


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where the price of each child ends and how far it strays, in ticks, inside the parent."""

    close: Floats
    high: Floats
    low: Floats

    @classmethod
    def through(cls, parents: Bars, counts: Ints, activity: Floats, draws: Draws) -> _Walk:
        opened, closed = np.log(parents.open)[:, None], np.log(parents.close)[:, None]
        top, bottom = np.log(parents.high)[:, None], np.log(parents.low)[:, None]
        weight = np.where(counts > 0, activity, 0.0)
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
        sigma = np.sqrt(weight) * np.maximum((top - bottom) / _TYPICAL_RANGE, 1e-9)
        steps = sigma * draws.walk
        steps += weight * (closed - opened - steps.sum(axis=1, keepdims=True))
        steps += _hump(parents, opened + np.cumsum(steps, axis=1) - steps / 2, weight)
        path = opened + np.cumsum(steps, axis=1)
        start = path - steps
        middle, gap, reach = (path + start) / 2, steps**2, -2 * sigma**2
        highest = middle + np.sqrt(gap + reach * np.log(draws.up)) / 2
        lowest = middle - np.sqrt(gap + reach * np.log(draws.down)) / 2
        bend = _Bend.of(opened, closed, top, bottom, highest, lowest)
        return cls(bend(path), bend(highest), bend(lowest))


def _hump(parents: Bars, middles: Floats, weight: Floats) -> Floats:
    """Steps, summing to nothing, that lift or lower a walk to about the parent's average price.

    Without them the volumes alone would have to bring the average about, which piles them up at
    both ends of every parent, where walks are at their extremes.
    """
    average = np.log(np.maximum(parents.quote / np.maximum(parents.volume, 1), 1.0))[:, None]
    elapsed = np.cumsum(weight, axis=1)
    shape = elapsed * (1 - elapsed)
    usual = np.maximum((weight * shape).sum(axis=1, keepdims=True), 1e-9)
    missing = np.where(parents.trades > 1, 1.0, 0.0)[:, None] * (
        average - (weight * middles).sum(axis=1, keepdims=True)
    )
    return np.diff(missing / usual * shape, axis=1, prepend=0.0)


@dataclass(frozen=True, slots=True)
class _Bend:
    """A monotone map that sends the extremes of a walk to the high and low wanted."""

    above: Floats
    below: Floats
    up: Floats
    down: Floats

    @classmethod
    def of(  # noqa: PLR0913, PLR0917  six bounds of one picture
        cls, opened: Floats, closed: Floats, top: Floats, bottom: Floats, hi: Floats, lo: Floats
    ) -> _Bend:
        above, below = np.maximum(opened, closed), np.minimum(opened, closed)
        rise = np.maximum(hi.max(axis=1, keepdims=True) - above, 1e-12)
        fall = np.maximum(below - lo.min(axis=1, keepdims=True), 1e-12)
        return cls(above, below, (top - above) / rise, (below - bottom) / fall)

    def __call__(self, log_price: Floats) -> Floats:
        over = np.maximum(log_price - self.above, 0.0)
        under = np.maximum(self.below - log_price, 0.0)
        inside = np.clip(log_price, self.below, self.above)
        return np.exp(inside + over * self.up - under * self.down)


def _roles(parents: Bars, counts: Ints, walk: _Walk, *, first_trades_at_last: bool) -> _Roles:
    active = counts > 0
    first = active & (np.cumsum(active, axis=1) == 1)
    last = active & (np.cumsum(active[:, ::-1], axis=1)[:, ::-1] == 1)
    opens_fixed = active if first_trades_at_last else first
    free = counts - opens_fixed - (last & ~(opens_fixed & (counts == 1)))
    at_high = _host(walk.high, free, parents.high > np.maximum(parents.open, parents.close))
    free = free - at_high
    at_low = _host(-walk.low, free, parents.low < np.minimum(parents.open, parents.close))
    free = free - at_low
    return _Roles(counts, active, first, last, at_high, at_low, opens_fixed, free)


def _host(reach: Floats, free: Ints, needed: Flags) -> Flags:
    """The child that reaches furthest, among those with a trade to spare for it."""
    chosen = np.zeros(reach.shape, dtype=np.bool_)
    best = np.argmax(np.where(free > 0, reach, -np.inf), axis=1)
    chosen[np.arange(len(best)), best] = needed
    return chosen


def _closes(parents: Bars, roles: _Roles, walk: _Walk, before: Ints) -> Ints:
    high, low = parents.high[:, None], parents.low[:, None]
    close = np.clip(np.rint(walk.close).astype(np.int64), low, high)
    opening = np.where(roles.first, parents.open[:, None], -1)
    forced = np.where(roles.at_low, low, np.where(roles.at_high, high, opening))
    close = np.where(roles.free > 0, close, forced)
    close = np.where(roles.last, parents.close[:, None], close)
    known = roles.active & (close >= 0)
    return _carried(close, known, before)


def _carried(values: Ints, known: Flags, before: Ints) -> Ints:
    """Fill unknown children with the last known value, or with what was before."""
    places = np.where(known, np.arange(values.shape[1]), -1)
    places = np.maximum.accumulate(places, axis=1)
    found = np.take_along_axis(values, np.maximum(places, 0), axis=1)
    return np.where(places >= 0, found, before[:, None])


def _opens(parents: Bars, roles: _Roles, close: Ints, previous: Ints, jitter: Floats) -> Ints:
    """The first trade of a child lies one trade's worth of the way to its close."""
    counts = np.maximum(roles.counts, 1)
    part = np.where(roles.opens_fixed, 0.0, 1 / counts)
    open_ = previous + np.rint((close - previous) * part).astype(np.int64)
    low_bits, lower_bits = jitter * 1024 % 1, jitter * 4096 % 1
    beside = (low_bits < _BESIDE).astype(np.int64) - (lower_bits < _BESIDE)
    lively = roles.counts > _LIVELY
    high, low = parents.high[:, None], parents.low[:, None]
    open_ = np.where(lively, np.clip(open_ + beside, low, high), open_)
    cramped = roles.free + roles.last < 2  # noqa: PLR2004  one trade to open, one to close
    extreme = np.where(roles.at_high, high, low)
    hosts = (roles.at_high | roles.at_low) & ~roles.opens_fixed
    open_ = np.where(hosts & cramped, extreme, open_)
    open_ = np.where(roles.first, parents.open[:, None], open_)
    return np.where(roles.active, open_, close)


def _wicks(parents: Bars, roles: _Roles, walk: _Walk, top: Ints, bottom: Ints) -> tuple[Ints, Ints]:
    high, low = parents.high[:, None], parents.low[:, None]
    roomy = roles.free >= 4  # noqa: PLR2004  open, high, low and close
    up = np.clip(np.rint(walk.high).astype(np.int64), top, high)
    down = np.clip(np.rint(walk.low).astype(np.int64), low, bottom)
    highs = np.where(roles.at_high, high, np.where(roomy, up, top))
    lows = np.where(roles.at_low, low, np.where(roomy, down, bottom))
    return highs, lows


def _volumes(
    parents: Bars, counts: Ints, activity: Floats, reach: tuple[Ints, Ints], noise: Floats
) -> Ints:
    """At least one step a trade; the rest so that the parent's average price comes out."""
    high, low = reach
    floor = parents.low[:, None]
    spread = np.maximum(parents.high - parents.low, 1)[:, None]
    places = ((high + low) / 2 - floor) / spread
    spare = parents.volume - parents.trades
    weights = np.where(counts > 0, activity**0.2 * counts**0.8 * np.exp(0.35 * noise), 0.0)
    wanted = (parents.quote - parents.volume * parents.low) / spread[:, 0]
    rest = (wanted - (counts * places).sum(axis=1)) / np.maximum(spare, 1)
    weights = tilt(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300), places, rest)
    return counts + allot(spare, weights)


def _quotes(parents: Bars, volume: Ints, high: Ints, low: Ints) -> Ints:
    """Every child between its low and its high, all at the same share of the way."""
    least = low * volume
    room = (high - low) * volume
    weights = room.astype(np.float64)
    nowhere = room.sum(axis=1) == 0
    weights[nowhere] = volume[nowhere] == volume[nowhere].max(axis=1, keepdims=True)
    return least + allot(parents.quote - least.sum(axis=1), weights)


def _taken(
    parents: Bars, volume: Ints, quote: Ints, spread: Ints, uniform: Floats
) -> tuple[Ints, Ints]:
    """Taker buys: shares around the parent's own, never more than the child's volume."""
    whole = np.maximum(parents.volume, 1)
    share = parents.taker_volume / whole
    average = (volume * uniform).sum(axis=1) / whole
    lean = 0.98 * np.minimum(share, 1 - share)[:, None] * (uniform - average[:, None])
    taker = allot(parents.taker_volume, volume * (share[:, None] + lean))
    return taker, _taken_quote(parents, taker / np.maximum(volume, 1), quote, spread)


def _taken_quote(parents: Bars, part: Floats, quote: Ints, spread: Ints) -> Ints:
    """The same part of the quote, nudged to the parent's sum where the price leaves room for it."""
    rough = np.rint(quote * part).astype(np.int64)
    missing = parents.taker_quote - rough.sum(axis=1)
    room = np.where(missing[:, None] >= 0, quote - rough, rough)
    give = quote * part * (1 - part) * (spread + 1e-6)
    whole = np.maximum(give.sum(axis=1), 1e-300)
    cramped = (np.abs(missing)[:, None] * give > room * whole[:, None]).any(axis=1)
    cramped |= ~give.any(axis=1)
    give[cramped] = room[cramped]
    return rough + allot(missing, give)
