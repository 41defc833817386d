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
    missing = _missing(open_times, interval, span, anchor_ms)
    found: list[Span] = []
    for start, end in _runs(missing, interval):
        found.append(Span(start, end))
    return found


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
