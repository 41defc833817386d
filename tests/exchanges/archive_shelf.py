"""A small archive on loopback: files with their checksums, listed and served as by the real one."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, cast
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, ms_to_datetime
from chandlery.exchanges.binance_archive import USD_M_FUTURES, Market, path
from chandlery.exchanges.binance_archive_client import BinanceArchive
from chandlery.transport.retry import RetryPolicy
from chandlery.transport.service import Manners

MINUTE_MS = 60_000
NOVEMBER_MS = 1_730_419_200_000
"""2024-11-01, the last month but one of spot files in milliseconds."""
JANUARY_MS = 1_735_689_600_000
"""2025-01-01, the first month of spot files in microseconds."""
NOW_MS = JANUARY_MS + 40 * 86_400_000
"""2025-02-10."""
MODIFIED_MS = JANUARY_MS + 33 * 86_400_000

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore\n"
)
QUICK = Manners(retry=RetryPolicy(attempts=3, chance=lambda: 1.0))

MINUTES = Series.parse("binance:BTCUSDT:1m")
FUTURES = Series.parse("binance-um:BTCUSDT:1m")


def row(open_ms: int, *, unit: int = 1, close: str = "1.50000000", step_ms: int = MINUTE_MS) -> str:
    """One line of the archive; `unit` is 1000 for microseconds."""
    ends = (open_ms + step_ms) * unit - 1
    values = ("1.00000000", "2.00000000", "0.50000000", close, "10.12345678")
    rest = ("12.00000000", "7", "5.00000000", "6.00000000", "0")
    return ",".join((str(open_ms * unit), *values, str(ends), *rest)) + "\n"


def rows(start_ms: int, count: int, *, unit: int = 1, step_ms: int = MINUTE_MS) -> str:
    """Lines of neighbouring candles."""
    opens = range(start_ms, start_ms + count * step_ms, step_ms)
    return "".join(row(open_ms, unit=unit, step_ms=step_ms) for open_ms in opens)


def packed(*members: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these names and contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def zipped(zip_path: str, text: str | bytes) -> bytes:
    """The zip that belongs at that path: one CSV of the same name."""
    return packed((zip_path.rpartition("/")[2].replace(".zip", ".csv"), text))


@dataclass(frozen=True)
class Asked:
    """One request as the archive saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Spoiled:
    """An answer in place of the right one."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Send only so many bytes of the body, then close."""


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        shelf = cast("Shelf", self.server)
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, unquote(split.path).lstrip("/"), query, headers)
        self._say(shelf.answer(asked))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _say(self, answer: Spoiled) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body[: answer.cut])
        self.close_connection = answer.cut is not None

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Shelf(ThreadingHTTPServer):
    """The archive: put files on it, ask what it was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.files: dict[str, bytes] = {}
        self.listing: Literal["next marker", "last key", "none"] = "next marker"
        self.page_size = 1000
        self.spoiled: dict[str, list[Spoiled]] = {}
        """Answers to give instead, by path, in turn; the last one is not for ever."""
        self.modified_ms = MODIFIED_MS
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, where: str, content: bytes, *, checksum: str | None = None) -> None:
        """Publish a file with its checksum, or with another one."""
        name = where.rpartition("/")[2]
        digest = checksum or hashlib.sha256(content).hexdigest()
        self.files[where] = content
        self.files[f"{where}.CHECKSUM"] = f"{digest}  {name}\n".encode()

    def paths(self, method: str = "GET") -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked if asked.method == method]

    def answer(self, asked: Asked) -> Spoiled:
        """What to say."""
        with self._lock:
            self.asked.append(asked)
            if self.spoiled.get(asked.path):
                return self.spoiled[asked.path].pop(0)
        if not asked.path and self.listing != "none":
            return Spoiled(self._listed(asked.query).encode(), headers={"Content-Type": "text/xml"})
        content = self.files.get(asked.path)
        if content is None:
            return Spoiled(b"<Error><Code>NoSuchKey</Code></Error>", HTTPStatus.NOT_FOUND)
        modified = formatdate(self.modified_ms / 1000, usegmt=True)
        return Spoiled(content, headers={"ETag": f'"{etag(content)}"', "Last-Modified": modified})

    def _listed(self, query: dict[str, str]) -> str:
        after = query.get("marker", "")
        keys = sorted(k for k in self.files if k.startswith(query["prefix"]) and k > after)
        page = keys[: self.page_size]
        truncated = len(page) < len(keys)
        marker = f"<NextMarker>{escape(page[-1])}</NextMarker>" if truncated else ""
        return listing_xml(
            (self._content(key) for key in page),
            truncated=truncated,
            marker=marker if self.listing == "next marker" else "",
        )

    def _content(self, key: str) -> str:
        modified = ms_to_datetime(self.modified_ms).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        content = self.files[key]
        return (
            f"<Contents><Key>{escape(key)}</Key><LastModified>{modified}</LastModified>"
            f"<ETag>&quot;{etag(content)}&quot;</ETag><Size>{len(content)}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )


def etag(content: bytes) -> str:
    """The ETag of a file, without quotation marks."""
    return hashlib.sha256(content).hexdigest()[:32]


def listing_xml(contents: Iterable[str] = (), *, truncated: bool = False, marker: str = "") -> str:
    """A page of a listing."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>data.binance.vision</Name><Prefix>p</Prefix><Marker></Marker>{marker}"
        f"<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter>"
        f"<IsTruncated>{str(truncated).lower()}</IsTruncated>{''.join(contents)}"
        "<CommonPrefixes><Prefix>data/spot/</Prefix></CommonPrefixes></ListBucketResult>"
    )


def month_path(market: Market, series: Series, start_ms: int) -> str:
    """Where the month that begins then lies."""
    return path(market, series, "monthly", start_ms)


def day_path(market: Market, series: Series, start_ms: int) -> str:
    """Where the day that begins then lies."""
    return path(market, series, "daily", start_ms)


@contextmanager
def shelf() -> Iterator[Shelf]:
    """Run an archive for the length of a `with`."""
    with Shelf() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def archive_of(
    server: Shelf, market: Market, *, manners: Manners = QUICK
) -> Iterator[BinanceArchive]:
    """The archive's client, on a frozen clock."""
    one = BinanceArchive(market, [server.url], clock=FrozenClock(NOW_MS), manners=manners)
    try:
        yield one
    finally:
        one.close()


def header_of(market: Market) -> str:
    """The first line of a market's files, if they have one."""
    return HEADER if market is USD_M_FUTURES else ""
