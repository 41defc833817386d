"""The answer of a query as text or a file, decimals to the last digit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from chandlery.candles.files import replacing
from chandlery.errors import FileExists, UnknownFormat

MOST_ROWS: Final = 1_000
"""The rows of a table for people; the other forms are whole."""

_FORMULA: Final = r"^\s*[=+@\t\r-]|^[\t\r]"
_NUMBER: Final = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_AT_ONCE: Final = 20_000
_ISO: Final = "%Y-%m-%dT%H:%M:%S%.3fZ"


def table_text(answer: pl.LazyFrame) -> tuple[str, bool]:
    """A table of at most `MOST_ROWS` rows, and whether that is all."""
    frame = _readable(answer.head(MOST_ROWS + 1)).collect(engine="streaming")
    shown = frame.head(MOST_ROWS).select(pl.all().cast(pl.String).fill_null("-"))
    rows = [shown.columns, *shown.iter_rows()]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.rjust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines), frame.height <= MOST_ROWS


def csv_parts(answer: pl.LazyFrame) -> Iterator[str]:
    """The whole answer as CSV with a header, times in ISO 8601 with `Z`."""
    frame = _harmless(_readable(answer), answer).collect(engine="streaming")
    yield frame.head(0).write_csv()
    for part in frame.iter_slices(_AT_ONCE):
        yield part.write_csv(include_header=False)


def json_parts(answer: pl.LazyFrame) -> Iterator[str]:
    """The whole answer as a JSON array of objects; decimals as text, times as in CSV."""
    frame = _readable(answer).collect(engine="streaming")
    before = "[\n"
    for part in frame.iter_slices(_AT_ONCE):
        lines = (orjson.dumps(row, default=str).decode() for row in part.iter_rows(named=True))
        yield before + ",\n".join(lines)
        before = ",\n"
    yield "[]\n" if frame.is_empty() else "\n]\n"


def write_answer(answer: pl.LazyFrame, path: Path, form: str, *, force: bool = False) -> None:
    """Write the whole answer, or nothing. Raises `UnknownFormat`, `FileExists` and `BadFile`."""
    if form not in _WRITERS:
        raise UnknownFormat(form, _WRITERS)
    if not force and os.path.lexists(path):
        raise FileExists(path)
    with replacing(path) as draft:
        _WRITERS[form](answer, draft)


def _write_csv(answer: pl.LazyFrame, path: Path) -> None:
    _harmless(_readable(answer), answer).sink_csv(path)


def _write_json(answer: pl.LazyFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json_parts(answer))


def _write_parquet(answer: pl.LazyFrame, path: Path) -> None:
    answer.sink_parquet(path, compression="zstd")


_WRITERS: Final[dict[str, Callable[[pl.LazyFrame, Path], None]]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}


def _readable(answer: pl.LazyFrame) -> pl.LazyFrame:
    """Decimals and times as text: their own writers would pick a form, or pass through a float."""
    return answer.with_columns(
        _as_text(pl.col(name), dtype) for name, dtype in answer.collect_schema().items()
    )


def _harmless(readable: pl.LazyFrame, answer: pl.LazyFrame) -> pl.LazyFrame:
    """Text that a spreadsheet would take for a formula begins with an apostrophe, as it wants."""
    return readable.with_columns(
        pl.when(_is_formula(pl.col(name)))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in answer.collect_schema().items()
        if dtype == pl.String
    )


def _is_formula(column: pl.Expr) -> pl.Expr:
    return column.str.contains(_FORMULA) & ~column.str.contains(_NUMBER)


def _as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC").dt.strftime(_ISO)
    return column.cast(pl.String) if isinstance(dtype, pl.Decimal) else column
