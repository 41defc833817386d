"""The CSV that collection keeps: twelve columns in Binance's order, ascending, each candle once.

The file is never appended to: it is read, checked, brought up to date in memory and put in place
at once. A lock beside it makes two runs at the same moment take turns.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from filelock import FileLock, Timeout

from chandlery.candles.appended import ascends, doubtful
from chandlery.candles.binance_rows import csv_text
from chandlery.candles.csv_form import read_bare_csv
from chandlery.candles.files import check_interval, replacing
from chandlery.candles.frame import empty
from chandlery.candles.interval import DAY_MS
from chandlery.candles.replacing import unwritable
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.collect.report import CsvKept
from chandlery.errors import BadFile

_LOCK_SECONDS: Final = 60.0
_EVIDENCE: Final = 5
"""So many candles must stand in both before a file is judged to hold another series."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """What a CSV holds: `frame` ascends without duplicates.

    `doubtful` are open times whose candle was stored while it may have been unfinished. `appended`
    says that the file was written by appending, as the first version of the program did.
    """

    path: Path
    frame: pl.DataFrame
    doubtful: tuple[int, ...]
    appended: bool
    duplicates: int


def read_csv_file(path: Path, series: Series, *, now_ms: int) -> CsvFile:
    """Read the CSV. Raises `BadFile` when it is something else; nothing is written."""
    data = _content(path)
    if not data:
        return CsvFile(path, empty(), (), appended=False, duplicates=0)
    rows = read_bare_csv(data, name=str(path))
    _refuse_future(rows, path, now_ms)
    check_interval(rows, series.interval, path)
    frame = rows.unique("open_time", keep="last", maintain_order=True).sort("open_time")
    return CsvFile(
        path,
        frame,
        doubtful(rows, series.interval),
        appended=not ascends(rows),
        duplicates=rows.height - frame.height,
    )


def keep_csv(
    path: Path, series: Series, fresh: pl.DataFrame, *, answered: list[Span], now_ms: int
) -> CsvKept:
    """Bring the CSV up to date with the `fresh` candles, whole or not at all.

    `fresh` replaces what the file has at the same open times. A doubtful candle that is not in
    `fresh` is left out when the exchange has `answered` for its time. Raises `BadFile` when the
    file is something else, holds another series, or cannot be written.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_SECONDS, mode=0o600)
    try:
        with lock:
            return _keep_locked(read_csv_file(path, series, now_ms=now_ms), series, fresh, answered)
    except Timeout as error:
        raise BadFile(path, "is being written by another run for over a minute.") from error
    except OSError as error:
        raise unwritable(path, error) from error


def refuse_other_series(held: CsvFile, series: Series, known: pl.DataFrame) -> None:
    """Raises `BadFile` when the CSV's candles are not those that are `known` of the series.

    An open price never changes once a candle has begun, so most of them must agree.
    """
    common = held.frame.join(known, on="open_time", suffix="_known")
    differing = common.filter(pl.col("open") != pl.col("open_known")).height
    if common.height >= _EVIDENCE and 2 * differing > common.height:
        why = (
            f"holds candles of another series than {series}. It is left as it is; "
            "choose another name with CHANDLERY_CSV."
        )
        raise BadFile(held.path, why)


def _keep_locked(
    held: CsvFile, series: Series, fresh: pl.DataFrame, answered: list[Span]
) -> CsvKept:
    refuse_other_series(held, series, fresh)
    renewed = set(fresh["open_time"].dt.epoch("ms").to_list())
    left_out = tuple(
        open_ms
        for open_ms in held.doubtful
        if open_ms not in renewed and any(open_ms in span for span in answered)
    )
    dropped = pl.Series([*renewed, *left_out], dtype=pl.Int64)
    older = held.frame.filter(~pl.col("open_time").dt.epoch("ms").is_in(dropped.implode()))
    merged = pl.concat([older, fresh]).sort("open_time")
    backup = _back_up(held.path) if held.appended else None
    if held.appended or not merged.equals(held.frame):
        with replacing(held.path) as draft:
            draft.write_text(csv_text(merged), encoding="utf-8")
    known = set(held.frame["open_time"].dt.epoch("ms").to_list())
    return CsvKept(
        path=str(held.path),
        rows=merged.height,
        added=len(renewed - known),
        backup=str(backup) if backup else None,
        duplicates=held.duplicates,
        left_out=left_out,
    )


def _back_up(path: Path) -> Path:
    number = 0
    while True:
        backup = path.with_name(f"{path.name}.old{number or ''}")
        if not backup.exists():
            with replacing(backup) as draft:
                shutil.copyfile(path, draft)
            return backup
        number += 1


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise BadFile(path, "is no regular file. It is left as it is.")
        return path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise BadFile(path, f"cannot be read: {error.strerror or error}.") from error


def _refuse_future(rows: pl.DataFrame, path: Path, now_ms: int) -> None:
    newest = rows["open_time"].dt.epoch("ms").max()
    if isinstance(newest, int) and newest > now_ms + DAY_MS:
        why = (
            f"holds a candle of {ms_to_text(newest)}, which is in the future: it is "
            f"{ms_to_text(now_ms)}, if this machine's clock is right. It is left as it is."
        )
        raise BadFile(path, why)
