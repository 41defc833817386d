"""Files written by appending one answer after another, as the first version of the program did.

Each stretch of rows that follow each other was one answer. Its last candle may have been unfinished
when it was written, and stays in doubt unless a later stretch has that candle again, not as its
last. A real outage ends a stretch too: a candle asked once too often does no harm.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import polars as pl

from chandlery.candles.interval import Interval

Order = Literal["ascending", "newest first", "appended", "mixed"]


def order_of(rows: pl.DataFrame) -> Order:
    """How the rows of a file follow each other.

    `appended` are answers put one after another, none of which begins or ends before the one before
    it; only there a later row of the same candle is the newer one.
    """
    opens = rows["open_time"].cast(pl.Int64)
    steps = opens.diff().drop_nulls()
    if (steps > 0).all():
        return "ascending"
    if (steps <= 0).all() and (steps < 0).any():
        return "newest first"
    last = (steps <= 0).arg_true().to_list()
    begins = opens.gather([0, *(place + 1 for place in last)])
    ends = opens.gather([*last, len(opens) - 1])
    return "appended" if begins.is_sorted() and ends.is_sorted() else "mixed"


def ascends(rows: pl.DataFrame) -> bool:
    """Whether the rows ascend by open time without duplicates, so that one answer can be all."""
    opens = rows["open_time"].dt.epoch("ms").to_list()
    return all(before < after for before, after in pairwise(opens))


def doubtful(rows: pl.DataFrame, interval: Interval) -> tuple[int, ...]:
    """The open times, ascending, of candles that may have been unfinished when written."""
    opens = rows["open_time"].dt.epoch("ms").to_list()
    ends = [*(after != interval.next(before) for before, after in pairwise(opens)), True]
    newest_row = dict(zip(opens, ends, strict=False))
    return tuple(sorted(open_ms for open_ms, doubt in newest_row.items() if doubt))


def newest_doubtful(rows: pl.DataFrame, interval: Interval) -> tuple[int, ...]:
    """The same where order tells little: only those newer than all that stands above them."""
    opens = rows["open_time"].cast(pl.Int64)
    newest_so_far = set(opens.filter(opens == opens.cum_max()).to_list())
    return tuple(open_ms for open_ms in doubtful(rows, interval) if open_ms in newest_so_far)
