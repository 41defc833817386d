"""Gaps: where a series has no candle although its grid has a place for one."""

from __future__ import annotations

import polars as pl

from chandlery.candles.interval import Interval
from chandlery.candles.span import Span


def gaps(
    open_times: pl.Series, interval: Interval, span: Span, *, anchor_ms: int | None = None
) -> list[Span]:
    """The stretches of `span` in which no grid place of `interval` is taken, ascending.

    `open_times` are `Datetime("ms", "UTC")`. A candle off the grid (real data has some, see
    February 2018) takes no place; how many places a gap has is `places(...)`.
    """
    if interval.length_ms is not None:
        first = interval.ceil(span.start, anchor_ms=anchor_ms)
        return _between(open_times, interval.length_ms, first, span.end)
    missing = _missing(open_times, interval, span, anchor_ms)
    return [Span(start, end) for start, end in _runs(missing, interval)]


def _between(open_times: pl.Series, length_ms: int, first: int, end_ms: int) -> list[Span]:
    """The same where every candle is as long as the other, from the grid place `first` on."""
    opens = open_times.dt.epoch("ms")
    inside = (opens >= first) & (opens < end_ms) & ((opens - first) % length_ms == 0)
    taken = opens if inside.all() else opens.filter(inside)
    # The place before the first and the first one after the end stand for what is outside.
    end = first + -(-max(0, end_ms - first) // length_ms) * length_ms
    edged = pl.concat(
        [pl.Series([first - length_ms], dtype=pl.Int64), taken, pl.Series([end], dtype=pl.Int64)]
    )
    wide = (edged[1:] - edged[:-1] > length_ms).arg_true()
    starts = edged.gather(wide) + length_ms
    ends = edged.gather(wide + 1)
    return [Span(*bounds) for bounds in zip(starts.to_list(), ends.to_list(), strict=True)]


def places(gap: Span, interval: Interval, *, anchor_ms: int | None = None) -> int:
    """How many candles of `interval` the gap has room for."""
    if interval.length_ms is None:
        return interval.grid(gap.start, gap.end).len()
    first = interval.ceil(gap.start, anchor_ms=anchor_ms)
    return max(0, -(-(gap.end - first) // interval.length_ms))


def _missing(
    open_times: pl.Series, interval: Interval, span: Span, anchor_ms: int | None
) -> list[int]:
    grid = interval.grid(span.start, span.end, anchor_ms=anchor_ms)
    absent = grid.filter(~grid.is_in(open_times.implode()))
    return absent.dt.epoch("ms").to_list()


def _runs(missing: list[int], interval: Interval) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for open_ms in missing:
        following = interval.next(open_ms)
        if runs and runs[-1][1] == open_ms:
            runs[-1] = (runs[-1][0], following)
        else:
            runs.append((open_ms, following))
    return runs
