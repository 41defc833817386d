"""What the archive publishes: CSV, zips, checksums, headers and listings."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from chandlery.candles.archive_csv import MOST_ROWS, read_slices
from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.exchanges import binance_archive
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive_listing import files_of, read_page
from chandlery.exchanges.binance_archive_zip import candles, opened
from chandlery.transport.request import Answer
from tests.candles.market import START_MS, rows
from tests.torture.fuzz.harness import Harness
from tests.torture.fuzz.of_exchanges import answer

_HOURS: Final = Series.parse("binance:BTCUSDT:1h")
_DAY_MS: Final = START_MS // DAY_MS * DAY_MS
_PATH: Final = binance_archive.path(binance_archive.SPOT, _HOURS, "daily", _DAY_MS)
_FILE: Final = ArchiveFile(_PATH, "daily", binance_archive.span_from(_DAY_MS, "daily"), 1, "", 0)
_MOST: Final = binance_archive.most_bytes(_FILE, _HOURS)
_NAME: Final = _PATH.rpartition("/")[2]
_FOLDER: Final = _PATH.removesuffix(_NAME)


def _csv(data: bytes) -> None:
    for frame in read_slices(io.BytesIO(data).read, _FILE.span):
        assert 0 < frame.height <= MOST_ROWS


def _zip(data: bytes) -> None:
    with opened(io.BytesIO(data), _FILE, _MOST) as inside:
        for frame in candles(inside, _FILE):
            assert 0 < frame.height <= MOST_ROWS


def _checksum(data: bytes) -> None:
    found = binance_archive.read_checksum(answer(data), _PATH)
    assert len(found) == 64
    assert int(found, 16) >= 0


def _headers(data: bytes) -> None:
    size, etag, modified, *_ = (*data.decode("latin-1").split("\n"), "", "", "")
    headers = {"content-length": size, "etag": etag, "last-modified": modified}
    told = binance_archive.described(_FILE, Answer(200, headers, b"", "", 0, 0, 0, 0))
    assert 0 <= told.size < 10**15


def _listing(data: bytes) -> None:
    page = read_page(answer(data))
    for file in files_of(page.entries, _FOLDER, _HOURS, "daily") if page else ():
        assert file.path.startswith(_FOLDER)
        assert "/" not in file.path.removeprefix(_FOLDER)


def _packed(text: bytes, method: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as packed:
        packed.writestr(zipfile.ZipInfo(_NAME.replace(".zip", ".csv")), text, method)
    return held.getvalue()


def _text(count: int, *, micro: bool = False) -> bytes:
    thousand = 1000 if micro else 1
    lines = [
        [int(row[0]) * thousand, *row[1:6], int(row[6]) * thousand, *row[7:]]
        for row in rows(count, "1h", start_ms=_DAY_MS)
    ]
    return "".join(",".join(map(str, line)) + "\n" for line in lines).encode()


_HEADER: Final = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    b"taker_buy_volume,taker_buy_quote_volume,ignore\n"
)
_KEY: Final = (
    f"<Contents><Key>{_PATH}</Key><LastModified>2023-11-16T02:00:00.000Z</LastModified>"
    "<ETag>&quot;abc&quot;</ETag><Size>77</Size></Contents>"
)
_PAGE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>x</Name>'
    f"<IsTruncated>true</IsTruncated>{_KEY}{_KEY.replace('.zip', '.zip.CHECKSUM')}"
    "</ListBucketResult>"
).encode()
_BOMB: Final = b'<!DOCTYPE l [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><ListBucketResult>&c;'

HARNESSES: Final = (
    Harness(
        "archive_csv",
        _csv,
        (_text(2), _HEADER + _text(1), _text(2, micro=True), _HEADER + b"\n"),
        words=(_HEADER,),
    ),
    Harness(
        "archive_zip",
        _zip,
        (
            _packed(_text(2), zipfile.ZIP_STORED),
            _packed(_text(2), zipfile.ZIP_DEFLATED),
            _packed(_text(1), zipfile.ZIP_BZIP2),
        ),
        words=(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"),
    ),
    Harness("archive_checksum", _checksum, (f"{'ab' * 32}  {_NAME}\n".encode(),), 512),
    Harness(
        "archive_headers",
        _headers,
        (b'77\nW/"abc"\nThu, 16 Nov 2023 02:00:00 GMT',),
        most_bytes=512,
    ),
    Harness(
        "archive_listing",
        _listing,
        (_PAGE, _PAGE.replace(b"true", b"false"), _BOMB),
        words=(b"<Contents>", b"<Key>", b'encoding="utf-7"', b"&amp;", b"&#0;", b"<![CDATA["),
    ),
)
