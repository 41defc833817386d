"""Market caps over time: which moments to look at, and what changed between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise
from operator import attrgetter

from chandlery.candles.interval import HOUR_MS
from chandlery.store import PastCap, PastPlace


@dataclass(frozen=True, slots=True)
class CoinPast:
    """Market caps of one coin at the times of a `MarketPast`; None where it was not among those."""

    id: str
    symbol: str
    name: str
    caps: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class MarketPast:
    """The biggest coins over time, biggest at the end first."""

    times: tuple[int, ...]
    coins: tuple[CoinPast, ...]
    others: tuple[Decimal | None, ...]
    """The sum of all other coins that were kept at that time; None where there were none."""
    kept: tuple[int, ...]
    """How many coins were kept at each time, those named in `coins` among them."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A coin that entered or left, and its rank afterwards; None when it is not kept any more."""

    id: str
    name: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """Who entered and who left the top between two looks; `taken_ms` is the later one."""

    taken_ms: int
    entered: tuple[Mover, ...]
    left: tuple[Mover, ...]


def picked(times: Sequence[int], points: int) -> list[int]:
    """At most `points` of `times`, spread evenly over the time itself; the ends are among them."""
    if len(times) <= points:
        return list(times)
    first, last = times[0], times[-1]
    width = (last - first) / (points - 1)
    # One bucket per point, centred on it: the first and the last are half as wide.
    buckets = {round((one - first) / width): one for one in times}
    return [first, *[one for bucket, one in buckets.items() if bucket > 0]]


def hourly(times: Iterable[int]) -> list[int]:
    """The first of `times` in each hour: a coin at the edge must not make a line a minute."""
    return [next(group) for _, group in groupby(times, lambda one: one // HOUR_MS)]


def past_of(rows: Iterable[PastCap], top: int) -> MarketPast:
    """The market caps of the `top` coins that are biggest at the end, and the rest summed up."""
    snapshots = [(taken, list(group)) for taken, group in groupby(rows, attrgetter("taken_ms"))]
    if not snapshots:
        return MarketPast((), (), (), ())
    named = snapshots[-1][1][:top]
    ids = {coin.id for coin in named}
    caps = [{coin.id: coin.market_cap for coin in coins} for _, coins in snapshots]
    return MarketPast(
        tuple(taken for taken, _ in snapshots),
        tuple(
            CoinPast(coin.id, coin.symbol, coin.name, tuple(each.get(coin.id) for each in caps))
            for coin in named
        ),
        tuple(total(cap for key, cap in each.items() if key not in ids) for each in caps),
        tuple(len(each) for each in caps),
    )


def total(caps: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of those that are known; None when none is."""
    known = [cap for cap in caps if cap is not None]
    return sum(known, Decimal(0)) if known else None


def changes_of(rows: Iterable[PastPlace], top: int) -> Iterator[Change]:
    """Every change of the `top`, oldest first; `rows` have the top. Who left has no rank yet."""
    looks = ((taken, list(group)) for taken, group in groupby(rows, attrgetter("taken_ms")))
    for (_, before), (taken, after) in pairwise(looks):
        # A snapshot of fewer coins tells nothing of those that it lacks.
        if len(before) < top or len(after) < top:
            continue
        entered, left = _without(after, before), _without(before, after)
        if entered:
            yield Change(
                taken,
                tuple(Mover(row.id, row.name, row.place + 1) for row in entered),
                tuple(Mover(row.id, row.name, None) for row in left),
            )


def ranked(change: Change, ranks: Mapping[tuple[int, str], int]) -> Change:
    """The change with the rank of those who left, by time and coin id, where it is known."""
    left = tuple(replace(one, rank=ranks.get((change.taken_ms, one.id))) for one in change.left)
    return replace(change, left=left)


def _without(rows: list[PastPlace], others: list[PastPlace]) -> list[PastPlace]:
    ids = {row.id for row in others}
    return [row for row in rows if row.id not in ids]
