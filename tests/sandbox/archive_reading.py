"""Reading the sandbox's archive over HTTP, as a client of Binance's archive would."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import urllib3

from tests.sandbox.asking import Asker

NAMESPACE: Final = "{http://s3.amazonaws.com/doc/2006-03-01/}"
Rows = list[list[str]]


def name(symbol: str, interval: str, stamp: str, *, market: str = "spot") -> str:
    """The path of a zip: a stamp of a day is of the daily files."""
    period = "daily" if stamp.count("-") == 2 else "monthly"
    folder = f"/data/{market}/{period}/klines/{symbol}/{interval}"
    return f"{folder}/{symbol}-{interval}-{stamp}.zip"


def fetch(
    own: Asker, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """One request of the archive."""
    return own.fetch(method, f"{own.box.archive_url}{path}", headers)


def body(own: Asker, path: str) -> bytes:
    """A file that is there."""
    answer = fetch(own, path)
    assert answer.status == 200, answer.data
    return answer.data


def digest(own: Asker, path: str) -> str:
    """The digest that the CHECKSUM file of a zip names."""
    return body(own, f"{path}.CHECKSUM").decode().split("  ")[0]


def is_right(own: Asker, path: str) -> bool:
    """Whether a zip is what its CHECKSUM file says."""
    return hashlib.sha256(body(own, path)).hexdigest() == digest(own, path)


def text(own: Asker, path: str) -> str:
    """What is in the one file in a zip, which has its name."""
    with zipfile.ZipFile(io.BytesIO(body(own, path))) as archive:
        [member] = archive.namelist()
        assert member == path.rsplit("/", 1)[1].replace(".zip", ".csv")
        return archive.read(member).decode()


def rows(own: Asker, path: str) -> Rows:
    """The candles in a zip, without a header."""
    lines = text(own, path).splitlines()
    return [line.split(",") for line in lines if line[0].isdigit()]


def served(own: Asker, symbol: str, interval: str, start_ms: int, end_ms: int) -> Rows:
    """The candles that the REST interface has of a span, as text."""
    asked: dict[str, Any] = {"symbol": symbol, "interval": interval, "limit": 1000}
    found: Rows = []
    while start_ms < end_ms:
        page = own.rows(**asked, startTime=start_ms, endTime=end_ms - 1)
        if not page:
            break
        found += [[str(value) for value in row] for row in page]
        start_ms = page[-1][0] + 1
    return found


def listing(own: Asker, path: str = "/", /, **query: object) -> ET.Element:
    """One page of the listing."""
    answer = fetch(own, f"{path}?{urlencode(query)}")
    assert answer.status == 200, answer.data
    assert answer.headers["content-type"] == "application/xml"
    return ET.fromstring(answer.data)  # noqa: S314  it comes from our own sandbox


def texts(page: ET.Element, tag: str) -> list[str]:
    """The texts of all elements of a path such as `Contents/Key`."""
    steps = "/".join(f"{NAMESPACE}{step}" for step in tag.split("/"))
    return [each.text or "" for each in page.findall(steps)]


def one(page: ET.Element, tag: str) -> str | None:
    """The text of an element that may be there once."""
    found = texts(page, tag)
    assert len(found) <= 1
    return found[0] if found else None


def pages(own: Asker, **query: object) -> Iterator[ET.Element]:
    """Every page of a listing in version 1, by NextMarker or by the last key."""
    while True:
        page = listing(own, **query)
        yield page
        if one(page, "IsTruncated") == "false":
            return
        query["marker"] = one(page, "NextMarker") or texts(page, "Contents/Key")[-1]


def keys(own: Asker, prefix: str, **query: object) -> list[str]:
    """Every key below a folder."""
    walked = pages(own, delimiter="/", prefix=prefix, **query)
    return [key for page in walked for key in texts(page, "Contents/Key")]
