"""Fetching files of the archive: verified before anything is read, whatever the network does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.errors import (
    BadAnswer,
    Blocked,
    NotPublished,
    RateLimited,
    Refused,
    ServerFault,
    Unreachable,
    WrongChecksum,
)
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive import SPOT, USD_M_FUTURES, Market, path, span_from
from chandlery.exchanges.binance_archive_client import BinanceArchive
from tests.exchanges.archive_shelf import (
    FUTURES,
    HEADER,
    JANUARY_MS,
    MINUTES,
    MODIFIED_MS,
    NOVEMBER_MS,
    NOW_MS,
    QUICK,
    Shelf,
    Spoiled,
    archive_of,
    etag,
    header_of,
    month_path,
    rows,
    shelf,
    zipped,
)
from tests.transport.scripted import nobody

pytestmark = pytest.mark.slow  # many, which take long together

JANUARY = month_path(SPOT, MINUTES, JANUARY_MS)
CHECKSUM = JANUARY + ".CHECKSUM"
TEXT = rows(JANUARY_MS, 100, unit=1000)


def file_of(
    start_ms: int = JANUARY_MS, market: Market = SPOT, series: Series = MINUTES
) -> ArchiveFile:
    """A month as it was listed once."""
    where = path(market, series, "monthly", start_ms)
    return ArchiveFile(where, "monthly", span_from(start_ms, "monthly"), 1, "listed", 0)


def stocked(server: Shelf, text: str = TEXT) -> bytes:
    """Put January on the shelf."""
    content = zipped(JANUARY, text)
    server.put(JANUARY, content)
    return content


def fetched(archive: BinanceArchive, file: ArchiveFile | None = None) -> str:
    """The candles of a file as Binance writes them in milliseconds."""
    with archive.fetch(file or file_of(), MINUTES) as download:
        return csv_text(pl.concat(download.slices))


class TestFetch:
    """All goes well."""

    @pytest.mark.parametrize(
        ("market", "series", "start_ms", "unit"),
        [
            (SPOT, MINUTES, NOVEMBER_MS, 1),
            (SPOT, MINUTES, JANUARY_MS, 1000),
            (USD_M_FUTURES, FUTURES, JANUARY_MS, 1),
        ],
    )
    def test_markets(self, market: Market, series: Series, start_ms: int, unit: int) -> None:
        """Spot in ms, spot in µs and futures with a header come out as the same exact candles."""
        where = month_path(market, series, start_ms)
        content = zipped(where, header_of(market) + rows(start_ms, 500, unit=unit))
        with shelf() as server, archive_of(server, market) as archive:
            server.put(where, content)
            with archive.fetch(file_of(start_ms, market, series), series) as download:
                (frame,) = download.slices
        assert csv_text(frame) == rows(start_ms, 500)
        assert download.sha256 == hashlib.sha256(content).hexdigest()

    def test_what_comes_with_it(self) -> None:
        """Size, ETag and time are of the file that came, whatever was listed."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            with archive.fetch(file_of(), MINUTES) as download:
                found = download.file
        assert (found.size, found.etag, found.modified_ms) == (
            len(content),
            etag(content),
            MODIFIED_MS,
        )
        assert (found.path, found.kind, found.span) == (JANUARY, "monthly", file_of().span)
        assert download.fetched_bytes == len(content) + len(server.files[CHECKSUM])

    def test_what_is_asked(self) -> None:
        """First the checksum, then the file, both as they are and from nothing but the archive."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            assert server.asked == []
            stocked(server)
            fetched(archive)
        assert server.paths() == [CHECKSUM, JANUARY]
        for asked in server.asked:
            assert asked.headers["accept-encoding"] == "identity"
            assert asked.headers["accept"] == "*/*"
            assert "cache-control" not in asked.headers

    def test_candles_may_be_left(self) -> None:
        """Who leaves without having read the candles leaves nothing behind, and may come again."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stocked(server)
            with archive.fetch(file_of(), MINUTES) as download:
                pass
            with pytest.raises(ValueError, match="closed file"):
                next(download.slices)
            assert fetched(archive) == rows(JANUARY_MS, 100)

    def test_threads(self) -> None:
        """Many threads fetch by one client, and each gets its own file."""
        starts = [NOVEMBER_MS, JANUARY_MS]
        right: list[bool] = []
        with shelf() as server, archive_of(server, SPOT) as archive:
            for start in starts:
                where = month_path(SPOT, MINUTES, start)
                server.put(where, zipped(where, rows(start, 2000)))

            def work(start: int) -> None:
                right.append(fetched(archive, file_of(start)) == rows(start, 2000))

            threads = [threading.Thread(target=work, args=(s,)) for s in starts * 4]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert right == [True] * 8


class TestChecksums:
    """What is not what its checksum says is never read."""

    def test_wrong_once(self) -> None:
        """A file that does not fit its checksum is fetched again with it, past the caches."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            old = zipped(JANUARY, rows(JANUARY_MS, 3))
            server.spoiled[JANUARY] = [Spoiled(old)]
            with archive.fetch(file_of(), MINUTES) as download:
                (frame,) = download.slices
            assert csv_text(frame) == rows(JANUARY_MS, 100)
        assert server.paths() == [CHECKSUM, JANUARY] * 2
        assert [asked.headers.get("cache-control") for asked in server.asked] == [
            None,
            None,
            "no-cache",
            "no-cache",
        ]
        line = len(server.files[CHECKSUM])
        assert download.fetched_bytes == len(old) + len(content) + 2 * line

    def test_pause(self) -> None:
        """Before a file is fetched again some seconds pass."""
        clock = FrozenClock(NOW_MS)
        with shelf() as server:
            stocked(server)
            server.spoiled[JANUARY] = [Spoiled(b"old")]
            archive = BinanceArchive(SPOT, [server.url], clock=clock, manners=QUICK)
            fetched(archive)
            archive.close()
        assert clock.monotonic() == 5

    def test_wrong_always(self) -> None:
        """A file that never fits is refused by name and both digests, and fetched only twice."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = zipped(JANUARY, TEXT)
            server.put(JANUARY, content, checksum="ab" * 32)
            with pytest.raises(WrongChecksum) as caught:
                fetched(archive)
        assert server.paths() == [CHECKSUM, JANUARY] * 2
        message = str(caught.value)
        assert JANUARY in message
        assert "ab" * 32 in message
        assert hashlib.sha256(content).hexdigest() in message

    @pytest.mark.parametrize("line", [b"", b"<html>busy</html>", b"ab" * 32 + b"  other.zip\n"])
    def test_no_checksum(self, line: bytes) -> None:
        """An odd checksum file is tried again, then it is an error; the zip is not fetched."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stocked(server)
            server.spoiled[CHECKSUM] = [Spoiled(line)]
            assert fetched(archive) == rows(JANUARY_MS, 100)
            server.asked.clear()
            server.files[CHECKSUM] = line
            with pytest.raises(BadAnswer, match=r"BTCUSDT-1m-2025-01\.zip\.CHECKSUM"):
                fetched(archive)
        assert server.paths() == [CHECKSUM] * 3


class TestNotThere:
    """What the archive does not have."""

    @pytest.mark.parametrize("missing", [JANUARY, CHECKSUM])
    def test_not_published(self, missing: str) -> None:
        """A file, or one without its checksum, is not published; nobody asks again."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stocked(server)
            del server.files[missing]
            with pytest.raises(NotPublished, match=r"no /data/spot/monthly/.* come later"):
                fetched(archive)
        assert server.paths().count(missing) == 1

    def test_refused(self) -> None:
        """Another refusal names the setting."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            stocked(server)
            server.spoiled[JANUARY] = [Spoiled(b"no", status=400)]
            with pytest.raises(Refused, match=r"HTTP 400 \(no\).*CHANDLERY_BINANCE_ARCHIVE_URL"):
                fetched(archive)

    def test_blocked(self) -> None:
        """An archive that does not serve this address says what to set."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            server.spoiled[CHECKSUM] = [Spoiled(status=403)]
            with pytest.raises(Blocked, match="CHANDLERY_BINANCE_ARCHIVE_URL"):
                fetched(archive)


FAULTS: dict[str, Callable[[bytes], Spoiled]] = {
    "cut off": lambda content: Spoiled(content, cut=len(content) // 2),
    "server error": lambda _: Spoiled(b"busy", status=500),
    "redirect": lambda _: Spoiled(status=302, headers={"Location": "http://127.0.0.1/"}),
    "half of it": lambda content: Spoiled(content[:50], status=206),
}


class TestNetwork:
    """What goes wrong on the way."""

    @pytest.mark.parametrize("fault", ["cut off", "server error", "redirect"])
    def test_tried_again(self, fault: str) -> None:
        """One failure is not seen, but for the bytes that it has cost."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            server.spoiled[JANUARY] = [FAULTS[fault](content)]
            with archive.fetch(file_of(), MINUTES) as download:
                (frame,) = download.slices
        assert csv_text(frame) == rows(JANUARY_MS, 100)
        assert server.paths() == [CHECKSUM, JANUARY, JANUARY]
        lost = len(content) // 2 if fault == "cut off" else 0
        whole = len(content) + len(server.files[CHECKSUM])
        assert download.fetched_bytes == whole + lost

    def test_truncated_always(self) -> None:
        """A download that always ends early is a bad answer, and never candles."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            server.spoiled[JANUARY] = [FAULTS["cut off"](content)] * 3
            with pytest.raises(BadAnswer, match="cut off"):
                fetched(archive)

    def test_a_part_is_not_the_whole(self) -> None:
        """A partial answer (206) is not taken for the file."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            server.spoiled[JANUARY] = [FAULTS["half of it"](content)]
            with pytest.raises(Refused, match="HTTP 206"):
                fetched(archive)

    def test_next_host(self) -> None:
        """Where nobody listens, the next host is asked."""
        with nobody() as dead, shelf() as server:
            stocked(server)
            archive = BinanceArchive(
                SPOT, [dead, server.url], clock=FrozenClock(NOW_MS), manners=QUICK
            )
            assert fetched(archive) == rows(JANUARY_MS, 100)
            assert [file.path for file in archive.files(MINUTES)] == [JANUARY]
            archive.close()

    def test_nobody_there(self) -> None:
        """Without a network, every method says so."""
        with nobody() as dead:
            archive = BinanceArchive(SPOT, [dead], clock=FrozenClock(NOW_MS), manners=QUICK)
            for ask in (
                lambda: archive.files(MINUTES),
                lambda: archive.look(file_of()),
                lambda: fetched(archive),
            ):
                with pytest.raises(Unreachable, match="Binance's archive cannot be reached"):
                    ask()
            archive.close()

    @pytest.mark.parametrize("status", [429, 503])
    def test_asked_to_stay_away(self, status: int) -> None:
        """A short Retry-After is waited out, a long one is an error that says until when."""
        clock = FrozenClock(NOW_MS)
        with shelf() as server:
            stocked(server)
            archive = BinanceArchive(SPOT, [server.url], clock=clock, manners=QUICK)
            server.spoiled[JANUARY] = [Spoiled(status=status, headers={"Retry-After": "20"})]
            assert fetched(archive) == rows(JANUARY_MS, 100)
            assert 20 <= clock.monotonic() <= 23
            server.spoiled[CHECKSUM] = [Spoiled(status=status, headers={"Retry-After": "900"})]
            server.asked.clear()
            with pytest.raises(RateLimited, match="2025-02-10 00:15"):
                fetched(archive)
            archive.close()
        assert len(server.asked) == 1

    def test_secrets(self) -> None:
        """The password of a mirror is sent, and no error or record shows it."""
        with shelf() as server:
            stocked(server)
            url = server.url.replace("://", "://user:S3CRET@")
            archive = BinanceArchive(SPOT, [url], clock=FrozenClock(NOW_MS), manners=QUICK)
            with archive.fetch(file_of(), MINUTES) as download:
                assert "S3CRET" not in repr(download)
            assert all("authorization" in asked.headers for asked in server.asked)
            server.spoiled[JANUARY] = [Spoiled(status=500)] * 3
            with pytest.raises(ServerFault) as caught:
                archive.look(file_of())
            assert "S3CRET" not in str(caught.value)
            archive.close()


class TestLook:
    """What a file is now, by HEAD."""

    def test_look(self) -> None:
        """Size, ETag and time come without the file; when it is re-issued, they differ."""
        with shelf() as server, archive_of(server, SPOT) as archive:
            content = stocked(server)
            with archive.fetch(file_of(), MINUTES) as download:
                held = download.file
            assert archive.look(held) == held
            newer = stocked(server, TEXT + rows(JANUARY_MS + 6_000_000, 5))
            server.modified_ms += 1_000_000
            seen = archive.look(held)
        assert seen == replace(
            held, size=len(newer), etag=etag(newer), modified_ms=MODIFIED_MS + 1_000_000
        )
        assert newer != content
        assert server.paths("HEAD") == [JANUARY] * 2
        assert server.paths() == [CHECKSUM, JANUARY]

    def test_gone(self) -> None:
        """A file that is not there is not published."""
        with shelf() as server, archive_of(server, SPOT) as archive, pytest.raises(NotPublished):
            archive.look(file_of())


def test_header_is_no_candle() -> None:
    """A futures header on a spot file changes nothing."""
    with shelf() as server, archive_of(server, SPOT) as archive:
        stocked(server, HEADER + TEXT)
        assert fetched(archive) == rows(JANUARY_MS, 100)
