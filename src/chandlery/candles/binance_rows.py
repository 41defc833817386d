"""Candles in Binance's own forms: JSON rows and twelve-column CSV, both ways and exactly.

Text goes straight to decimals. Times are milliseconds or microseconds, decided per value: the
archive switched to microseconds in 2025, and files of both kinds get joined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from chandlery.candles.frame import DECIMAL, DECIMAL_COLUMNS, SCHEMA, TIME, checked, empty
from chandlery.errors import BadCandles, shown

ROW_LENGTH: Final = 12
MICROSECONDS_FROM: Final = 10**14
"""Integers from here on are microseconds: as milliseconds they would lie after the year 5138."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01. A later time is no market data but a wrong unit or a wrong column."""

_LATEST: Final = LATEST_MS * 1000
"""The same in microseconds, and more trades than any candle has."""

EXACT_DECIMAL: Final = r"^[0-9]{1,30}(\.[0-9]{0,8}0*)?$"
"""What fits DECIMAL(38, 8) without rounding. No sign: prices and volumes are not negative."""
_EXACT: Final = re.compile(EXACT_DECIMAL)


def parse_rows(rows: Sequence[Sequence[object]]) -> pl.DataFrame:
    """Candles from Binance's JSON rows, in the order given.

    Raises `BadCandles` that names the row and what is wrong with it: length, type, a number that
    cannot be kept exactly, an impossible time, or rows that do not ascend.
    """
    if not rows:
        return empty()
    try:
        columns = list(zip(*rows, strict=True))
    except (TypeError, ValueError):
        raise _first_bad_row(rows) from None
    if len(columns) != ROW_LENGTH or not all(map(_typed, columns, _ROW_TYPES)):
        raise _first_bad_row(rows)
    named = dict(zip(SCHEMA, columns, strict=False))
    if not all(_in_range(named[name]) for name in _WHOLE):
        raise _first_bad_row(rows)
    table = pl.DataFrame(named, schema=_TEXT_SCHEMA)
    if not pl.concat([table[name] for name in DECIMAL_COLUMNS]).str.contains(EXACT_DECIMAL).all():
        raise _first_bad_row(rows)
    return checked(_typed_frame(table))


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of text decimals and integer times brought to `SCHEMA`; order is left as it is.

    Raises `BadCandles` naming the first row whose numbers cannot be kept exactly.
    """
    wrong = pl.any_horizontal(~pl.col(DECIMAL_COLUMNS).str.contains(EXACT_DECIMAL))
    late = pl.any_horizontal(_in_ms(name) >= LATEST_MS for name in ("open_time", "close_time"))
    bad = frame.with_row_index("row").filter((wrong | late).fill_null(value=False))
    if bad.height:
        row = bad.row(0, named=True)
        number = int(row.pop("row"))
        raise BadCandles(f"row {number + 1} cannot be kept exactly: {row}", row=number)
    return _typed_frame(frame)


def rows(frame: pl.DataFrame) -> list[list[int | str]]:
    """Binance's JSON rows of twelve elements: integers, decimal text, and `"0"` at the end."""
    return [list(row) for row in _as_written(frame).iter_rows()]


def csv_text(frame: pl.DataFrame) -> str:
    """Twelve comma-separated columns in Binance's order, without header, one line per candle."""
    return _as_written(frame).write_csv(include_header=False)


_TEXT_SCHEMA: Final[dict[str, pl.DataType]] = {
    name: pl.String() if dtype == DECIMAL else pl.Int64() for name, dtype in SCHEMA.items()
}
_WHOLE: Final = tuple(name for name in SCHEMA if name not in DECIMAL_COLUMNS)
_ROW_TYPES: Final = (*(str if name in DECIMAL_COLUMNS else int for name in SCHEMA), str)


def _in_range(values: Sequence[int]) -> bool:
    return min(values) >= 0 and max(values) < _LATEST


def _typed(values: Sequence[object], expected: type) -> bool:
    return set(map(type, values)) == {expected}


def _first_bad_row(rows: Sequence[object]) -> BadCandles:
    for number, row in enumerate(rows, start=1):
        fault = _fault(row)
        if fault:
            return BadCandles(f"row {number}: {fault}: {shown(row, 300)}")
    return BadCandles("rows of different lengths")


def _fault(row: object) -> str | None:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != ROW_LENGTH:
        return f"a candle has {ROW_LENGTH} elements"
    for name, value, expected in zip((*SCHEMA, "ignore"), row, _ROW_TYPES, strict=True):
        if type(value) is not expected:
            return f"{name} should be {'text' if expected is str else 'a whole number'}"
        if isinstance(value, str) and name in DECIMAL_COLUMNS and not _EXACT.fullmatch(value):
            return f"{name} is not a decimal of at most 30 + 8 digits"
        if isinstance(value, int) and not 0 <= value < _LATEST:
            return f"{name} is out of range"
    return None


def _in_ms(name: str) -> pl.Expr:
    value = pl.col(name)
    return pl.when(value >= MICROSECONDS_FROM).then(value // 1000).otherwise(value)


def _typed_frame(frame: pl.DataFrame) -> pl.DataFrame:
    # Column by column: on a page, expressions on the frame cost more than the casts themselves.
    return pl.DataFrame([_typed_column(frame[name], dtype) for name, dtype in SCHEMA.items()])


def _typed_column(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    return (_checked_ms(column) if dtype == TIME else column).cast(dtype)


def _checked_ms(times: pl.Series) -> pl.Series:
    if _latest(times) >= MICROSECONDS_FROM:
        times = times.to_frame().select(_in_ms(times.name)).to_series()
    latest = _latest(times)
    if latest >= LATEST_MS:
        msg = f"{times.name} {latest} lies after the year 2099"
        raise BadCandles(msg)
    return times


def _latest(times: pl.Series) -> int:
    latest = times.max()
    return latest if isinstance(latest, int) else 0


def _as_written(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        *(
            pl.col(name).dt.epoch("ms")
            if dtype == TIME
            else pl.col(name).cast(pl.String if dtype == DECIMAL else pl.Int64)
            for name, dtype in SCHEMA.items()
        ),
        pl.lit("0").alias("ignore"),
    )
