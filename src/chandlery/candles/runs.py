"""Runs: candles that follow each other without a hole; and the holes between them.

A candle's place is where the one before it ends, so that a stretch which stands off the grid
(real data has some, see February 2018) is as whole as any other.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import polars as pl

from chandlery.candles.interval import Interval
from chandlery.candles.span import Span

_FEW: Final = 100
"""Up to so many are compared one by one: an expression on a column would cost more."""


def runs(opens: pl.Series, interval: Interval) -> list[Span]:
    """From the first open time of each run to the end of its last candle, ascending and disjoint.

    `opens` are epoch milliseconds (Int64), strictly ascending.
    """
    if opens.is_empty():
        return []
    last = _last_of_runs(opens, interval)
    firsts = [0, *(place + 1 for place in last)]
    lasts = [*last, len(opens) - 1]
    starts = [int(opens[place]) for place in firsts]
    # A candle cut short by an outage may overlap the one that follows.
    following = [*starts[1:], None]
    ends = [interval.next(int(opens[place])) for place in lasts]
    return [
        Span(start, end if after is None else min(end, after))
        for start, end, after in zip(starts, ends, following, strict=True)
    ]


def holes(opens: pl.Series, within: Span, interval: Interval) -> list[Span]:
    """The stretches of `within` that have a place for a candle, and none of `opens` in it.

    `opens` as in `runs`, all inside `within`. At its edges a stretch that is shorter than a
    candle holds no place.
    """
    if opens.is_empty():
        return [within]
    found: list[Span] = []
    first, last = int(opens[0]), int(opens[-1])
    start = _first_place(first, within.start, interval)
    if start < first:
        found.append(Span(start, first))
    found += [
        Span(interval.next(int(opens[place])), int(opens[place + 1]))
        for place in _last_of_runs(opens, interval)
    ]
    end = interval.next(last)
    if end < within.end:
        found.append(Span(end, within.end))
    return found


def _last_of_runs(opens: pl.Series, interval: Interval) -> list[int]:
    """The indexes of candles after which a place is empty, the very last one left out."""
    if interval.length_ms is not None and len(opens) > _FEW:
        steps = opens[1:] - opens[:-1]
        return (steps > interval.length_ms).arg_true().to_list()
    known = opens.to_list()
    return [
        place
        for place, (open_ms, after) in enumerate(pairwise(known))
        if interval.next(open_ms) < after
    ]


def _first_place(first: int, start: int, interval: Interval) -> int:
    """The first place at or after `start`, on the grid on which the candle at `first` stands."""
    if interval.length_ms is None:
        return min(first, interval.ceil(max(0, start)))
    return first - (first - start) // interval.length_ms * interval.length_ms
