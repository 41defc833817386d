"""Candle files on disk: what they hold is told by their content, and writing is all or nothing."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from chandlery.candles.binance_rows import csv_text, parse_rows
from chandlery.candles.csv_form import read_csv
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.candles.interval import DAY_MS, SECOND_MS, Interval
from chandlery.candles.soundness import first_fault
from chandlery.errors import BadCandles, BadFile, FileExists, UnknownFormat

_GZIP_MAGIC: Final = b"\x1f\x8b"
_PARQUET_MAGIC: Final = b"PAR1"
_FEATHER_MAGIC: Final = b"ARROW1"
SHORTEST_MONTH_MS: Final = 28 * DAY_MS


def read_rows(path: Path) -> pl.DataFrame:
    """The candles of a CSV, JSON, Parquet or Feather file, gzipped or not, in the file's order.

    JSON is the body of a klines answer (an array of twelve-element arrays) or what `json_text`
    writes. Raises `BadFile`, with the line where there is one.
    """
    data = _content(path)
    start = data[:64].lstrip()
    reader = next((read for magic, read in _READERS.items() if start.startswith(magic)), read_csv)
    return reader(data, name=str(path))


def read_candles(path: Path) -> pl.DataFrame:
    """The same, ascending and unique: of rows with one open time the last in the file counts."""
    frame = read_rows(path)
    return frame.unique("open_time", keep="last", maintain_order=True).sort("open_time")


def check_interval(frame: pl.DataFrame, interval: Interval, path: Path) -> None:
    """Raises `BadFile` when most of the candles are not `interval` long."""
    lengths = (frame["close_time"] - frame["open_time"]).dt.total_milliseconds() + 1
    usual = int(lengths.mode().sort()[0])
    shortest = interval.length_ms or SHORTEST_MONTH_MS
    # Text times have whole seconds, which makes a candle look up to a second shorter.
    if not shortest - SECOND_MS < usual <= interval.typical_ms:
        why = f"holds candles of {usual / 1000:g} seconds, not of {interval}. It is left as it is."
        raise BadFile(path, why)


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP_MAGIC) else data
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise BadFile(path, f"cannot be read: {why}.") from error


def _read_json(data: bytes, *, name: str) -> pl.DataFrame:
    try:
        rows = orjson.loads(data)
        if not isinstance(rows, list):
            raise BadFile(name, f"is JSON, but no list of candles: {rows!r:.80}")
        if rows and isinstance(rows[0], dict):
            return _read_objects(rows, name)
        return _sound(parse_rows(rows), name)
    except (orjson.JSONDecodeError, BadCandles) as error:
        raise BadFile(name, f"{error}.") from error


def _read_objects(rows: list[dict[str, object]], name: str) -> pl.DataFrame:
    try:
        table = pl.DataFrame(rows, infer_schema_length=None).cast(pl.String)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise BadFile(name, f"is no list of candles: {error}") from error
    return read_csv(table.write_csv().encode(), name=name)


def _read_columns(data: bytes, *, name: str) -> pl.DataFrame:
    read = pl.read_parquet if data.startswith(_PARQUET_MAGIC) else pl.read_ipc
    try:
        frame = read(io.BytesIO(data)).select(list(SCHEMA)).cast(pl.Schema(SCHEMA))
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise BadFile(name, f"is no candle file that Chandlery can read: {why}") from error
    return _sound(frame, name)


def _sound(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    fault = first_fault(frame)
    if fault is not None:
        row, why = fault
        raise BadFile(name, f"row {row + 1} is no candle: {why}.")
    return frame


_READERS: Final[dict[bytes, Callable[..., pl.DataFrame]]] = {
    b"[": _read_json,
    b"{": _read_json,
    _PARQUET_MAGIC: _read_columns,
    _FEATHER_MAGIC: _read_columns,
}


def json_text(frame: pl.DataFrame) -> bytes:
    """A JSON array of objects; decimals as text, times in ISO 8601 with `Z`."""
    readable = frame.with_columns(
        pl.col(DECIMAL_COLUMNS).cast(pl.String),
        pl.col("open_time", "close_time").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
    )
    return orjson.dumps(readable.to_dicts(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _write_csv(frame: pl.DataFrame, path: Path) -> None:
    path.write_text(csv_text(frame), encoding="utf-8")


def _write_json(frame: pl.DataFrame, path: Path) -> None:
    path.write_bytes(json_text(frame))


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="zstd")


def _write_feather(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="zstd")


_WRITERS: Final[dict[str, Callable[[pl.DataFrame, Path], None]]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "feather": _write_feather,
    "arrow": _write_feather,
    "json": _write_json,
}

FORMATS: Final = tuple(_WRITERS)


def format_of(path: Path, asked: str | None = None) -> str:
    """The format to write: `asked`, else the ending of the name. Raises `UnknownFormat`."""
    name = (asked or path.suffix.removeprefix(".")).lower()
    if name not in _WRITERS:
        raise UnknownFormat(name, FORMATS)
    return name


def write_candles(frame: pl.DataFrame, path: Path, *, form: str, force: bool = False) -> None:
    """Write `frame` to `path`, whole or not at all.

    Raises `FileExists` unless `force`, and `BadFile` when the place cannot be written.
    """
    if not force and os.path.lexists(path):
        raise FileExists(path)
    with replacing(path) as draft:
        _WRITERS[form](frame, draft)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place at once, and only if the block ends well.

    The draft is on the disk before it is renamed, so that a power cut leaves the old or the new
    file, never half of one. Raises `BadFile` when the place cannot be written.
    """
    draft: Path | None = None
    try:
        path = _regular(path.resolve())
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".draft")
        os.close(handle)
        draft = Path(name)
        yield draft
        draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise BadFile(path, f"cannot be written: {error.strerror or error}.") from error
    except pl.exceptions.PolarsError as error:
        raise BadFile(path, f"cannot be written: {str(error).splitlines()[0]}.") from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def _regular(path: Path) -> Path:
    """The path, if a file may stand there. A pipe or a device must not be replaced by a file."""
    if path.exists() and not path.is_file():
        raise BadFile(path, "is no regular file.")
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
