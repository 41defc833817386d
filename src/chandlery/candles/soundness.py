"""What every candle of a file must be, whoever wrote it."""

from __future__ import annotations

from typing import Final

import polars as pl

from chandlery.candles.binance_rows import LATEST_MS
from chandlery.candles.file_rows import NEEDED
from chandlery.candles.frame import DECIMAL_COLUMNS

EARLIEST_MS: Final = 1_230_768_000_000
"""2009-01-01, before the first coin. An earlier time is in the wrong unit."""

_OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")
_CLOSE_MS: Final = pl.col("close_time").dt.epoch("ms")
_FAULTS: Final[dict[str, pl.Expr]] = {
    "a price, a volume or a time is missing": pl.any_horizontal(
        pl.col(name).is_null() for name in NEEDED
    ),
    "its open time is not between 2009 and 2100": (_OPEN_MS < EARLIEST_MS) | (_OPEN_MS > LATEST_MS),
    "its close time is not between 1970 and 2100": (_CLOSE_MS < 0) | (_CLOSE_MS > LATEST_MS),
    "a number is negative": pl.any_horizontal(
        pl.col(name) < 0 for name in (*DECIMAL_COLUMNS, "trades")
    ),
    "its high is not the highest price": pl.any_horizontal(
        pl.col("high") < pl.col(name) for name in ("open", "low", "close")
    ),
    "its low is not the lowest price": pl.any_horizontal(
        pl.col("low") > pl.col(name) for name in ("open", "close")
    ),
}
"""A close time may be before its open time: the exchange itself has such candles. A file without
close times still holds candles."""
_ANY: Final = [expression.any().alias(why) for why, expression in _FAULTS.items()]


def first_fault(frame: pl.DataFrame) -> tuple[int, str] | None:
    """The first row, from 0, that no candle can be, and why; None when all are sound."""
    if not any(frame.select_seq(_ANY).row(0)):
        return None
    faults = frame.select(
        expression.fill_null(value=False).arg_true().first().alias(why)
        for why, expression in _FAULTS.items()
    ).row(0, named=True)
    found = [(row, why) for why, row in faults.items() if row is not None]
    return min(found, default=None)
