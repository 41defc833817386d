"""Writing candles to files, slice by slice, so that a long history need not fit in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA, empty
from chandlery.candles.json_form import json_pieces, row_pieces
from chandlery.candles.replacing import replacing
from chandlery.errors import FileExists, UnknownFormat

_SLICE: Final = 20_000
"""Candles that are written at once where no library does it: of JSON about 20 MB of objects."""
_GROUP: Final = 100_000
"""Rows of one Parquet row group or Feather batch; larger ones have to be held in memory."""
_ISO_UTC: Final = "%Y-%m-%dT%H:%M:%S%.3fZ"
_FLOATS: Final = ("open", "high", "low", "close", "volume")
_TIMES: Final = ("open_time", "close_time")

Writer = Callable[[pl.LazyFrame, Path], None]


def _binance(candles: pl.LazyFrame, path: Path) -> None:
    _csv(candles, path, _twelve_columns, header=False)


def _twelve_columns(candles: pl.DataFrame) -> pl.DataFrame:
    return candles.with_columns(
        pl.col(_TIMES).dt.epoch("ms"), pl.col(DECIMAL_COLUMNS).cast(pl.String), ignore=pl.lit("0")
    )


def _named(candles: pl.LazyFrame, path: Path) -> None:
    _csv(candles, path, _our_columns, header=True)


def _our_columns(candles: pl.DataFrame) -> pl.DataFrame:
    texts = pl.col(DECIMAL_COLUMNS).cast(pl.String)
    return candles.with_columns(pl.col(_TIMES).dt.strftime(_ISO_UTC), texts)


def _parquet(candles: pl.LazyFrame, path: Path) -> None:
    candles.sink_parquet(path, compression="zstd", row_group_size=_GROUP)


def _feather(candles: pl.LazyFrame, path: Path) -> None:
    candles.sink_ipc(path, compression="zstd", record_batch_size=_GROUP)


def _json(candles: pl.LazyFrame, path: Path) -> None:
    _pieces(json_pieces(candles.collect_batches(chunk_size=_SLICE)), path)


def _freqtrade(candles: pl.LazyFrame, path: Path) -> None:
    floats = candles.select(pl.col("open_time").alias("date"), pl.col(_FLOATS).cast(pl.Float64))
    floats.sink_ipc(path, compression="lz4", record_batch_size=_GROUP)


def _freqtrade_json(candles: pl.LazyFrame, path: Path) -> None:
    _pieces(row_pieces(candles.collect_batches(chunk_size=_SLICE)), path)


def _backtesting(candles: pl.LazyFrame, path: Path) -> None:
    _csv(candles, path, _titled_columns, header=True)


def _titled_columns(candles: pl.DataFrame) -> pl.DataFrame:
    return candles.select(
        pl.col("open_time").dt.strftime("%Y-%m-%d %H:%M:%S%.3f").alias("date"),
        *(pl.col(name).cast(pl.String).alias(name.title()) for name in _FLOATS),
    )


def _csv(
    candles: pl.LazyFrame,
    path: Path,
    written: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    header: bool,
) -> None:
    """Write one CSV. Text is made slice by slice: a sink would hold the whole file in memory."""
    with path.open("wb") as file:
        if header:
            written(empty()).write_csv(file)
        for batch in candles.collect_batches(chunk_size=_SLICE):
            written(batch).write_csv(file, include_header=False)


def _pieces(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing candles."""

    write: Writer
    endings: tuple[str, ...] = ()
    """Endings of file names that mean this form; none where a layout names the file."""
    lossless: bool = True
    """Whether every value can be read back exactly."""


FORMS: Final[dict[str, Form]] = {
    "binance": Form(_binance, ("csv",)),
    "named": Form(_named),
    "parquet": Form(_parquet, ("parquet",)),
    "feather": Form(_feather, ("feather", "arrow")),
    "json": Form(_json, ("json",)),
    "freqtrade": Form(_freqtrade, lossless=False),
    "freqtrade-json": Form(_freqtrade_json, lossless=False),
    "backtesting": Form(_backtesting, lossless=False),
}

_BY_ENDING: Final = {ending: name for name, form in FORMS.items() for ending in form.endings}

FORMATS: Final = tuple(FORMS)


def format_of(path: Path, asked: str | None = None) -> str:
    """The format to write: `asked`, else what the ending of the name means.

    An ending may also be asked for. Raises `UnknownFormat`.
    """
    name = (asked or path.suffix.removeprefix(".")).lower()
    name = _BY_ENDING.get(name, name)
    if name not in FORMS or (asked is None and name not in _BY_ENDING.values()):
        raise UnknownFormat(name, [*FORMS, *(end for end in _BY_ENDING if end not in FORMS)])
    return name


def write_candles(
    candles: pl.LazyFrame | pl.DataFrame, path: Path, *, form: str, force: bool = False
) -> None:
    """Write candles in `SCHEMA`, ascending, to `path`, whole or not at all.

    Raises `FileExists` unless `force`, and `BadFile` when the place cannot be written.
    """
    refuse_existing(path, force=force)
    with replacing(path) as draft:
        FORMS[_BY_ENDING.get(form, form)].write(candles.lazy().select(list(SCHEMA)), draft)


def candle_bytes(candles: pl.DataFrame, *, form: str) -> bytes:
    """What `write_candles` would write of candles in `SCHEMA`, for those who send it."""
    with TemporaryDirectory(prefix="chandlery-") as folder:
        path = Path(folder) / "candles"
        FORMS[_BY_ENDING.get(form, form)].write(candles.lazy().select(list(SCHEMA)), path)
        return path.read_bytes()


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raises `FileExists` when something stands at `path`, unless `force`."""
    if not force and os.path.lexists(path):
        raise FileExists(path)
