"""Paths, names, checksums and registry of Binance's archive: no network."""

from __future__ import annotations

import pytest

from chandlery.candles.interval import INTERVALS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.errors import BadAnswer, BadSetting
from chandlery.exchanges import binance_archive as wire
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.archives import archive_names, open_archive
from chandlery.exchanges.binance_archive_guess import possible_days, possible_months
from chandlery.transport.request import Answer
from tests.exchanges.archive_shelf import FUTURES, JANUARY_MS, MINUTES, NOVEMBER_MS, NOW_MS

DAY_MS = 86_400_000
JANUARY = Span(JANUARY_MS, JANUARY_MS + 31 * DAY_MS)
ZIP = "data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-01.zip"
DIGEST = "0123456789abcdef" * 4


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """An answer of the archive."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body, "http://archive/x", 0, 0, 0, 0)


class TestPaths:
    """Where files lie, and what their names say."""

    def test_paths(self) -> None:
        """Months and days of both markets lie where Binance documents them."""
        assert wire.path(wire.SPOT, MINUTES, "monthly", JANUARY_MS) == ZIP
        assert wire.path(wire.USD_M_FUTURES, FUTURES, "daily", JANUARY_MS) == (
            "data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-01-01.zip"
        )

    def test_the_month_is_written_out(self) -> None:
        """The month interval is `1mo` in paths, so that no minute is taken for it."""
        months = Series.parse("binance:BTCUSDT:1M")
        where = wire.path(wire.SPOT, months, "monthly", JANUARY_MS)
        assert where.endswith("/1mo/BTCUSDT-1mo-2025-01.zip")
        assert wire.span_of("BTCUSDT-1mo-2025-01.zip", months, "monthly") == JANUARY
        assert wire.span_of("BTCUSDT-1m-2025-01.zip", months, "monthly") is None

    def test_spans(self) -> None:
        """A file's span is its month or its day, February's leap day included."""
        assert wire.span_of("BTCUSDT-1m-2025-01.zip", MINUTES, "monthly") == JANUARY
        first = wire.span_of("BTCUSDT-1m-2025-01-01.zip", MINUTES, "daily")
        assert first == Span(JANUARY_MS, JANUARY_MS + DAY_MS)
        leap = wire.span_of("BTCUSDT-1m-2024-02.zip", MINUTES, "monthly")
        assert leap is not None
        assert leap.end - leap.start == 29 * DAY_MS

    @pytest.mark.parametrize(
        "name",
        [
            "BTCUSDT-1m-2025-13.zip",
            "BTCUSDT-1m-2025-01.csv",
            "BTCUSDT-1m-2025-01.zip.CHECKSUM",
            "BTCUSDT-1m-2025-1.zip",
            "BTCUSDT-1m-٢٠٢٥-01.zip",
            "ETHUSDT-1m-2025-01.zip",
            "BTCUSDT-1h-2025-01.zip",
            "BTCUSDT-1m-2025-01-01.zip",
            "x/BTCUSDT-1m-2025-01.zip",
            "2025-01.zip",
            "",
        ],
    )
    def test_other_files(self, name: str) -> None:
        """The name of any other file has no span."""
        assert wire.span_of(name, MINUTES, "monthly") is None

    def test_symbols_are_escaped(self) -> None:
        """A symbol with letters of any alphabet makes a path that HTTP can carry."""
        assert wire.zip_request("data/币安/x.zip").path == "/data/%E5%B8%81%E5%AE%89/x.zip"

    def test_kept_intervals(self) -> None:
        """The archive is used up to a day."""
        kept = [i.text for i in INTERVALS if wire.is_kept(Series("binance", "BTCUSDT", i))]
        assert kept[-1] == "1d"
        assert len(kept) == 13

    def test_bounds(self) -> None:
        """No file may unpack to more than its span can hold."""
        month = ArchiveFile(ZIP, "monthly", JANUARY, 0, "", 0)
        assert wire.most_bytes(month, MINUTES) == 44_641 * 256 + 65_536
        seconds = wire.most_bytes(month, Series.parse("binance:BTCUSDT:1s"))
        assert seconds < wire.MOST_BYTES


class TestChecksum:
    """The line beside each file."""

    @pytest.mark.parametrize("between", ["  ", " *"])
    @pytest.mark.parametrize("end", ["\n", "", "\r\n"])
    def test_read(self, between: str, end: str) -> None:
        """The line of `sha256sum` is read, in text or binary mode, in either case."""
        line = f"{DIGEST.upper()}{between}BTCUSDT-1m-2025-01.zip{end}"
        assert wire.read_checksum(answer(line.encode()), ZIP) == DIGEST

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"<html>",
            DIGEST.encode(),
            f"{DIGEST[:-1]}  BTCUSDT-1m-2025-01.zip".encode(),
            f"{DIGEST} BTCUSDT-1m-2025-01.zip".encode(),
            f"{DIGEST}  BTCUSDT-1m-2025-01.zip\n{DIGEST}  BTCUSDT-1m-2025-02.zip".encode(),
            b"\xff" * 80,
        ],
    )
    def test_no_checksum(self, line: bytes) -> None:
        """Anything but the one line is a bad answer."""
        with pytest.raises(BadAnswer, match="should be a SHA-256 and a name"):
            wire.read_checksum(answer(line), ZIP)

    @pytest.mark.parametrize("name", ["BTCUSDT-1m-2025-02.zip", f"./{ZIP}", ZIP])
    def test_another_file(self, name: str) -> None:
        """The checksum of another file is a bad answer."""
        with pytest.raises(BadAnswer, match="is of another file"):
            wire.read_checksum(answer(f"{DIGEST}  {name}\n".encode()), ZIP)


class TestHeaders:
    """What the headers of a file say."""

    FILE = ArchiveFile(ZIP, "monthly", JANUARY, 7, "old", 5)

    def test_described(self) -> None:
        """Size, ETag and time are those of the answer."""
        found = wire.described(
            self.FILE,
            answer(
                content_length="1234",
                etag='W/"abc-1"',
                last_modified="Mon, 03 Feb 2025 04:05:06 GMT",
            ),
        )
        assert (found.size, found.etag, found.modified_ms) == (1234, "abc-1", 1_738_555_506_000)

    @pytest.mark.parametrize("text", ["", "soon", "-1"])
    def test_what_is_lacking_stays(self, text: str) -> None:
        """What the headers lack, or say so that nobody understands it, stays as it was."""
        odd = answer(content_length=text, etag="", last_modified=text)
        assert wire.described(self.FILE, odd) == self.FILE


class TestGuesses:
    """Which files are asked after where there is no listing."""

    def test_months(self) -> None:
        """Every month from the market's first to the last that is over."""
        months = possible_months(wire.SPOT, MINUTES, NOW_MS)
        assert months[0].path.endswith("BTCUSDT-1m-2017-07.zip")
        assert months[-1].path == ZIP
        assert len(months) == 91
        futures = possible_months(wire.USD_M_FUTURES, FUTURES, NOW_MS)
        assert futures[0].path.endswith("BTCUSDT-1m-2019-09.zip")

    def test_a_month_is_over_at_its_end(self) -> None:
        """The running month counts from the moment in which it is over."""
        assert len(possible_months(wire.SPOT, MINUTES, JANUARY.end - 1)) == 90
        assert len(possible_months(wire.SPOT, MINUTES, JANUARY.end)) == 91

    def test_days(self) -> None:
        """Every day after the newest month that is over."""
        newest = possible_months(wire.SPOT, MINUTES, NOW_MS)[-1]
        days = possible_days(wire.SPOT, MINUTES, NOW_MS, newest)
        assert [day.path[-8:-4] for day in days] == [f"2-0{day}" for day in range(1, 10)]

    def test_days_are_bounded(self) -> None:
        """Without a month near, no more than 93 days are asked after."""
        assert len(possible_days(wire.SPOT, MINUTES, NOW_MS, None)) == 93
        old = possible_months(wire.SPOT, MINUTES, NOVEMBER_MS - 200 * DAY_MS)[-1]
        assert len(possible_days(wire.SPOT, MINUTES, NOW_MS, old)) == 93


class TestOpening:
    """Which exchanges have an archive."""

    def test_known(self) -> None:
        """Spot and USD-M futures have one, and opening it sends nothing."""
        assert archive_names() == ["binance", "binance-um"]
        for name in archive_names():
            archive = open_archive(name, clock=FrozenClock(NOW_MS))
            assert archive is not None
            assert archive.name == name
            archive.close()

    def test_unknown(self) -> None:
        """An exchange without an archive has none."""
        assert open_archive("kraken") is None

    def test_unusable_url(self) -> None:
        """A base URL that cannot be used is refused by the setting's name, without its password."""
        with pytest.raises(BadSetting, match="CHANDLERY_BINANCE_ARCHIVE_URL") as caught:
            open_archive("binance", urls=["ftp://me:S3CRET@host"])
        assert "S3CRET" not in str(caught.value)
