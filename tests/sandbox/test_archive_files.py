"""The archive's files: names, checksums, rows, units, and when each is there."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chandlery.sandbox.market.trading_time import draw_outages
from tests.sandbox.archive_reading import (
    body,
    digest,
    fetch,
    is_right,
    keys,
    name,
    rows,
    served,
    text,
)
from tests.sandbox.asking import HOUR, NOW_MS, Asker, asking

UM = "futures/um"


def ms(year: int, month: int, day: int = 1, hour: int = 0) -> int:
    """A time of UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1000


def of(stamp: str) -> tuple[int, int]:
    """The span of a month or a day by its name."""
    first = date.fromisoformat(stamp if stamp.count("-") == 2 else f"{stamp}-01")
    after = first + timedelta(days=1 if stamp.count("-") == 2 else 31)
    last = after if stamp.count("-") == 2 else after.replace(day=1)
    return ms(first.year, first.month, first.day), ms(last.year, last.month, last.day)


def in_ms(line: list[str]) -> list[str]:
    """A row of microseconds in milliseconds."""
    return [str(int(line[0]) // 1000), *line[1:6], str(int(line[6]) // 1000), *line[7:]]


def test_spot_file(ask: Asker) -> None:
    """A spot zip holds one table without a header, in milliseconds, as REST serves the month."""
    found = rows(ask, name("BTCUSDT", "1h", "2024-11"))
    assert text(ask, name("BTCUSDT", "1h", "2024-11")).endswith(",0\n")
    assert len(found) == 30 * 24
    assert found == served(ask, "BTCUSDT", "1h", ms(2024, 11), ms(2024, 12))


def test_microseconds_from_2025(ask: Asker) -> None:
    """From 2025 on spot files are in microseconds, the last of which closes a candle."""
    for stamp, start_ms, end_ms in (
        ("2025-01", ms(2025, 1), ms(2025, 2)),
        ("2025-01-01", ms(2025, 1), ms(2025, 1, 2)),
    ):
        found = rows(ask, name("ETHUSDT", "1h", stamp))
        assert {(len(line[0]), line[6][-6:]) for line in found} == {(16, "999999")}
        assert list(map(in_ms, found)) == served(ask, "ETHUSDT", "1h", start_ms, end_ms)
    [*_, last] = rows(ask, name("ETHUSDT", "1h", "2024-12-31"))
    assert (last[0], last[6]) == (str(ms(2024, 12, 31, 23)), str(ms(2025, 1) - 1))


def test_um_file(ask: Asker) -> None:
    """A futures zip has a header, milliseconds throughout, and the candles of the same market."""
    path = name("BTCUSDT", "4h", "2025-02", market=UM)
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore\n"
    )
    assert text(ask, path).startswith(header)
    assert rows(ask, path) == served(ask, "BTCUSDT", "4h", ms(2025, 2), ms(2025, 3))


@pytest.mark.parametrize(
    ("symbol", "interval", "stamp"),
    [
        ("BTCUSDT", "1m", "2024-06-05"),
        ("DCRBTC", "15m", "2024-06"),
        ("DOGEUSDT", "1d", "2023-11"),
        ("ADAUSDT", "3d", "2023-11"),
        ("LINKUSDT", "1w", "2023-05"),
        ("SOLUSDT", "12h", "2020-08"),
        ("XMRUSDT", "2h", "2024-02"),
    ],
)
def test_rows_are_those_of_rest(ask: Asker, symbol: str, interval: str, stamp: str) -> None:
    """Whatever the interval, also where a symbol begins or ends, a file is what REST serves."""
    found = rows(ask, name(symbol, interval, stamp))
    assert found == served(ask, symbol, interval, *of(stamp))
    assert found


def test_month_candle(ask: Asker) -> None:
    """The candles of months are under 1mo, one a file."""
    found = rows(ask, name("BTCUSDT", "1mo", "2024-04"))
    assert found == served(ask, "BTCUSDT", "1M", ms(2024, 4), ms(2024, 5))
    assert len(found) == 1


def test_seconds(ask: Asker) -> None:
    """Seconds are there by the day, on spot alone."""
    found = rows(ask, name("XRPUSDT", "1s", "2024-06-05"))
    assert len(found) == 86_400
    start_ms = ms(2024, 6, 5, 11)
    assert found[11 * 3600 :][:3600] == served(ask, "XRPUSDT", "1s", start_ms, start_ms + HOUR)
    assert fetch(ask, name("XRPUSDT", "1s", "2024-06-05", market=UM)).status == 404


def test_checksum(ask: Asker) -> None:
    """A CHECKSUM file is one line of digest, two spaces and name, as sha256sum reads it."""
    path = name("BTCUSDT", "1d", "2024-12")
    whole = hashlib.sha256(body(ask, path)).hexdigest()
    assert body(ask, f"{path}.CHECKSUM") == f"{whole}  BTCUSDT-1d-2024-12.zip\n".encode()


def test_headers(ask: Asker) -> None:
    """Files say their size, MD5 and time; asking for the headers alone says the same."""
    for path, kind in (
        (name("BTCUSDT", "1d", "2024-12"), "application/zip"),
        (f"{name('BTCUSDT', '1d', '2024-12')}.CHECKSUM", "binary/octet-stream"),
    ):
        whole, head = fetch(ask, path), fetch(ask, path, "HEAD")
        assert head.data == b""
        for answer in (whole, head):
            assert answer.headers["content-length"] == str(len(whole.data))
            md5 = hashlib.md5(whole.data, usedforsecurity=False).hexdigest()
            assert answer.headers["etag"] == f'"{md5}"'
            assert answer.headers["content-type"] == kind
            assert answer.headers["accept-ranges"] == "bytes"
            modified = parsedate_to_datetime(answer.headers["last-modified"])
            assert modified == datetime(2025, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999999", 206, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_ranges(ask: Asker, asked: str, status: int, part: slice) -> None:
    """A part of a file can be had; what is no range is the whole."""
    path = name("BTCUSDT", "1d", "2024-12")
    whole = body(ask, path)
    answer = fetch(ask, path, headers={"Range": asked})
    assert (answer.status, answer.data) == (status, whole[part])
    if status == 206:
        start, stop, _ = part.indices(len(whole))
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_range_beyond(ask: Asker) -> None:
    """A range behind the end is refused with the size."""
    path = name("BTCUSDT", "1d", "2024-12")
    answer = fetch(ask, path, headers={"Range": "bytes=999999-"})
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(body(ask, path))}"


@pytest.mark.parametrize(
    "path",
    [
        name("NOUSDT", "1h", "2024-12"),
        name("BTCUSDT", "1M", "2024-12"),
        name("BTCUSDT", "1mo", "2024-12-01"),
        name("BTCUSDT", "3d", "2024-12-01"),
        name("BTCUSDT", "7h", "2024-12"),
        name("BTCUSDT", "1h", "2024-13"),
        name("BTCUSDT", "1h", "2024-02-30"),
        name("BTCUSDT", "1h", "2017-07"),
        name("SOLUSDT", "1h", "2020-08-10"),
        name("XMRUSDT", "1h", "2024-03"),
        name("XMRUSDT", "1h", "2024-02-21"),
        name("ETHBTC", "1h", "2024-12", market=UM),
        name("BTCUSDT", "1h", "2024-12", market="option"),
        name("BTCUSDT", "1h", "2024-12").replace("BTCUSDT-", "ETHUSDT-"),
        f"{name('BTCUSDT', '1h', '2024-12')}.SHA256",
        "/favicon.ico",
    ],
)
def test_missing(ask: Asker, path: str) -> None:
    """What is not published is 404 with S3's XML, which names the key."""
    answer = fetch(ask, path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/xml"
    error = ET.fromstring(answer.data)  # noqa: S314  it comes from our own sandbox
    assert error.tag == "Error"
    assert error.findtext("Code") == "NoSuchKey"
    assert error.findtext("Key") == path[1:]


@pytest.mark.parametrize(
    ("path", "out_ms"),
    [
        (name("BTCUSDT", "1h", "2025-03-14"), ms(2025, 3, 15, 5)),
        (name("BTCUSDT", "1h", "2025-03"), ms(2025, 4, 3)),
        (name("BTCUSDT", "1w", "2025-03"), ms(2025, 4, 9)),
        (name("BTCUSDT", "1mo", "2025-03", market=UM), ms(2025, 4, 3)),
    ],
)
def test_publication(own: Asker, path: str, out_ms: int) -> None:
    """A file comes some time after its last candle has closed; before it is nowhere to be seen."""
    folder = path[1:].rsplit("/", 1)[0] + "/"
    own.box.clock.freeze(out_ms - 1)
    assert fetch(own, path).status == fetch(own, f"{path}.CHECKSUM", "HEAD").status == 404
    assert path[1:] not in keys(own, folder, marker=path[1:-6])
    own.box.clock.freeze(out_ms)
    assert is_right(own, path)
    assert path[1:] in keys(own, folder, marker=path[1:-6])


def test_outage_has_no_candles(ask: Asker) -> None:
    """Where the exchange stood still there is no row, as there is none from REST."""
    spans = draw_outages(ask.box.options.seed)
    span = next(each for each in spans if ms(2019, 1) < each.start < ms(2024, 1))
    day = datetime.fromtimestamp(span.start / 1000, UTC)
    found = rows(ask, name("BTCUSDT", "1m", f"{day:%Y-%m-%d}"))
    start_ms = ms(day.year, day.month, day.day)
    assert len(found) < 1440
    assert found == served(ask, "BTCUSDT", "1m", start_ms, start_ms + 24 * HOUR)


def test_same_bytes(ask: Asker) -> None:
    """Another sandbox of the same seed has the same bytes, another seed has others."""
    path = name("BNBUSDT", "30m", "2024-10", market=UM)
    with asking(seed=1, now_ms=NOW_MS + 90 * HOUR) as same, asking(seed=2, now_ms=NOW_MS) as other:
        assert body(same, path) == body(ask, path)
        assert digest(other, path) != digest(ask, path)
    with zipfile.ZipFile(io.BytesIO(body(ask, path))) as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_more_symbols() -> None:
    """Further symbols have files too, like those whose market they share."""
    with asking(more_symbols=30, now_ms=NOW_MS) as own:
        path = name("C0007USDT", "1h", "2024-10-05")
        assert rows(own, path) == served(own, "C0007USDT", "1h", ms(2024, 10, 5), ms(2024, 10, 6))
        assert len(rows(own, path)) == 24


def test_replay(tmp_path: Path) -> None:
    """Recorded candles are published too: off-grid ones in their day, empty days not at all."""
    lines = [
        f"{open_ms},1.5,2.25,1.00000001,2,10.5,{open_ms + HOUR - 1},20.00000007,3,5,10,0"
        for open_ms in (
            ms(2024, 11, 1),
            ms(2024, 11, 1, 1) + 14_789,
            ms(2024, 11, 3, 23),
            ms(2025, 1, 1),
        )
    ]
    path = tmp_path / "ABCUSDT-1h.csv"
    path.write_text("\n".join(lines))
    with asking(replay=(path,), now_ms=ms(2025, 3)) as own:
        first, last = ms(2024, 11), ms(2024, 12)
        assert rows(own, name("ABCUSDT", "1h", "2024-11")) == served(
            own, "ABCUSDT", "1h", first, last
        )
        assert len(rows(own, name("ABCUSDT", "1h", "2024-11-01"))) == 2
        assert len(rows(own, name("ABCUSDT", "1h", "2024-11-03", market=UM))) == 1
        assert fetch(own, name("ABCUSDT", "1h", "2024-11-02")).status == 404
        assert fetch(own, name("ABCUSDT", "1h", "2024-12")).status == 404
        assert fetch(own, name("ABCUSDT", "2h", "2024-11")).status == 404
        assert rows(own, name("ABCUSDT", "1h", "2025-01"))[0][0] == str(ms(2025, 1) * 1000)
        own.box.revise("ABCUSDT", "1h", ms(2024, 11, 3, 23))
        assert rows(own, name("ABCUSDT", "1h", "2024-11"))[2][8] == "3"
        own.box.spoil_archive("reissue", "ABCUSDT-1h-2024-11.zip")
        assert rows(own, name("ABCUSDT", "1h", "2024-11")) == served(
            own, "ABCUSDT", "1h", first, last
        )
        assert rows(own, name("ABCUSDT", "1h", "2024-11"))[2][8] == "4"


def test_recorded_months(recorded: Path) -> None:
    """Recorded months of the archive come back as they were, line for line."""
    paths = tuple(sorted((recorded / "vision").glob("BTCUSDT-1h-*.csv")))
    with asking(replay=paths) as own:
        own.box.clock.advance(40 * 24 * 3600)
        for path in paths:
            stamp = path.stem.removeprefix("BTCUSDT-1h-")
            assert text(own, name("BTCUSDT", "1h", stamp)) == path.read_text()
