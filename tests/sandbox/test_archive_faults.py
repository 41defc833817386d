"""Faults of the archive: files that are wrong, late or changed, and a host that misbehaves."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from chandlery.errors import InputError
from chandlery.sandbox import ARCHIVE_KINDS, ArchiveFaultKind, FaultKind
from chandlery.sandbox.archive.spoiling import SPOILERS
from tests.sandbox.archive_reading import (
    body,
    digest,
    fetch,
    is_right,
    keys,
    listing,
    name,
    rows,
    served,
    texts,
)
from tests.sandbox.asking import DAY, HOUR, NOW_MS, Asker
from tests.waiting import eventually

pytestmark = pytest.mark.slow  # many, which take long together

MONTH = name("BTCUSDT", "1h", "2024-11")
DAY_FILE = name("BTCUSDT", "1h", "2024-11-03")
FIRST_MS = 1_730_419_200_000
"""2024-11-01."""
LATER_MS = 1_733_011_200_000
"""2024-12-01."""


def listed(own: Asker, path: str) -> dict[str, str]:
    """What the listing says of one zip."""
    page = listing(own, delimiter="/", prefix=path[1:])
    tags = ("Key", "LastModified", "ETag", "Size")
    return {tag: texts(page, f"Contents/{tag}")[0] for tag in tags}


def test_checksum(own: Asker) -> None:
    """For so many downloads the CHECKSUM names another digest; asking for headers uses none up."""
    right = hashlib.sha256(body(own, MONTH)).hexdigest()
    own.box.spoil_archive("checksum", "BTCUSDT-1h-2024-11.zip", times=2)
    assert fetch(own, f"{MONTH}.CHECKSUM", "HEAD").status == 200
    seen = [body(own, f"{MONTH}.CHECKSUM").decode() for _ in range(3)]
    assert [each == f"{right}  BTCUSDT-1h-2024-11.zip\n" for each in seen] == [False, False, True]
    assert all(each[64:] == seen[2][64:] for each in seen)
    assert own.box.archive_faults.planned() == []


def test_checksum_for_ever(own: Asker) -> None:
    """Without a number it is wrong until it is taken back, and other files are right."""
    own.box.spoil_archive("checksum", "2024-11.zip")
    assert [is_right(own, MONTH) for _ in range(3)] == [False] * 3
    assert is_right(own, name("BTCUSDT", "1h", "2024-10"))
    own.box.archive_faults.clear()
    assert is_right(own, MONTH)


def test_cut(own: Asker) -> None:
    """A truncated file has the first half of its rows, and a right checksum."""
    whole = rows(own, MONTH)
    before = listed(own, MONTH)
    own.box.spoil_archive("cut", "BTCUSDT-1h-2024-11")
    assert rows(own, MONTH) == whole[: len(whole) // 2]
    assert is_right(own, MONTH)
    assert listed(own, MONTH)["Size"] == str(len(body(own, MONTH)))
    own.box.archive_faults.clear("cut")
    assert rows(own, MONTH) == whole
    assert listed(own, MONTH) == before


def test_missing(own: Asker) -> None:
    """A file that is held back is 404 and not listed; its CHECKSUM can be held back alone."""
    own.box.spoil_archive("missing", "BTCUSDT-1h-2024-11.zip")
    assert fetch(own, MONTH).status == fetch(own, f"{MONTH}.CHECKSUM").status == 404
    assert keys(own, MONTH[1:-4]) == []
    own.box.archive_faults.clear()
    own.box.spoil_archive("missing", "BTCUSDT-1h-2024-11.zip.CHECKSUM")
    assert fetch(own, MONTH).status == 200
    assert keys(own, MONTH[1:-4]) == [MONTH[1:]]


def test_a_revision_does_not_change_what_is_published(own: Asker) -> None:
    """A candle revised after publication is other at REST, and the same in the file."""
    before, text_before = listed(own, MONTH), body(own, MONTH)
    own.box.revise("BTCUSDT", "1h", FIRST_MS)
    assert body(own, MONTH) == text_before
    assert listed(own, MONTH) == before
    assert rows(own, MONTH)[0] != served(own, "BTCUSDT", "1h", FIRST_MS, LATER_MS)[0]


def test_a_revision_before_publication_is_in_the_file(own: Asker) -> None:
    """A file has the candles as they were when it was published."""
    now = NOW_MS // DAY * DAY
    own.box.revise("BTCUSDT", "1h", now)
    own.box.clock.freeze(now + DAY + 6 * HOUR)
    own.box.revise("BTCUSDT", "1h", now + HOUR)
    found = rows(own, name("BTCUSDT", "1h", "2025-03-14"))
    rest = served(own, "BTCUSDT", "1h", now, now + DAY)
    assert found[0][1:6] == rest[0][1:6]
    assert found[0][8] == rest[0][8]
    assert int(found[1][8]) == int(rest[1][8]) - 1


def test_reissue(own: Asker) -> None:
    """A file that is published again has a new time, and what was revised by then and no more."""
    before = listed(own, MONTH)
    own.box.revise("BTCUSDT", "1h", FIRST_MS)
    own.box.spoil_archive("reissue", "BTCUSDT-1h-2024-11.zip")
    own.box.revise("BTCUSDT", "1h", FIRST_MS + HOUR)
    after = listed(own, MONTH)
    assert after["LastModified"] == "2025-03-14T15:09:26.000Z"
    assert after["ETag"] != before["ETag"]
    assert fetch(own, MONTH, "HEAD").headers["last-modified"] == "Fri, 14 Mar 2025 15:09:26 GMT"
    found, rest = rows(own, MONTH), served(own, "BTCUSDT", "1h", FIRST_MS, LATER_MS)
    assert found[0] == rest[0]
    assert int(found[1][8]) == int(rest[1][8]) - 1
    assert is_right(own, MONTH)
    own.box.spoil_archive("reissue", "BTCUSDT-1h-2024-11.zip")
    assert rows(own, MONTH) == rest
    own.box.archive_faults.clear()
    assert listed(own, MONTH) == before


def test_reissue_of_the_same(own: Asker) -> None:
    """Where nothing was revised a new issue has a new time and the same bytes."""
    before = listed(own, MONTH)
    own.box.spoil_archive("reissue")
    after = listed(own, MONTH)
    assert after["LastModified"] > before["LastModified"]
    assert after["ETag"] == before["ETag"]


def test_disagree(own: Asker) -> None:
    """One candle a day has another volume in the monthly file than in the daily one and at REST."""
    own.box.spoil_archive("disagree", "BTCUSDT-1h-2024-11")
    found = rows(own, MONTH)
    rest = served(own, "BTCUSDT", "1h", FIRST_MS, LATER_MS)
    other = [number for number, row in enumerate(found) if row != rest[number]]
    assert other == list(range(0, 30 * 24, 24))
    changed = [rest[number][:5] + found[number][5:6] + rest[number][6:] for number in other]
    assert [found[number] for number in other] == changed
    assert rows(own, DAY_FILE) == rest[48:72]
    assert is_right(own, MONTH)


def test_wrong_member(own: Asker) -> None:
    """The zip is whole and right, and holds a file of another name."""
    own.box.spoil_archive("wrong-member", MONTH)
    with zipfile.ZipFile(io.BytesIO(body(own, MONTH))) as archive:
        assert archive.namelist() == ["OTHER-BTCUSDT-1h-2024-11.csv"]
        assert archive.testzip() is None
    assert is_right(own, MONTH)


def test_garbage(own: Asker) -> None:
    """What should be a zip is none, and its checksum is right."""
    own.box.spoil_archive("garbage", MONTH)
    assert not zipfile.is_zipfile(io.BytesIO(body(own, MONTH)))
    assert is_right(own, MONTH)


def test_faults_add_up(own: Asker) -> None:
    """Several faults meet one file, each once."""
    for kind in ("cut", "wrong-member", "cut"):
        own.box.spoil_archive(kind, MONTH)
    with zipfile.ZipFile(io.BytesIO(body(own, MONTH))) as archive:
        [member] = archive.namelist()
        assert archive.read(member).count(b"\n") == 360
    own.box.archive_faults.clear("cut")
    assert [each.kind for each in own.box.archive_faults.planned()] == ["wrong-member"]


def test_every_kind_is_known() -> None:
    """The table of what changes a file has only kinds that can be planned."""
    assert set(SPOILERS) < set(ARCHIVE_KINDS)


@pytest.mark.parametrize(
    ("kind", "times", "match"),
    [
        ("melt", -1, "checksum, missing, reissue"),
        ("cut", 3, "only 'checksum'"),
        ("checksum", 0, "1 or more"),
    ],
)
def test_what_cannot_be_planned(own: Asker, kind: ArchiveFaultKind, times: int, match: str) -> None:
    """A fault that does not exist, or cannot be counted, is refused with the reason."""
    with pytest.raises(InputError, match=match):
        own.box.spoil_archive(kind, times=times)
    assert own.box.archive_faults.planned() == []


def test_control(own: Asker) -> None:
    """Faults of the archive are planned, told and taken back over HTTP, at any address."""
    for url in (own.box.archive_url, own.box.binance_url):
        path = f"{url}/sandbox/archive"
        plan = {"kind": "missing", "path": "1h-2024-11"}
        [planned] = own.fetch("POST", path, body=plan).json()
        assert (planned["kind"], planned["path"]) == ("missing", "1h-2024-11")
        assert own.fetch("GET", path).json() == [planned]
        assert fetch(own, MONTH).status == 404
        assert len(own.fetch("POST", path, body={"kind": "checksum", "times": 2}).json()) == 2
        assert own.fetch("DELETE", path, body={"kind": "checksum"}).json() == [planned]
        assert own.fetch("DELETE", path).json() == []
        assert fetch(own, MONTH).status == 200
        for nonsense in ({"kind": "melt"}, {"path": "x"}, {"kind": "cut", "colour": 1}):
            assert own.fetch("POST", path, body=nonsense).status == 422


@pytest.mark.parametrize(
    ("kind", "status", "holds", "content_type"),
    [
        ("5xx", 503, b"<Code>SlowDown</Code>", "application/xml"),
        ("429", 429, b"<Code>TooManyRequests</Code>", "application/xml"),
        ("html", 502, b"<html>", "text/html"),
        ("403", 403, b"403 ERROR", "text/html"),
        ("451", 451, b"restricted location", "application/json"),
        ("empty", 200, b"", "application/zip"),
        ("garbled", 200, b"<oops>", "application/zip"),
    ],
)
def test_answers_of_the_host(
    own: Asker, kind: FaultKind, status: int, holds: bytes, content_type: str
) -> None:
    """Faults of the host are asked for by its name, and leave the exchange alone."""
    own.box.faults.next(kind, service="archive", seconds=7)
    assert own.get("ping").status == 200
    answer = fetch(own, MONTH)
    assert (answer.status, holds in answer.data) == (status, True)
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.headers.get("retry-after") == ("7" if kind == "429" else None)
    assert is_right(own, MONTH)


@pytest.mark.parametrize("kind", ["truncated", "reset-mid-body", "reset"])
def test_broken_downloads(own: Asker, kind: FaultKind) -> None:
    """The connection ends before the file does; the next download is whole."""
    own.box.faults.next(kind, service="archive", path=".zip")
    with pytest.raises(ProtocolError):
        fetch(own, MONTH)
    assert is_right(own, MONTH)


@pytest.mark.parametrize("kind", ["truncated", "reset-mid-body", "empty", "garbled"])
def test_headers_alone_have_no_body_to_break(own: Asker, kind: FaultKind) -> None:
    """A fault of the body leaves the answer to HEAD as it is."""
    right = fetch(own, MONTH, "HEAD").headers["content-length"]
    own.box.faults.next(kind, service="archive")
    answer = fetch(own, MONTH, "HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, right)
    assert own.box.faults.planned() == []


@pytest.mark.parametrize("kind", ["hang", "hang-mid-body"])
def test_hangs(own: Asker, kind: FaultKind) -> None:
    """Nothing more comes until the client gives up."""
    own.box.faults.next(kind, service="archive")
    with (
        urllib3.PoolManager(retries=False, timeout=0.3) as pool,
        pytest.raises(ReadTimeoutError),
    ):
        pool.request("GET", f"{own.box.archive_url}{MONTH}")
    assert is_right(own, MONTH)


def test_latency(own: Asker) -> None:
    """A late file is a good one."""
    own.box.faults.next("latency", service="archive", seconds=0.1)
    started = time.monotonic()
    assert fetch(own, MONTH, "HEAD").status == 200
    assert time.monotonic() - started >= 0.1


def test_the_archive_alone_is_unreachable(own: Asker) -> None:
    """Within the block the archive is away and the exchange is there; after it both are."""
    with own.box.unreachable("archive"):
        with pytest.raises((NewConnectionError, ProtocolError)):
            fetch(own, MONTH)
        assert own.get("ping").status == 200
    assert fetch(own, MONTH, "HEAD").status == 200
    with own.box.unreachable(), pytest.raises((NewConnectionError, ProtocolError)):
        fetch(own, MONTH)
    assert fetch(own, MONTH, "HEAD").status == 200
    with pytest.raises(InputError, match="binance, coingecko, archive"), own.box.unreachable("s3"):
        pass


def test_control_closes_the_archive(own: Asker) -> None:
    """The archive alone can be closed for a while over HTTP."""
    url = f"{own.box.binance_url}/sandbox/faults"
    plan: dict[str, Any] = {"kind": "unreachable", "service": "archive", "seconds": 2}
    assert own.fetch("POST", url, body=plan).status == 200
    eventually(lambda: not _is_there(own))
    assert own.get("ping").status == 200
    eventually(lambda: _is_there(own))
    assert own.fetch("POST", url, body={**plan, "service": "s3"}).status == 422


def _is_there(own: Asker) -> bool:
    try:
        return fetch(own, MONTH, "HEAD").status == 200
    except HTTPError:
        return False


def test_requests_are_seen(own: Asker) -> None:
    """Requests of the archive are counted and told apart, and only GET and HEAD are answered."""
    fetch(own, MONTH, "HEAD")
    digest(own, MONTH)
    assert fetch(own, MONTH, "PUT").status == 405
    seen = own.box.requests.log("BTCUSDT-1h-2024-11")
    assert [(each.service, each.status) for each in seen] == [
        ("archive", 200),
        ("archive", 200),
        ("archive", 405),
    ]
