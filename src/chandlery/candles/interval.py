"""The sixteen intervals, where their candles open, and where they close."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from chandlery.errors import UnknownInterval

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
MONDAY_MS: Final = 4 * DAY_MS
"""1970-01-05, the first Monday of the epoch, on which the weekly grid stands."""


@dataclass(frozen=True, slots=True, order=False)
class Interval:
    """One candle length, such as `1h`; make it with `Interval.parse`.

    A month has no fixed length: its `length_ms` is None. The opens of 3d candles count from the
    symbol's own first day, so `anchor_ms` (any known open) is needed wherever a 3d grid is asked
    for; other intervals ignore it.
    """

    text: str
    length_ms: int | None

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read an interval in Binance's spelling. Raises `UnknownInterval`."""
        try:
            return _KNOWN[text]
        except KeyError:
            raise UnknownInterval(text, _KNOWN) from None

    def __str__(self) -> str:
        return self.text

    @property
    def slug(self) -> str:
        """The spelling for file names, where `1M` and `1m` would collide: `1mo`."""
        return "1mo" if self.text == "1M" else self.text

    @property
    def typical_ms(self) -> int:
        """The length in milliseconds; for a month, of its longest form."""
        return self.length_ms if self.length_ms is not None else 31 * DAY_MS

    def floor(self, ms: int, *, anchor_ms: int | None = None) -> int:
        """The open time of the candle that holds `ms`."""
        if self.length_ms is None:
            day = datetime.fromtimestamp(ms // 1000, UTC)
            return _month_ms(day.year, day.month)
        anchor = self._grid_anchor(anchor_ms)
        return ms - (ms - anchor) % self.length_ms

    def ceil(self, ms: int, *, anchor_ms: int | None = None) -> int:
        """The first open time at or after `ms`."""
        floor = self.floor(ms, anchor_ms=anchor_ms)
        return floor if floor == ms else self.next(floor)

    def next(self, open_ms: int) -> int:
        """The open time of the candle after the one that opens at `open_ms`."""
        if self.length_ms is not None:
            return open_ms + self.length_ms
        day = datetime.fromtimestamp(open_ms // 1000, UTC)
        return _month_ms(day.year + day.month // 12, day.month % 12 + 1)

    def close(self, open_ms: int) -> int:
        """The close time of the candle that opens at `open_ms`: the last millisecond in it."""
        return self.next(open_ms) - 1

    def back(self, open_ms: int, count: int) -> int:
        """The open time `count` candles before the one that opens at `open_ms`."""
        if self.length_ms is not None:
            return open_ms - count * self.length_ms
        day = datetime.fromtimestamp(open_ms // 1000, UTC)
        months = day.year * 12 + day.month - 1 - count
        return _month_ms(months // 12, months % 12 + 1)

    def grid(self, start_ms: int, end_ms: int, *, anchor_ms: int | None = None) -> pl.Series:
        """Every open time in `[start_ms, end_ms)`, as `Datetime("ms", "UTC")`."""
        first = self.ceil(start_ms, anchor_ms=anchor_ms)
        if self.length_ms is not None:
            opens = pl.int_range(first, end_ms, self.length_ms, eager=True, dtype=pl.Int64)
        else:
            months = []
            while first < end_ms:
                months.append(first)
                first = self.next(first)
            opens = pl.Series(months, dtype=pl.Int64)
        return opens.cast(pl.Datetime("ms", "UTC")).alias("open_time")

    def floor_expr(self, column: pl.Expr, *, anchor_ms: int | None = None) -> pl.Expr:
        """`floor` for a whole column of open times."""
        if self.length_ms is None:
            return column.dt.truncate("1mo")
        anchor = self._grid_anchor(anchor_ms)
        ms = column.dt.epoch("ms")
        return (ms - (ms - anchor) % self.length_ms).cast(pl.Datetime("ms", "UTC"))

    def _grid_anchor(self, anchor_ms: int | None) -> int:
        if self.text == "1w":
            return MONDAY_MS
        if self.text == "3d":
            if anchor_ms is None:
                msg = "The grid of 3d candles stands on the symbol's first day: pass anchor_ms."
                raise ValueError(msg)
            return anchor_ms - anchor_ms % DAY_MS
        return 0


def _month_ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000


_UNITS: Final = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS, "M": None}


def _interval(text: str) -> Interval:
    found = re.fullmatch(r"(\d+)([smhdwM])", text)
    assert found is not None  # noqa: S101  a typo in the table below, not in user input
    unit = _UNITS[found[2]]
    return Interval(text, None if unit is None else int(found[1]) * unit)


_TEXTS: Final = (
    *("1s", "1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h"),
    *("1d", "3d", "1w", "1M"),
)
_KNOWN: Final = {text: _interval(text) for text in _TEXTS}

INTERVALS: Final[tuple[Interval, ...]] = tuple(_KNOWN.values())
"""All sixteen, shortest first."""
