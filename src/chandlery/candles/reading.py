"""Reading candle files: what they hold is told by their content, never by their name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.column_child import PARQUET_MAGIC
from chandlery.candles.column_form import FEATHER_MAGIC, read_columns
from chandlery.candles.column_names import lacks
from chandlery.candles.csv_form import read_csv_rows
from chandlery.candles.file_rows import FileRows
from chandlery.candles.frame import SCHEMA
from chandlery.candles.interval import DAY_MS, SECOND_MS, Interval
from chandlery.candles.json_form import read_json
from chandlery.candles.packed import content
from chandlery.errors import BadFile

_SHORTEST_MONTH_MS: Final = 28 * DAY_MS

_READERS: Final[dict[bytes, Callable[..., FileRows]]] = {
    b"[": read_json,
    b"{": read_json,
    PARQUET_MAGIC: read_columns,
    FEATHER_MAGIC: read_columns,
}


def read_file(path: Path) -> FileRows:
    """The candles of a CSV, JSON, Parquet or Feather file, gzipped, zipped or neither.

    JSON is the body of a klines answer (an array of twelve-element arrays), such an array of six
    elements, or what `json_text` writes. Columns without which there is still a candle may be
    missing. Raises `BadFile`, with the line where there is one.
    """
    data = content(path)
    start = data[:64].lstrip()
    readers = (read for magic, read in _READERS.items() if start.startswith(magic))
    return next(readers, read_csv_rows)(data, name=str(path))


def read_rows(path: Path) -> pl.DataFrame:
    """The same in the file's order, of a file that lacks no column."""
    rows = read_file(path)
    if rows.lacking:
        raise BadFile(path, lacks(len(SCHEMA) - len(rows.lacking), rows.lacking))
    return rows.frame


def read_candles(path: Path) -> pl.DataFrame:
    """The same, ascending and unique: of rows with one open time the last in the file counts."""
    frame = read_rows(path)
    return frame.unique("open_time", keep="last", maintain_order=True).sort("open_time")


def check_interval(frame: pl.DataFrame, interval: Interval, path: Path) -> None:
    """Raises `BadFile` when most of the candles are not `interval` long."""
    lengths = _lengths(frame)
    if lengths.is_empty():
        return
    usual = int(lengths.mode().sort()[0])
    shortest = interval.length_ms or _SHORTEST_MONTH_MS
    # Text times have whole seconds, which makes a candle look up to a second shorter.
    if not shortest - SECOND_MS < usual <= interval.typical_ms:
        why = f"holds candles of {usual / 1000:g} seconds, not of {interval}. It is left as it is."
        raise BadFile(path, why)


def _lengths(frame: pl.DataFrame) -> pl.Series:
    """Milliseconds from open to close; without close times, from one open to the next."""
    lengths = (frame["close_time"] - frame["open_time"]).dt.total_milliseconds().drop_nulls() + 1
    if not lengths.is_empty():
        return lengths
    return frame["open_time"].unique().sort().diff().dt.total_milliseconds().drop_nulls()
