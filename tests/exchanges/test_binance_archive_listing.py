"""Which files there are: by the listing, or asked after one by one."""

from __future__ import annotations

import re

import pytest

from chandlery.candles.series import Series
from chandlery.errors import BadAnswer, RateLimited, ServerFault
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive import SPOT, USD_M_FUTURES
from chandlery.exchanges.binance_archive_listing import (
    LISTING_URL,
    listing_request,
    listing_url,
    read_page,
)
from chandlery.transport.request import Answer
from tests.exchanges.archive_shelf import (
    FUTURES,
    JANUARY_MS,
    MINUTES,
    MODIFIED_MS,
    NOVEMBER_MS,
    NOW_MS,
    Shelf,
    Spoiled,
    archive_of,
    day_path,
    etag,
    listing_xml,
    month_path,
    shelf,
)

pytestmark = pytest.mark.slow  # many, which take long together

DAY_MS = 86_400_000
TIME = "<LastModified>2025-01-01T00:00:00.000Z</LastModified>"
FEBRUARY_MS = JANUARY_MS + 31 * DAY_MS
MONTHS = (NOVEMBER_MS, JANUARY_MS)
DAYS = tuple(FEBRUARY_MS + day * DAY_MS for day in range(3))


def answer(body: str | bytes, status: int = 200) -> Answer:
    """An answer to a listing request."""
    data = body.encode() if isinstance(body, str) else body
    return Answer(status, {}, data, "http://archive/", 0, 0, 0, 0)


def stock(server: Shelf) -> None:
    """Put two months and three days of minutes on the shelf, and what is not asked for."""
    for month in MONTHS:
        server.put(month_path(SPOT, MINUTES, month), b"m%d" % month)
    for day in DAYS:
        server.put(day_path(SPOT, MINUTES, day), b"d%d" % day)
    server.files["data/spot/monthly/klines/BTCUSDT/1m/README.txt"] = b"?"
    server.put(month_path(SPOT, Series.parse("binance:BTCUSDT:1h"), JANUARY_MS), b"other")


def known(files: list[ArchiveFile]) -> list[tuple[str, int, int, str, int]]:
    """Everything about files but their path."""
    return [(f.kind, f.span.start, f.size, f.etag, f.modified_ms) for f in files]


EXPECTED = [("monthly", month, 14, etag(b"m%d" % month), MODIFIED_MS) for month in MONTHS] + [
    ("daily", day, 14, etag(b"d%d" % day), MODIFIED_MS) for day in DAYS
]


class TestListed:
    """By the listing."""

    @pytest.mark.parametrize("size", [1000, 2, 1])
    @pytest.mark.parametrize("style", ["next marker", "last key"])
    def test_pages(self, style: str, size: int) -> None:
        """Months, then days, each ascending, over any number of pages of either style."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stock(server)
            server.listing = "next marker" if style == "next marker" else "last key"
            server.page_size = size
            found = archive.files(MINUTES)
        assert known(found) == EXPECTED
        assert found[0].path == month_path(SPOT, MINUTES, NOVEMBER_MS)
        assert {asked.method for asked in server.asked} == {"GET"}
        assert all(asked.query["delimiter"] == "/" for asked in server.asked)

    def test_futures(self) -> None:
        """The futures' files are looked for in their own folder."""
        with shelf() as server, archive_of(server, USD_M_FUTURES) as archive:
            stock(server)
            assert archive.files(FUTURES) == []
            server.put(month_path(USD_M_FUTURES, FUTURES, JANUARY_MS), b"x")
            assert [file.span.start for file in archive.files(FUTURES)] == [JANUARY_MS]

    def test_without_checksum(self) -> None:
        """A file whose checksum is not listed is not published yet."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stock(server)
            del server.files[month_path(SPOT, MINUTES, JANUARY_MS) + ".CHECKSUM"]
            assert known(archive.files(MINUTES)) == [EXPECTED[0], *EXPECTED[2:]]

    @pytest.mark.parametrize("interval", ["3d", "1w", "1M"])
    def test_long_intervals(self, interval: str) -> None:
        """For intervals longer than a day nobody is asked, and there is no file."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            assert archive.files(Series.parse(f"binance:BTCUSDT:{interval}")) == []
        assert server.asked == []

    def test_a_cut_listing_is_asked_for_again(self) -> None:
        """A page that is cut off is tried again like every bad answer."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stock(server)
            half = listing_xml()[:200].encode()
            server.spoiled[""] = [Spoiled(half), Spoiled(status=500)]
            assert known(archive.files(MINUTES)) == EXPECTED

    def test_a_listing_without_end(self) -> None:
        """A listing that goes round in circles is given up."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            page = listing_xml(truncated=True, marker="<NextMarker>a</NextMarker>").encode()
            server.spoiled[""] = [Spoiled(page)] * 5
            with pytest.raises(BadAnswer, match="does not end"):
                archive.files(MINUTES)
        assert len(server.asked) == 2

    def test_a_limit_is_obeyed(self) -> None:
        """A 429 ends it with the time to stay away, and nobody is asked after single files."""
        limited = Spoiled(status=429, headers={"Retry-After": "300"})
        with shelf() as server, archive_of(server, SPOT) as archive:
            server.spoiled[""] = [limited]
            with pytest.raises(RateLimited) as caught:
                archive.files(MINUTES)
            with pytest.raises(RateLimited):
                archive.files(MINUTES)
        assert caught.value.retry_after == 300
        assert len(server.asked) == 1

    def test_a_lasting_fault(self) -> None:
        """A listing that fails for good is an error, not an empty archive."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            server.spoiled[""] = [Spoiled(status=503)] * 3
            with pytest.raises(ServerFault, match="listing of Binance's archive did not give"):
                archive.files(MINUTES)


class TestAskedAfter:
    """One by one, where there is no listing."""

    @pytest.mark.parametrize(
        "page",
        [
            Spoiled(status=404),
            Spoiled(b"AccessDenied", status=403),
            Spoiled(b"<!DOCTYPE html><html><body>archive</body></html>"),
            Spoiled(b"<html><body><p>archive</body></html>"),
            Spoiled(b"no XML"),
            Spoiled(b"<ListBucketResult></ListBucketResult>"),
        ],
    )
    def test_months_and_days(self, page: Spoiled) -> None:
        """Every month is asked after, and the days since the newest; the result is the same."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stock(server)
            server.listing = "none"
            server.spoiled[""] = [page]
            assert known(archive.files(MINUTES)) == EXPECTED
        heads = server.paths("HEAD")
        assert len(heads) == len(set(heads)) == 91 + 9
        assert day_path(SPOT, MINUTES, NOW_MS) not in heads

    def test_nothing_there(self) -> None:
        """A series that the archive does not have has no files, and days are asked after too."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            server.listing = "none"
            assert archive.files(MINUTES) == []
        assert len(server.paths("HEAD")) == 91 + 93

    def test_a_fault_is_no_absence(self) -> None:
        """When one of the files cannot be asked after, that is an error, not a gap."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stock(server)
            server.listing = "none"
            server.spoiled[month_path(SPOT, MINUTES, NOVEMBER_MS)] = [Spoiled(status=500)] * 3
            with pytest.raises(ServerFault):
                archive.files(MINUTES)


class TestXml:
    """The listing itself, without a network."""

    def test_where(self) -> None:
        """The real host's files are listed elsewhere; every other host lists its own."""
        assert listing_url("https://data.binance.vision/") == LISTING_URL
        assert listing_url("http://mirror/vision") == "http://mirror/vision"
        request = listing_request("data/spot/", "data/spot/a b", at_bucket=True)
        assert request.url(LISTING_URL) == (
            "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision"
            "?delimiter=%2F&prefix=data%2Fspot%2F&marker=data%2Fspot%2Fa%20b"
        )
        mirrored = listing_request("p", "", at_bucket=False).url("http://mirror")
        assert mirrored == "http://mirror/?delimiter=%2F&prefix=p"

    def test_namespaces(self) -> None:
        """The same elements are read with, without and under another prefix of a namespace."""
        plain = listing_xml().replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', "")
        prefixed = re.sub(r"<(/?)(?=[A-Z])", r"<\1s3:", listing_xml()).replace(
            "xmlns=", "xmlns:s3="
        )
        for text in (listing_xml(), plain, prefixed):
            page = read_page(answer(text))
            assert page is not None
            assert (page.entries, page.marker) == ([], None)

    @pytest.mark.parametrize(
        "declared",
        [
            '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
            '<!ENTITY a SYSTEM "file:///etc/hostname">',
        ],
    )
    def test_entities_are_not_read(self, declared: str) -> None:
        """What declares entities is no listing, and nothing of it is expanded or opened."""
        head, _, rest = listing_xml().partition("\n")
        text = f"{head}<!DOCTYPE x [{declared}]>{rest.replace('<Name>', '<Name>&a;')}"
        assert read_page(answer(text)) is None

    @pytest.mark.parametrize("encoding", ["klingon", "utf-16", "big5"])
    def test_odd_encodings(self, encoding: str) -> None:
        """An encoding that is none, or not the one declared, is no listing."""
        assert read_page(answer(listing_xml().replace("UTF-8", encoding))) is None

    @pytest.mark.parametrize(
        "content",
        [
            f"<Key>k</Key>{TIME}",
            f"<Key>k</Key><Size>-1</Size>{TIME}",
            f"<Size>1</Size>{TIME}",
            "<Key>k</Key><Size>1</Size>",
            "<Key>k</Key><Size>1</Size><LastModified>soon</LastModified>",
        ],
    )
    def test_odd_entries(self, content: str) -> None:
        """An entry without key, size or time is a bad answer."""
        with pytest.raises(BadAnswer, match="cannot be read"):
            read_page(answer(listing_xml([f"<Contents>{content}</Contents>"])))

    def test_goes_on_from_nowhere(self) -> None:
        """A listing that says that it goes on, without a key to go on from, is a bad answer."""
        with pytest.raises(BadAnswer, match="not from where"):
            read_page(answer(listing_xml(truncated=True)))
