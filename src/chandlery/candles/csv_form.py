"""Reading candles from CSV: Binance's twelve columns, and the same under a header of other names.

Comment lines, a header or none, times as milliseconds, microseconds or text (taken as UTC): what
is meant is read from the file itself. What cannot be known for sure is refused with its line.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import ROW_LENGTH
from chandlery.candles.column_names import lacks, our_names
from chandlery.candles.file_rows import FileRows, Places
from chandlery.candles.frame import SCHEMA
from chandlery.candles.text_rows import candles_of
from chandlery.errors import BadFile

_NAMES: Final = (*SCHEMA, "ignore")
_KNOWN_WIDTHS: Final = (6, 11, ROW_LENGTH)
"""Without a header: time and five values, Binance's row, and that without its empty twelfth."""

_BLANK: Final = re.compile(rb"\n\s+")
"""Empty lines, which polars would take for rows without values, and space before values."""
_PACKED: Final = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x28\xb5\x2f\xfd")
"""What polars would unpack by itself, to whatever size: gzip, zlib and zstd."""
_BARE: Final = re.compile(rb"[0-9][0-9.]*(,[0-9][0-9.]*){11}")


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
    """Candles with all columns, in the order of the file, in `SCHEMA`; `name` is for messages.

    The order and duplicates are left as they are: only the caller knows what they mean.
    Raises `BadFile` with the line that cannot be read and why.
    """
    rows = read_csv_rows(data, name=name)
    if rows.lacking:
        raise BadFile(name, lacks(len(SCHEMA) - len(rows.lacking), rows.lacking))
    return rows.frame


def read_csv_rows(data: bytes, *, name: str) -> FileRows:
    """The same, but columns without which there is still a candle may be missing."""
    data = data.removeprefix(codecs.BOM_UTF8)
    lines = _first_lines(data)
    if not lines:
        raise BadFile(name, "holds no candles.")
    header = _header(lines[0])
    table = _table(data, name, skip_header=header is not None)
    _refuse_short(table, data, name)
    if header is None:
        columns = _unnamed(table.width, name)
    else:
        columns = _named(header, table.width, name, lines[0])
    table.columns = columns
    places = Places("line", partial(_line_numbers, data, skip_header=header is not None))
    return candles_of(table, name, places=places, header=header)


def _first_lines(data: bytes) -> list[str]:
    lines = (line for _, line in _data_lines(data[:8192], skip_header=False))
    return list(islice(lines, 2))


def _header(line: str) -> tuple[str, ...] | None:
    columns = tuple(column.strip().strip('"') for column in line.split(","))
    return None if columns[0][:1].isdigit() else columns


def _named(header: tuple[str, ...], width: int, name: str, line: str) -> list[str]:
    try:
        columns = our_names(header, name)
    except BadFile as error:
        if len(header) < 2 or "lacks open_time" in str(error):  # noqa: PLR2004  one word is no row
            raise BadFile(name, f"is no candle file: its first line is '{line:.80}'.") from error
        raise
    if len(columns) != width:
        raise BadFile(name, f"has {width} columns where its header names {len(columns)}.")
    return _distinct(columns)


def _distinct(columns: Sequence[str]) -> list[str]:
    """Names of columns that are of no interest may repeat; a table cannot have that."""
    return [
        column if column in SCHEMA else f"{column}#{number}"
        for number, column in enumerate(columns)
    ]


def _unnamed(width: int, name: str) -> list[str]:
    if width not in _KNOWN_WIDTHS:
        raise BadFile(
            name, lacks(width, [column for column in SCHEMA if column not in _NAMES[:width]])
        )
    return list(_NAMES[:width])


def _table(data: bytes, name: str, *, skip_header: bool) -> pl.DataFrame:
    dense = _BLANK.sub(b"\n", data).lstrip()
    if dense.startswith(_PACKED):
        raise BadFile(name, "is packed in another way than gzip or zip. Unpack it first.")
    try:
        return pl.read_csv(
            io.BytesIO(dense), has_header=skip_header, infer_schema=False, comment_prefix="#"
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        width = len(_first_lines(data)[0].split(","))
        for number, line in _data_lines(data, skip_header=False):
            if line.count(",") + 1 != width:
                why = f"has {line.count(',') + 1} columns where the first line has {width}."
                raise BadFile(name, why, line=number) from error
        raise BadFile(name, f"is no CSV text: {error}") from error


def _refuse_short(table: pl.DataFrame, data: bytes, name: str) -> None:
    """Lines that end too early, as cut files have them, are no rows with empty columns."""
    if not table.width or not table[table.columns[-1]].null_count():
        return
    for number, line in _data_lines(data, skip_header=False):
        columns = line.count(",") + 1
        if columns < table.width:
            raise BadFile(name, f"has {columns} columns of {table.width}.", line=number)


def _line_numbers(data: bytes, rows: Sequence[int], *, skip_header: bool) -> list[int]:
    wanted = set(rows)
    lines = enumerate(_data_lines(data, skip_header=skip_header))
    found = {row: number for row, (number, _) in lines if row in wanted}
    return [found[row] for row in rows]


def _data_lines(data: bytes, *, skip_header: bool) -> Iterator[tuple[int, str]]:
    """What polars takes for lines; characters that only Python takes for ends of them are none."""
    lines = ((number, line.strip()) for number, line in enumerate(data.split(b"\n"), 1))
    kept = ((number, line) for number, line in lines if line and not line.startswith(b"#"))
    if skip_header:
        next(kept, None)
    for number, line in kept:
        yield number, line.decode("utf-8", errors="replace")
