"""The archive's listing, as S3 gives it: folders, pages, both versions, what it says of files."""

from __future__ import annotations

import hashlib

import pytest

from tests.sandbox.archive_reading import body, fetch, keys, listing, one, pages, texts
from tests.sandbox.asking import NOW_MS, Asker, asking
from tests.waiting import within

HOURS = "data/spot/monthly/klines/BTCUSDT/1h/"
DAYS = "data/spot/daily/klines/BTCUSDT/12h/"


def test_files(ask: Asker) -> None:
    """A folder lists every month from the listing to the newest, each zip before its CHECKSUM."""
    page = listing(ask, delimiter="/", prefix=HOURS)
    found = texts(page, "Contents/Key")
    assert found[:3] == [
        f"{HOURS}BTCUSDT-1h-2017-08.zip",
        f"{HOURS}BTCUSDT-1h-2017-08.zip.CHECKSUM",
        f"{HOURS}BTCUSDT-1h-2017-09.zip",
    ]
    assert found[-2:] == [
        f"{HOURS}BTCUSDT-1h-2025-02.zip",
        f"{HOURS}BTCUSDT-1h-2025-02.zip.CHECKSUM",
    ]
    assert len(found) == 2 * 91
    assert found == sorted(found, key=str.encode)
    assert one(page, "Name") == "data.binance.vision"
    assert (one(page, "Prefix"), one(page, "Delimiter"), one(page, "Marker")) == (HOURS, "/", "")
    assert (one(page, "MaxKeys"), one(page, "IsTruncated")) == ("1000", "false")
    assert one(page, "NextMarker") is None


def test_sizes_and_tags_are_those_of_the_files(ask: Asker) -> None:
    """What the listing says of a file is what the file is."""
    prefix = f"{HOURS}BTCUSDT-1h-2024-1"
    page = listing(ask, delimiter="/", prefix=prefix)
    listed = zip(
        texts(page, "Contents/Key"),
        texts(page, "Contents/Size"),
        texts(page, "Contents/ETag"),
        texts(page, "Contents/LastModified"),
        strict=True,
    )
    found = {key: (int(size), tag, modified) for key, size, tag, modified in listed}
    assert len(found) == 6
    assert found[f"{prefix}2.zip"][2] == "2025-01-03T00:00:00.000Z"
    for key, (size, tag, _) in found.items():
        whole = body(ask, f"/{key}")
        md5 = hashlib.md5(whole, usedforsecurity=False).hexdigest()
        assert (size, tag) == (len(whole), f'"{md5}"')
    raw = fetch(ask, f"/?delimiter=/&prefix={prefix}2.zip").data
    assert b"<ETag>&quot;" in raw


@pytest.mark.parametrize(
    ("prefix", "folders"),
    [
        ("", ["data/"]),
        ("data/", ["data/futures/", "data/spot/"]),
        ("data/futures/", ["data/futures/um/"]),
        ("data/spot/", ["data/spot/daily/", "data/spot/monthly/"]),
        ("data/spot/daily/", ["data/spot/daily/klines/"]),
        (
            "data/spot/daily/klines/ETH",
            [f"data/spot/daily/klines/ETH{q}/" for q in ("BTC", "USDT")],
        ),
        ("data/futures/um/daily/klines/ETH", ["data/futures/um/daily/klines/ETHUSDT/"]),
        ("data/nothing/", []),
    ],
)
def test_folders(ask: Asker, prefix: str, folders: list[str]) -> None:
    """With a delimiter folders are folded, and begin as asked."""
    page = listing(ask, delimiter="/", prefix=prefix)
    assert texts(page, "CommonPrefixes/Prefix") == folders
    assert texts(page, "Contents/Key") == []


@pytest.mark.parametrize(
    ("folder", "intervals"),
    [
        ("spot/monthly", "12h 15m 1d 1h 1m 1mo 1s 1w 2h 30m 3d 3m 4h 5m 6h 8h"),
        ("spot/daily", "12h 15m 1d 1h 1m 1s 2h 30m 3m 4h 5m 6h 8h"),
        ("futures/um/monthly", "12h 15m 1d 1h 1m 1mo 1w 2h 30m 3d 3m 4h 5m 6h 8h"),
        ("futures/um/daily", "12h 15m 1d 1h 1m 2h 30m 3m 4h 5m 6h 8h"),
    ],
)
def test_intervals(ask: Asker, folder: str, intervals: str) -> None:
    """Which intervals have files by month and by day, on both markets."""
    prefix = f"data/{folder}/klines/ADAUSDT/"
    page = listing(ask, delimiter="/", prefix=prefix)
    expected = [f"{prefix}{interval}/" for interval in intervals.split()]
    assert texts(page, "CommonPrefixes/Prefix") == expected


def test_a_new_symbol_has_a_folder_once_it_has_a_file(own: Asker) -> None:
    """A symbol that is listed today is in no folder before its first file is out."""
    prefix = "data/spot/daily/klines/TIDEUSDT/"
    listed_ms = 1_789_380_000_000
    own.box.clock.freeze(listed_ms + 3_600_000)
    assert keys(own, f"{prefix}1h/") == []
    assert texts(listing(own, delimiter="/", prefix=prefix[:-1]), "CommonPrefixes/Prefix") == []
    own.box.clock.advance(2 * 86_400)
    assert len(keys(own, f"{prefix}1h/")) % 2 == 0
    folders = texts(listing(own, delimiter="/", prefix=prefix[:-1]), "CommonPrefixes/Prefix")
    assert folders == [prefix]


@pytest.mark.parametrize("delimiter", ["/", ""])
def test_pages_of_version_1(ask: Asker, delimiter: str) -> None:
    """Pages follow each other by marker; the next one is told only where folders are folded."""
    asked = {"prefix": HOURS, "delimiter": delimiter, "max-keys": 50}
    found = list(pages(ask, **asked))
    markers = [one(page, "NextMarker") is not None for page in found]
    assert markers == [bool(delimiter)] * (len(found) - 1) + [False]
    assert len(found) >= 4
    assert max(len(texts(page, "Contents/Key")) for page in found) <= 50
    walked = [key for page in found for key in texts(page, "Contents/Key")]
    assert walked == keys(ask, HOURS)


def test_pages_of_version_2(ask: Asker) -> None:
    """In version 2 the next page is had by a token, and keys are counted."""
    asked: dict[str, object] = {"list-type": 2, "prefix": HOURS, "max-keys": 50}
    walked: list[str] = []
    while True:
        page = listing(ask, **asked)
        here = texts(page, "Contents/Key")
        assert one(page, "KeyCount") == str(len(here))
        assert one(page, "Marker") is None
        assert one(page, "NextMarker") is None
        walked += here
        token = one(page, "NextContinuationToken")
        assert (token is not None) == (one(page, "IsTruncated") == "true")
        if token is None:
            break
        asked["continuation-token"] = token
    assert walked == keys(ask, HOURS)
    after = listing(ask, **{"list-type": 2, "prefix": HOURS, "start-after": walked[-3]})
    assert texts(after, "Contents/Key") == walked[-2:]


def test_folders_are_paged_too(ask: Asker) -> None:
    """Folders count as keys do, and a folder is a marker."""
    asked = {"prefix": "data/spot/monthly/klines/", "delimiter": "/", "max-keys": 4}
    walked = [key for page in pages_of_folders(ask, asked) for key in page]
    whole = listing(ask, prefix=asked["prefix"], delimiter="/")
    assert walked == texts(whole, "CommonPrefixes/Prefix")
    assert len(walked) > 8


def pages_of_folders(ask: Asker, asked: dict[str, object]) -> list[list[str]]:
    """The folders of a listing, page by page."""
    return [texts(page, "CommonPrefixes/Prefix") for page in pages(ask, **asked)]


def test_without_a_delimiter_all_keys_come(ask: Asker) -> None:
    """Without a delimiter the keys of all folders below come in one order."""
    page = listing(ask, **{"prefix": "data/spot/daily/klines/XMRUSDT/12h", "max-keys": 3})
    assert texts(page, "Contents/Key")[0].endswith("XMRUSDT/12h/XMRUSDT-12h-2019-03-15.zip")
    marker = "data/spot/monthly/klines/XMRUSDT/1d/XMRUSDT-1d-2024-02.zip.CHECKSUM"
    page = listing(ask, **{"prefix": "data/spot/", "marker": marker, "max-keys": 1})
    [key] = texts(page, "Contents/Key")
    assert key == "data/spot/monthly/klines/XMRUSDT/1h/XMRUSDT-1h-2019-03.zip"


@pytest.mark.slow
def test_more_than_a_thousand_keys(ask: Asker) -> None:
    """A folder of days has several pages of a thousand keys at most, whatever is asked for."""
    asked = {
        "prefix": DAYS,
        "delimiter": "/",
        "marker": f"{DAYS}BTCUSDT-12h-2023-07",
        "max-keys": 5000,
    }
    found = list(pages(ask, **asked))
    assert {one(page, "MaxKeys") for page in found} == {"1000"}
    counts = [len(texts(page, "Contents/Key")) for page in found]
    assert max(counts) <= 1000
    assert sum(counts) == 2 * 622


@pytest.mark.parametrize("path", ["/", "/data.binance.vision", "/data.binance.vision/"])
def test_the_bucket_has_two_addresses(ask: Asker, path: str) -> None:
    """The listing is at the root and at the path of the bucket, and so are the files."""
    page = listing(ask, path, prefix="data/", delimiter="/")
    assert texts(page, "CommonPrefixes/Prefix") == ["data/futures/", "data/spot/"]
    file = f"{path.rstrip('/')}/{HOURS}BTCUSDT-1h-2024-11.zip.CHECKSUM"
    assert body(ask, file).endswith(b"  BTCUSDT-1h-2024-11.zip\n")


@pytest.mark.parametrize(
    "query", ["max-keys=many", "max-keys=-1", "delimiter=x", "list-type=2&continuation-token=!"]
)
def test_bad_questions(ask: Asker, query: str) -> None:
    """A question that cannot be is refused as S3 does."""
    answer = fetch(ask, f"/?{query}")
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.data


def test_nothing_asked(ask: Asker) -> None:
    """No keys are given to who wants none."""
    page = listing(ask, **{"prefix": HOURS, "max-keys": 0})
    assert texts(page, "Contents/Key") == []
    assert one(page, "IsTruncated") == "false"


def test_a_symbol_that_ended_keeps_its_files(ask: Asker) -> None:
    """The files of a symbol that was delisted stay, and there are none after its end."""
    found = keys(ask, "data/futures/um/monthly/klines/XMRUSDT/4h/")
    assert found[-2].endswith("XMRUSDT-4h-2024-02.zip")


@pytest.mark.slow
def test_a_cold_listing_is_quick() -> None:
    """Nine years of months of hours are listed in less than three seconds after a start."""
    with asking(seed=5, now_ms=NOW_MS + 600 * 86_400_000) as own, within(3):
        assert len(keys(own, HOURS)) == 2 * 111


def test_empty_days_are_not_listed(own: Asker) -> None:
    """What is held back is in no listing, while its neighbours are."""
    own.box.spoil_archive("missing", "BTCUSDT-1h-2024-11")
    found = keys(own, HOURS, marker=f"{HOURS}BTCUSDT-1h-2024-09")
    assert [key[len(HOURS) :] for key in found[:4]] == [
        "BTCUSDT-1h-2024-09.zip",
        "BTCUSDT-1h-2024-09.zip.CHECKSUM",
        "BTCUSDT-1h-2024-10.zip",
        "BTCUSDT-1h-2024-10.zip.CHECKSUM",
    ]
    assert found[4] == f"{HOURS}BTCUSDT-1h-2024-12.zip"
