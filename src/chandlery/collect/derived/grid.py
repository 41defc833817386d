"""Chunks: stretches of a grid of larger candles, each of about equally many smaller ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.interval import DAY_MS, HOUR_MS, Interval
from chandlery.candles.span import Span
from chandlery.candles.sums import Sums, risen, summed
from chandlery.clock import ms_to_datetime

CHILDREN: Final = 1 << 15
"""Summed in some 15 ms."""
_MONTHS: Final = 12
_HOUR: Final = Interval.parse("1h")


@dataclass(frozen=True, slots=True)
class Grid:
    """How time is cut: always in the same places, for the same two intervals."""

    child: Interval
    parent: Interval
    anchor_ms: int | None
    """Any open time of 3d candles."""
    children: int = CHILDREN
    """Smaller candles in a chunk, about."""

    @property
    def through(self) -> Grid:
        """By way of which sums they are summed: months of minutes by those of hours.

        So a hole in a month costs a second look at an hour, and the hours of the month that still
        grows need not be summed each time.
        """
        by_hour = self.child.typical_ms < HOUR_MS and self.parent.typical_ms >= DAY_MS
        return Grid(self.child, _HOUR, None, self.children) if by_hour else self

    def sum(self, children: pl.LazyFrame | pl.DataFrame) -> Sums:
        """The larger candles of these, of which a lazy frame is never whole in memory."""
        through = self.through
        sums = summed(children, through.child, through.parent, anchor_ms=through.anchor_ms)
        return self.rise(sums)

    def rise(self, sums: Sums) -> Sums:
        """The larger candles of those that `through` gave."""
        if self.through == self:
            return sums
        return risen(sums, self.child, self.parent, anchor_ms=self.anchor_ms)

    def floor(self, ms: int) -> int:
        """The open time of the larger candle that holds `ms`."""
        return self.parent.floor(ms, anchor_ms=self.anchor_ms)

    def ceil(self, ms: int) -> int:
        """The first open time of a larger candle at or after `ms`."""
        return self.parent.ceil(ms, anchor_ms=self.anchor_ms)

    def chunk(self, ms: int) -> Span:
        """The chunk that holds `ms`."""
        parents = max(1, self.children // (self.parent.typical_ms // self.child.typical_ms))
        if self.parent.length_ms is None:
            return self._months(ms, whole_year=parents >= _MONTHS)
        origin = self.floor(0)
        length = self.parent.length_ms * parents
        start = ms - (ms - origin) % length
        return Span(start, start + length)

    def chunks(self, start: int, end: int) -> list[Span]:
        """Those that hold some of the time from `start` to `end`, ascending."""
        found: list[Span] = []
        while start < end:
            found.append(self.chunk(start))
            start = found[-1].end
        return found

    def _months(self, ms: int, *, whole_year: bool) -> Span:
        start = self.floor(ms)
        if not whole_year:
            return Span(start, self.parent.next(start))
        start = self.parent.back(start, ms_to_datetime(start).month - 1)
        return Span(start, self.parent.back(start, -_MONTHS))
