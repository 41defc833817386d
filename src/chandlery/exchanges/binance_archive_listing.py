"""The listing of Binance's archive, in the XML of S3: which files there are. Pure.

Version 1 of the listing: pages of at most 1000 keys, zips and checksums counted alike, continued
by a marker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, NoReturn
from xml.parsers import expat

from chandlery.candles.series import Series
from chandlery.errors import BadAnswer
from chandlery.exchanges.archive import ArchiveFile, FileKind
from chandlery.exchanges.binance_archive import CHECKSUM, URL, bare_etag, span_of
from chandlery.transport.request import Answer, Request

LISTING_URL: Final = "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision"
"""Where the files of `URL` are listed; every other host is asked for its listing itself."""
MOST_BYTES: Final = 4 << 20
"""Of one page. A real one has at most half a megabyte."""
MOST_PAGES: Final = 100
"""Of one listing: more than a hundred years of days."""

_ROOT: Final = "ListBucketResult"
_ACCEPT: Final = {"Accept": "application/xml, text/xml"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a listing."""

    key: str
    size: int
    etag: str
    modified_ms: int


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of a listing; `marker` continues it, and is None on the last one."""

    entries: list[Entry]
    marker: str | None


def listing_url(base: str) -> str:
    """Where the files below a base URL are listed."""
    return LISTING_URL if base.strip().rstrip("/") == URL else base


def listing_request(prefix: str, marker: str, *, at_bucket: bool) -> Request:
    """A page of the keys that begin with `prefix`, after `marker` if there is one.

    `at_bucket` when the base URL is the bucket of `LISTING_URL`.
    """
    continued = (("marker", marker),) if marker else ()
    params = (("delimiter", "/"), ("prefix", prefix), *continued)
    return Request("" if at_bucket else "/", params, headers=_ACCEPT)


def read_page(answer: Answer) -> ListingPage | None:
    """The page, or None where there is no listing: another status, a web page, other XML.

    Raises `BadAnswer` for a listing that is cut off or makes no sense.
    """
    if answer.status != HTTPStatus.OK:
        return None
    reader = _Reader()
    try:
        reader.parser.Parse(answer.body, True)  # noqa: FBT003  it is the last piece; no keyword
    except _NoListing:
        return None
    except (expat.ExpatError, LookupError, ValueError) as error:
        # The last two are raised for encodings that are none.
        if not reader.is_listing:
            return None
        raise BadAnswer(f"the listing is cut off or garbled: {error}") from error
    return reader.page()


def files_of(
    entries: Sequence[Entry], prefix: str, series: Series, kind: FileKind
) -> list[ArchiveFile]:
    """The files of a series among the keys, ascending; without its checksum none is published."""
    keys = {entry.key for entry in entries}
    files = [
        ArchiveFile(entry.key, kind, span, entry.size, entry.etag, entry.modified_ms)
        for entry in entries
        if entry.key.startswith(prefix)
        if (span := span_of(entry.key.removeprefix(prefix), series, kind))
        if entry.key + CHECKSUM in keys
    ]
    return sorted(files, key=lambda file: file.span)


class _NoListing(Exception):
    """The XML is something else, or declares entities, which no listing does."""


@dataclass
class _Reader:
    """Takes the XML apart, by the local names of its elements."""

    parser: expat.XMLParserType = field(init=False)
    is_listing: bool = False
    _open: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _top: dict[str, str] = field(default_factory=dict)
    _contents: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = _no_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append

    def page(self) -> ListingPage | None:
        """What was read, when it was a listing."""
        if self._top.get("IsTruncated") not in {"true", "false"}:
            return None
        entries = [_entry(content) for content in self._contents]
        if self._top["IsTruncated"] == "false":
            return ListingPage(entries, None)
        marker = self._top.get("NextMarker") or (entries[-1].key if entries else "")
        if not marker:
            msg = "the listing says that it goes on, and not from where"
            raise BadAnswer(msg)
        return ListingPage(entries, marker)

    def _start(self, name: str, _: object) -> None:
        local = name.rpartition(" ")[2]
        if not self._open and local != _ROOT:
            raise _NoListing
        self.is_listing = True
        self._open.append(local)
        self._text.clear()
        if self._open == [_ROOT, "Contents"]:
            self._contents.append({})

    def _end(self, _: str) -> None:
        match self._open:
            case [_, name]:
                self._top[name] = "".join(self._text)
            case [_, "Contents", name]:
                self._contents[-1][name] = "".join(self._text)
        self._open.pop()
        self._text.clear()


def _no_doctype(*_: object) -> NoReturn:
    raise _NoListing


def _entry(content: dict[str, str]) -> Entry:
    try:
        return Entry(
            content["Key"],
            _size(content["Size"]),
            bare_etag(content.get("ETag", "")),
            _time_ms(content["LastModified"]),
        )
    except (KeyError, ValueError, OverflowError) as error:
        msg = f"the listing has an entry that cannot be read: {content!r:.200}"
        raise BadAnswer(msg) from error


def _size(text: str) -> int:
    if not re.fullmatch("[0-9]{1,15}", text):
        raise ValueError(text)
    return int(text)


def _time_ms(text: str) -> int:
    time = datetime.fromisoformat(text)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
