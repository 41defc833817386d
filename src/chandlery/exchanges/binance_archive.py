"""Binance's archive on the wire, without a network: paths, names, checksums, what headers say.

A monthly and a daily zip per series, each beside a file with its SHA-256. Names write the month
interval as `1mo`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from chandlery.candles.archive_csv import MOST_ROW_BYTES
from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import ms_to_datetime
from chandlery.errors import BadAnswer, NotPublished, Refused
from chandlery.exchanges.archive import ArchiveFile, FileKind
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import excerpt

SETTING: Final = "CHANDLERY_BINANCE_ARCHIVE_URL"
URL: Final = "https://data.binance.vision"
IF_BLOCKED: Final = (
    f"Set {SETTING} to a host or a mirror that serves you; the same candles come over REST, slower."
)
CHECKSUM: Final = ".CHECKSUM"
MONTH: Final = Interval.parse("1M")

LONGEST_MS: Final = DAY_MS
"""The archive is used up to `1d`. Its 3d, 1w and 1M files lag by months or lack rows, and REST has
all of them in a page or two."""

MOST_BYTES: Final = 1 << 30
"""Of a zip: the largest real ones, months of seconds, have a tenth of it."""
MOST_UNZIPPED: Final = 1 << 32
_SLACK: Final = 1 << 16

_AS_IT_IS: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}
_PAST_CACHES: Final = {"Cache-Control": "no-cache"}
_CHECKSUM_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](\S+)\s*")


@dataclass(frozen=True, slots=True)
class Market:
    """One of Binance's markets in the archive."""

    name: str
    """The word for it in a series."""
    folder: str
    first_month_ms: int
    """No file is older."""


SPOT: Final = Market("binance", "data/spot", 1_498_867_200_000)
"""From 2017-07, when trading began."""
USD_M_FUTURES: Final = Market("binance-um", "data/futures/um", 1_567_296_000_000)
"""From 2019-09, when trading began."""


def is_kept(series: Series) -> bool:
    """Whether the archive is to be used for the interval; see `LONGEST_MS`."""
    return series.interval.length_ms is not None and series.interval.length_ms <= LONGEST_MS


def folder(market: Market, series: Series, kind: FileKind) -> str:
    """Where the files of a series lie: `data/spot/monthly/klines/BTCUSDT/1h/`."""
    return f"{market.folder}/{kind}/klines/{series.symbol}/{series.interval.slug}/"


def path(market: Market, series: Series, kind: FileKind, start_ms: int) -> str:
    """The file of the month or day that begins at `start_ms`."""
    date = ms_to_datetime(start_ms).strftime("%Y-%m" if kind == "monthly" else "%Y-%m-%d")
    name = f"{series.symbol}-{series.interval.slug}-{date}.zip"
    return folder(market, series, kind) + name


def span_of(name: str, series: Series, kind: FileKind) -> Span | None:
    """The month or day of whose candles a file is, by its bare name; None for other files."""
    date = name.removeprefix(f"{series.symbol}-{series.interval.slug}-").removesuffix(".zip")
    if name != f"{series.symbol}-{series.interval.slug}-{date}.zip":
        return None
    if not re.fullmatch(r"\d{4}-\d\d" + ("" if kind == "monthly" else r"-\d\d"), date, re.ASCII):
        return None
    return span_written(date, kind)


def span_written(date: str, kind: FileKind) -> Span | None:
    """The month `2024-12` or the day `2024-12-31`; None where the calendar has none, or no end."""
    try:
        day = datetime.fromisoformat(date if kind == "daily" else f"{date}-01").replace(tzinfo=UTC)
        return span_from(int(day.timestamp()) * 1000, kind)
    except ValueError:
        return None


def span_from(start_ms: int, kind: FileKind) -> Span:
    """The month or day that begins at `start_ms`."""
    return Span(start_ms, MONTH.next(start_ms) if kind == "monthly" else start_ms + DAY_MS)


def first_uncovered(months: Sequence[ArchiveFile]) -> int | None:
    """Where the first month begins that no file is of, after the first; None without files."""
    start_ms: int | None = None
    for month in months:
        if start_ms is not None and month.span.start != start_ms:
            break
        start_ms = month.span.end
    return start_ms


def most_bytes(file: ArchiveFile, series: Series) -> int:
    """The most bytes that the rows of a file can have, written out: as many as the span holds.

    A zip is smaller than that as well.
    """
    shortest = series.interval.length_ms or DAY_MS
    rows = (file.span.end - file.span.start) // shortest + 1
    return min(rows * MOST_ROW_BYTES + _SLACK, MOST_UNZIPPED)


def zip_request(path: str, *, again: bool = False) -> Request:
    """The file itself; `again` asks caches to look whether they are out of date."""
    headers = {**_AS_IT_IS, **(_PAST_CACHES if again else {})}
    return Request(f"/{quote(path)}", headers=headers)


def checksum_request(path: str, *, again: bool = False) -> Request:
    """The checksum beside it."""
    return zip_request(path + CHECKSUM, again=again)


def head_request(path: str) -> Request:
    """What the file is now, without the file."""
    return Request(f"/{quote(path)}", headers=_AS_IT_IS, method="HEAD")


def check_published(answer: Answer, request: Request) -> None:
    """Raises `NotPublished` for a 404, and `Refused` for every other answer that brings no file."""
    if answer.status == HTTPStatus.NOT_FOUND:
        raise NotPublished(
            f"Binance's archive has no {request.path} (HTTP 404). It may come later: months appear "
            "in the first days of the next one, days some hours after midnight UTC."
        )
    if answer.status != HTTPStatus.OK:
        raise Refused(
            f"Binance's archive refused {request.path} with HTTP {answer.status}"
            f"{excerpt(answer, request)}. Is {SETTING} the address of the archive?"
        )


def read_checksum(answer: Answer, zip_path: str) -> str:
    """The SHA-256 that is published for a file, in lower case.

    Raises `BadAnswer` unless it is one line of 64 digits and the bare name of that very file.
    """
    name = zip_path.rpartition("/")[2]
    text = answer.body[:1000].decode("utf-8", "replace")
    found = _CHECKSUM_LINE.fullmatch(text)
    if found is None:
        msg = f"{name}{CHECKSUM} should be a SHA-256 and a name, and is '{text[:100].strip()}'"
        raise BadAnswer(msg)
    if found[2] != name:
        msg = f"{name}{CHECKSUM} is of another file: '{found[2][:100]}'"
        raise BadAnswer(msg)
    return found[1].lower()


def described(file: ArchiveFile, answer: Answer) -> ArchiveFile:
    """The file with the size, ETag and time that its headers state; what they lack stays."""
    headers = answer.headers
    size = headers.get("content-length", "")
    return replace(
        file,
        size=int(size) if re.fullmatch("[0-9]{1,15}", size) else file.size,
        etag=bare_etag(headers.get("etag", "")) or file.etag,
        modified_ms=_date_ms(headers.get("last-modified", "")) or file.modified_ms,
    )


def bare_etag(text: str) -> str:
    """An ETag without quotation marks and the mark of a weak one."""
    return text.strip().removeprefix("W/").strip('"')


def _date_ms(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 1000
    except (ValueError, OverflowError):
        return None
