"""What a file is of: told by its name, its folder and its form, or by the person who has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chandlery.candles.column_names import UM_HEADER
from chandlery.candles.file_rows import FileRows
from chandlery.candles.interval import INTERVALS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.importing.imported import Told
from chandlery.collect.symbols import in_capitals
from chandlery.errors import BadFile
from chandlery.exchanges.archive import FileKind
from chandlery.exchanges.binance_archive import span_written

_NAME: Final = re.compile(
    r"(?P<symbol>[^\s:/\\]+)-(?P<interval>[0-9]+[a-zA-Z]+)"
    r"-(?P<date>[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)\.(?:zip|csv|csv\.gz)"
)
_INTERVALS: Final = {text: one for one in INTERVALS for text in (one.slug, one.text)}
_FOLDERS: Final = {
    "/futures/um/": "binance-um",
    "/spot/monthly/": "binance",
    "/spot/daily/": "binance",
}
"""Folders of the archive, and whose candles they hold."""
_COIN_FOLDER: Final = "/futures/cm/"
_COIN_SYMBOL: Final = re.compile(r".+USD_([0-9]{6}|PERP)")
_SAY: Final = "Say what it holds with --series EXCHANGE:SYMBOL:INTERVAL"


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """What the name of an archive file tells, such as `BTCUSDT-1h-2024-12-31.zip`."""

    symbol: str
    interval: Interval
    span: Span
    """The month or the day (UTC), as a span of open times."""
    monthly: bool


@dataclass(frozen=True, slots=True)
class FilesFound:
    """The archive files of a folder, in the order in which they should be kept."""

    files: tuple[Path, ...]
    others: int
    """Files of other names, checksums aside; they are not touched."""


def archive_name(path: Path) -> ArchiveName | None:
    """What the file's name tells; None when it is not named SYMBOL-INTERVAL-DATE."""
    found = _NAME.fullmatch(path.name)
    interval = _INTERVALS.get(found["interval"]) if found else None
    if found is None or interval is None:
        return None
    kind: FileKind = "daily" if found["date"].count("-") > 1 else "monthly"
    span = span_written(found["date"], kind)
    if span is None:
        return None
    return ArchiveName(found["symbol"], interval, span, kind == "monthly")


def files_in(folder: Path) -> FilesFound:
    """The files anywhere under `folder` that are named as the archive names them.

    Daily files come after monthly ones, because where they differ the daily ones are what the
    exchange itself answers. Raises `BadFile` when there is none.
    """
    everything = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [(name, path) for path in everything if (name := archive_name(path))]
    if not named:
        why = "is a folder without files named SYMBOL-INTERVAL-DATE, as in BTCUSDT-1h-2024-12.zip."
        raise BadFile(folder, why)
    named.sort(
        key=lambda one: (one[0].symbol, one[0].interval.text, not one[0].monthly, one[0].span)
    )
    checksums = sum(path.suffix == ".CHECKSUM" for path in everything)
    return FilesFound(tuple(path for _, path in named), len(everything) - len(named) - checksums)


def series_of(path: Path, rows: FileRows, told: Told) -> Series:
    """The series of which the file's candles are: the one `told`, else what can be known for sure.

    Raises `BadFile` when that is not enough, and when its name says something else than `told`.
    """
    name = archive_name(path)
    if told.series is not None:
        series = in_capitals([told.series])[0]
        _refuse_other(path, name, series)
        return series
    if name is None:
        raise BadFile(path, f"does not tell by its name what it holds. {_SAY}.")
    whose = told.exchange or _exchange(path, name, rows)
    named = Series.parse(f"{whose}:{name.symbol}:{name.interval}")
    _refuse_other(path, name, named)
    return named


def _refuse_other(path: Path, name: ArchiveName | None, series: Series) -> None:
    whose = _by_folder(path)
    by_name = (
        series
        if name is None
        else replace(series, symbol=name.symbol.upper(), interval=name.interval)
    )
    is_ = by_name if whose is None else replace(by_name, exchange=whose)
    if is_ != series:
        raise BadFile(path, f"is {is_} by its name and folder, not {series}. It is left as it is.")


def _by_folder(path: Path) -> str | None:
    place = path.resolve().as_posix()
    return next((name for folder, name in _FOLDERS.items() if folder in place), None)


def _exchange(path: Path, name: ArchiveName, rows: FileRows) -> str:
    """The exchange, where it is beyond doubt."""
    if _COIN_FOLDER in path.resolve().as_posix() or _COIN_SYMBOL.fullmatch(name.symbol):
        why = (
            "is a file of coin-margined futures, whose volumes are contracts and whose columns "
            f"mean other things. {_SAY} only if you want it all the same."
        )
        raise BadFile(path, why)
    by_folder = _by_folder(path)
    by_form = _by_form(rows)
    if by_folder and by_form and by_folder != by_form:
        why = f"lies in a folder of {by_folder} and has the form of {by_form}. {_SAY}."
        raise BadFile(path, why)
    known = by_folder or by_form
    if known is None:
        why = (
            "may be of the spot market or of futures: its name and its form are the same there. "
            f"{_SAY}, or the exchange of all files with --exchange binance or binance-um."
        )
        raise BadFile(path, why)
    return known


def _by_form(rows: FileRows) -> str | None:
    """Spot files alone have microseconds, and futures files alone a header."""
    if rows.microseconds:
        return "binance"
    return "binance-um" if rows.header == UM_HEADER else None
