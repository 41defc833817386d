"""From columns of text to candles, exactly or not at all, whatever file the text comes from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import MICROSECONDS_FROM, typed
from chandlery.candles.file_rows import ROWS, FileRows, Places
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA, TIME
from chandlery.candles.soundness import first_fault
from chandlery.errors import BadCandles, BadFile

_UNREADABLE: Final = "a value cannot be read or kept exactly"
_TIME_FORMATS: Final = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d")
_POWER: Final = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
_WHOLE: Final = tuple(name for name, dtype in SCHEMA.items() if not dtype.is_decimal())


def candles_of(
    table: pl.DataFrame,
    name: str,
    *,
    places: Places = ROWS,
    header: tuple[str, ...] | None = None,
) -> FileRows:
    """The rows of `table`, whose columns are text and have our names; empty text is null.

    Times are milliseconds, microseconds or ISO 8601 text (UTC where it names no zone). Raises
    `BadFile` with the first row that is no candle.
    """
    table = table.select([column for column in SCHEMA if column in table.columns])
    lacking = tuple(column for column in SCHEMA if column not in table.columns)
    numbers = _numbers(table)
    _refuse_unreadable(table, numbers, name, places)
    numbers = numbers.with_columns(
        pl.lit(None, pl.Int64 if column in _WHOLE else pl.String).alias(column)
        for column in lacking
    )
    try:
        frame = typed(numbers)
    except BadCandles as error:
        if error.row is None:
            raise BadFile(name, f"{error}.") from error
        raise bad_row(name, places, error.row, _UNREADABLE, table) from error
    refuse_unsound(frame, name, places, table)
    return FileRows(
        frame,
        places,
        lacking,
        header,
        whole_seconds=_whole_seconds(table),
        microseconds=bool((numbers["open_time"] >= MICROSECONDS_FROM).any()),
    )


def refuse_unsound(
    frame: pl.DataFrame, name: str, places: Places = ROWS, table: pl.DataFrame | None = None
) -> None:
    """Raises `BadFile` with the first row that no candle can be; `table` has it as written."""
    fault = first_fault(frame)
    if fault is not None:
        row, why = fault
        raise bad_row(name, places, row, why, frame if table is None else table)


def bad_row(name: str, places: Places, row: int, why: str, table: pl.DataFrame) -> BadFile:
    """The error that names the place of `row`, counted from 0, and shows it."""
    (number,) = places.numbers([row])
    values = ",".join("" if value is None else str(value) for value in _values(table, row))
    if places.unit == "line":
        return BadFile(name, f"is no candle ({why}): {values:.200}", line=number)
    return BadFile(name, f"{places.unit} {number} is no candle: {why}: {values:.200}")


def _values(table: pl.DataFrame, row: int) -> tuple[object, ...]:
    """The values of a row; times as numbers, for they may be of no year that Python has."""
    times = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.Datetime)]
    return table.slice(row, 1).with_columns(pl.col(times).dt.epoch("ms")).row(0)


def _numbers(table: pl.DataFrame) -> pl.DataFrame:
    """Times and counts as integers, decimals as plain text; null where that is impossible."""
    return table.select(
        _plain(table[column])
        if column in DECIMAL_COLUMNS
        else _times(table[column])
        if SCHEMA[column] == TIME
        else _whole(pl.col(column))
        for column in table.columns
    )


def _refuse_unreadable(
    table: pl.DataFrame, numbers: pl.DataFrame, name: str, places: Places
) -> None:
    lost = pl.DataFrame(
        [numbers[column].is_null() & table[column].is_not_null() for column in table.columns]
    )
    broken = lost.select(pl.any_horizontal(pl.all()).arg_true()).to_series()
    if broken.len():
        raise bad_row(name, places, int(broken[0]), _UNREADABLE, table)


def _whole(column: pl.Expr) -> pl.Expr:
    """Whole numbers; a program that calculates in floats writes them with `.0` at the end."""
    return column.str.strip_chars().str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)


def _plain(column: pl.Series) -> pl.Series:
    """Decimals without powers of ten: `1e-05` is exactly `0.00001`."""
    if not column.str.contains("[eE]").any():
        return column
    return column.map_elements(_without_power, return_dtype=pl.String)


def _without_power(text: str) -> str:
    return f"{Decimal(text):f}" if _POWER.fullmatch(text) else text


def _times(column: pl.Series) -> pl.Expr:
    name = column.name
    if column.str.contains(r"^\d+$").all():
        return _whole(pl.col(name))
    bare = pl.col(name).str.strip_chars().str.strip_suffix("Z").str.strip_suffix("+00:00")
    read = [bare.str.to_datetime(form, time_unit="ms", strict=False) for form in _TIME_FORMATS]
    return pl.coalesce(_whole(pl.col(name)), pl.coalesce(*read).dt.epoch("ms")).alias(name)


def _whole_seconds(table: pl.DataFrame) -> bool:
    """Whether close times stand there as text with no fraction of a second anywhere."""
    if "close_time" not in table.columns:
        return False
    closes = table["close_time"]
    text = closes.str.contains(r"\d[-:]\d").any()
    return bool(text) and not closes.str.contains(".", literal=True).any()
