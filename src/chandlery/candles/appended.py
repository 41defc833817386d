"""Files written by appending one answer after another, as the first version of the program did.

Each stretch of rows that follow each other was one answer. Its last candle may have been unfinished
when it was written, and stays in doubt unless a later stretch has that candle again, not as its
last. A real outage ends a stretch too: a candle asked once too often does no harm.
"""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from chandlery.candles.interval import Interval


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
