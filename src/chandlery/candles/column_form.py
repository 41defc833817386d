"""Reading candles from Parquet and Feather files, ours and those of other programs.

Other programs keep prices as binary floats. A float is taken as the decimal that it was made from
where that is beyond doubt: up to fifteen digits survive a float unharmed.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from chandlery.candles.column_names import our_names
from chandlery.candles.column_reader import ColumnReader
from chandlery.candles.file_rows import NEEDED, FileRows
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.candles.text_rows import candles_of, refuse_unsound
from chandlery.errors import BadFile

FEATHER_MAGIC: Final = b"ARROW1"
_READER: Final = ColumnReader()
_SURE_DIGITS: Final = 15


def read_columns(data: bytes, *, name: str) -> FileRows:
    """The candles of a Parquet or Feather file. Raises `BadFile`."""
    frame = _READER.read(data, name=name)
    if frame.schema == pl.Schema(SCHEMA):
        refuse_unsound(frame, name)
        return FileRows(frame)
    frame.columns = our_names(frame.columns, name)
    frame = frame.select(
        column
        for column, dtype in frame.schema.items()
        if column in SCHEMA and not (dtype.is_float() and _never_sure(column))
    )
    return candles_of(frame.select(_as_text(column, name) for column in frame), name)


def _never_sure(column: str) -> bool:
    """Whether a float is no use there: sums in quote currency often have more digits."""
    return column in DECIMAL_COLUMNS and column not in NEEDED


def _as_text(column: pl.Series, name: str) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        return column.dt.epoch("ms").cast(pl.String)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("ms")).dt.epoch("ms").cast(pl.String)
    if dtype.is_float() and column.name in DECIMAL_COLUMNS:
        _refuse_long(column, name)
    if dtype.is_numeric() or dtype == pl.String:
        return column.cast(pl.String)
    raise BadFile(name, f"has {column.name} as {dtype}, which is no number, no time and no text.")


def _refuse_long(column: pl.Series, name: str) -> None:
    digits = (
        column.cast(pl.String)
        .str.replace("[eE].*$", "")
        .str.replace(".", "", literal=True)
        .str.strip_chars_start("0")
        .str.strip_chars_end("0")
        .str.len_chars()
    )
    long = (digits > _SURE_DIGITS).arg_true()
    if long.len():
        why = (
            f"row {int(long[0]) + 1} has {column[int(long[0])]} as {column.name}: a binary float "
            f"with more than {_SURE_DIGITS} digits no longer tells what the exchange sent. "
            "Import the text files that it was made from."
        )
        raise BadFile(name, why)
