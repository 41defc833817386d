"""Reading candles from CSV: Binance's twelve columns, and the same under a header of other names.

Comment lines, a header or none, times as milliseconds, microseconds or text (taken as UTC): what
is meant is read from the file itself. What cannot be known for sure is refused with its line.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import ROW_LENGTH, typed
from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.soundness import first_fault
from chandlery.errors import BadCandles, BadFile

_NAMES: Final = (*SCHEMA, "ignore")
_ALIASES: Final = {
    "date": "open_time",
    "timestamp": "open_time",
    "time": "open_time",
    "quote_asset_volume": "quote_volume",
    "quote_av": "quote_volume",
    "count": "trades",
    "number_of_trades": "trades",
    "taker_buy_base_asset_volume": "taker_buy_volume",
    "tb_base_av": "taker_buy_volume",
    "taker_buy_quote_asset_volume": "taker_buy_quote_volume",
    "tb_quote_av": "taker_buy_quote_volume",
}
"""Column names that Binance's own futures files and common downloaders write."""

_UNREADABLE: Final = "a value cannot be read or kept exactly"
_BARE: Final = re.compile(rb"[0-9][0-9.]*(,[0-9][0-9.]*){11}")

_TIME_FORMATS: Final = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d")


def read_bare_csv(data: bytes, *, name: str) -> pl.DataFrame:
    """The same for files that hold nothing but twelve bare columns, as `csv_text` writes them.

    Raises `BadFile` for everything else: a header, remarks, other columns.
    """
    lines = data.splitlines()
    other = (number for number, line in enumerate(lines, 1) if not _BARE.fullmatch(line))
    number = next(other, None)
    if number is not None:
        why = (
            f"is something else than Binance's {ROW_LENGTH} bare columns: "
            f"'{lines[number - 1][:60].decode(errors='replace')}'. It is left as it is."
        )
        raise BadFile(name, why, line=number)
    return read_csv(data, name=name)


def read_csv(data: bytes, *, name: str) -> pl.DataFrame:
    """Candles in the order of the file, in `SCHEMA`; `name` is for messages.

    The order and duplicates are left as they are: only the caller knows what they mean.
    Raises `BadFile` with the line that cannot be read and why.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    lines = _first_lines(data)
    if not lines:
        raise BadFile(name, "holds no candles.")
    header = _header(lines[0], name)
    table = _table(data, name, skip_header=header is not None)
    columns = header or _NAMES[: table.width]
    if table.width != len(columns) or not set(SCHEMA) <= set(columns):
        missing = [column for column in SCHEMA if column not in columns]
        why = (
            f"has {table.width} columns and lacks {', '.join(missing)}; a candle file has "
            f"Binance's {ROW_LENGTH} columns, or their names in a header."
        )
        raise BadFile(name, why)
    table.columns = list(columns)
    return _Lines(table.select(list(SCHEMA)), data, name, skip_header=header is not None).typed()


def _first_lines(data: bytes) -> list[str]:
    head = data[:8192].decode("utf-8", errors="replace").splitlines()
    return [line for line in head if line.strip() and not line.startswith("#")][:2]


def _header(line: str, name: str) -> tuple[str, ...] | None:
    first = line.partition(",")[0].strip().strip('"')
    if first[:1].isdigit():
        return None
    columns = [column.strip().strip('"').lower() for column in line.split(",")]
    named = tuple(_ALIASES.get(column, column) for column in columns)
    if "open_time" not in named:
        raise BadFile(name, f"is no candle file: its first line is '{line:.80}'.")
    return named


def _table(data: bytes, name: str, *, skip_header: bool) -> pl.DataFrame:
    try:
        return pl.read_csv(
            io.BytesIO(data), has_header=skip_header, infer_schema=False, comment_prefix="#"
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        width = len(_first_lines(data)[0].split(","))
        for number, line in _data_lines(data, skip_header=False):
            if line.count(",") + 1 != width:
                why = f"has {line.count(',') + 1} columns where the first line has {width}."
                raise BadFile(name, why, line=number) from error
        raise BadFile(name, f"is no CSV text: {error}") from error


@dataclass(frozen=True, slots=True)
class _Lines:
    """The rows of a CSV as text, and what is needed to name the line of each."""

    table: pl.DataFrame
    data: bytes
    name: str
    skip_header: bool

    def typed(self) -> pl.DataFrame:
        """The rows as candles. Raises `BadFile` with the first line that is none."""
        numbers = self.table.with_columns(
            _times(self.table, column)
            if dtype == TIME
            else pl.col(column).cast(dtype, strict=False)
            for column, dtype in SCHEMA.items()
            if not dtype.is_decimal()
        )
        broken = numbers.select(pl.any_horizontal(pl.all().is_null()).arg_true()).to_series()
        if broken.len():
            raise self.fault(int(broken[0]), _UNREADABLE)
        try:
            frame = typed(numbers)
        except BadCandles as error:
            if error.row is None:
                raise BadFile(self.name, f"{error}.") from error
            raise self.fault(error.row, _UNREADABLE) from error
        fault = first_fault(frame)
        if fault is not None:
            raise self.fault(*fault)
        return frame

    def fault(self, row: int, why: str) -> BadFile:
        """The error that names the line of `row`, counted from 0."""
        lines = _data_lines(self.data, skip_header=self.skip_header)
        number = next(number for index, (number, _) in enumerate(lines) if index == row)
        values = ",".join(str(value) for value in self.table.row(row))
        return BadFile(self.name, f"is no candle ({why}): {values:.200}", line=number)


def _times(table: pl.DataFrame, column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    if table[column].str.contains(r"^\d+$").all():
        return text.cast(pl.Int64, strict=False)
    bare = text.str.strip_suffix("Z").str.strip_suffix("+00:00")
    read = [bare.str.to_datetime(form, time_unit="ms", strict=False) for form in _TIME_FORMATS]
    whole = text.cast(pl.Int64, strict=False)
    return pl.coalesce(whole, pl.coalesce(*read).dt.epoch("ms")).alias(column)


def _data_lines(data: bytes, *, skip_header: bool) -> Iterator[tuple[int, str]]:
    text = data.decode("utf-8", errors="replace").splitlines()
    kept = ((n, line) for n, line in enumerate(text, 1) if line.strip() and line[0] != "#")
    if skip_header:
        next(kept, None)
    yield from kept
