"""Where candles open and close, for every interval, time zone and symbol; and in which block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from chandlery.candles.interval import DAY_MS, HOUR_MS, MONDAY_MS, Interval
from chandlery.candles.span import Span
from chandlery.sandbox.market.bars import Ints
from chandlery.sandbox.market.generated import DAYS, HOURS, MINUTES, SECONDS, Level

_ROWS: Final = {
    "1s": 1800, "1m": 1440, "3m": 960, "5m": 1152, "15m": 768, "30m": 768, "1h": 768, "2h": 768,
    "4h": 768, "6h": 512, "8h": 384, "12h": 512, "1d": 512, "3d": 170, "1w": 128, "1M": 24,
}  # fmt: skip
"""Candles in one block: about a thousand, but never many blocks of the level below."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The candles of one interval in the time zone `zone_ms` east of UTC.

    `anchor_ms` is the symbol's listing: 3d candles count from its first day.
    """

    interval: Interval
    anchor_ms: int
    zone_ms: int = 0

    def floor(self, ms: int) -> int:
        """The open time of the candle that holds `ms`."""
        local_anchor = self.anchor_ms + self.zone_ms
        return self.interval.floor(ms + self.zone_ms, anchor_ms=local_anchor) - self.zone_ms

    def next(self, open_ms: int) -> int:
        """The open time of the candle after that."""
        return self.interval.next(open_ms + self.zone_ms) - self.zone_ms

    def block_of(self, ms: int) -> int:
        """The number of the block that holds the candle of `ms`."""
        if self.interval.length_ms is None:
            return _month_number(ms + self.zone_ms) // self._rows()
        length = self.interval.length_ms
        return (ms - self._origin()) // (length * self._rows())

    def edges(self, block: int) -> Ints:
        """The open times of a block, and the one after its last."""
        rows = self._rows()
        if self.interval.length_ms is None:
            first = block * rows
            months = np.arange(first, first + rows + 1).astype("datetime64[M]")
            return months.astype("datetime64[ms]").astype(np.int64) - self.zone_ms
        length = self.interval.length_ms
        first = self._origin() + block * rows * length
        return first + length * np.arange(rows + 1, dtype=np.int64)

    def edges_within(self, span: Span) -> Ints:
        """The open times in a span, and the one after its last. One edge alone is no candle."""
        floor = self.floor(span.start)
        first = floor if floor == span.start else self.next(floor)
        if self.interval.length_ms is not None:
            length = self.interval.length_ms
            count = max(0, -(-(span.end - first) // length))
            return first + length * np.arange(count + 1, dtype=np.int64)
        edges = [first]
        while edges[-1] < span.end:
            edges.append(self.next(edges[-1]))
        return np.array(edges, dtype=np.int64)

    def level(self) -> Level:
        """The coarsest generated candles from which these can be summed."""
        length = self.interval.typical_ms
        if length >= DAY_MS and self.zone_ms % DAY_MS == 0:
            return DAYS
        if length >= HOUR_MS and self.zone_ms % HOUR_MS == 0:
            return HOURS
        return SECONDS if self.interval.text == "1s" else MINUTES

    def _rows(self) -> int:
        """Zones off the hour need minutes even for months, so their blocks are small."""
        rows = _ROWS[self.interval.text]
        return max(1, rows // 16) if self.zone_ms % HOUR_MS else rows

    def _origin(self) -> int:
        if self.interval.text == "1w":
            return MONDAY_MS - self.zone_ms
        if self.interval.text == "3d":
            return self.floor(self.anchor_ms)
        return -self.zone_ms


@lru_cache(maxsize=4096)
def _month_number(ms: int) -> int:
    return int(np.datetime64(ms, "ms").astype("datetime64[M]").astype(np.int64))
