"""A month of seconds and a full disk, each in a process of its own: limits are a process's."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.series import Series
from chandlery.exchanges.binance_archive import SPOT
from tests.exchanges.archive_shelf import (
    JANUARY_MS,
    MINUTES,
    Shelf,
    month_path,
    rows,
    shelf,
    zipped,
)

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="asks Linux for a process's peak of memory"
)

SECONDS = Series.parse("binance:BTCUSDT:1s")
DAY = 86_400

FETCH = """
import pathlib, resource, sys
from chandlery.candles.series import Series
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.archives import open_archive
from chandlery.exchanges.binance_archive import SPOT, path, span_from

url, start_ms, most_written, *intervals = sys.argv[1:]
if int(most_written):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_written), resource.RLIM_INFINITY))
archive = open_archive("binance", urls=[url])

def fetch(series):
    where = path(SPOT, series, "monthly", int(start_ms))
    file = ArchiveFile(where, "monthly", span_from(int(start_ms), "monthly"), 1, "", 0)
    with archive.fetch(file, series) as download:
        return [frame.height for frame in download.slices]

def peak_kb():
    # Not ru_maxrss, which begins with the peak of the process that started this one.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])

for interval in intervals:
    before = peak_kb()
    heights = fetch(Series.parse(f"binance:BTCUSDT:{interval}"))
    print(sum(heights), max(heights), (peak_kb() - before) // 1024)
archive.close()
"""


def fetched(
    server: Shelf, *intervals: str, most_written: int = 0
) -> subprocess.CompletedProcess[str]:
    """What a process says that fetches January of these intervals, one after the other."""
    told = [server.url, str(JANUARY_MS), str(most_written), *intervals]
    return subprocess.run(
        [sys.executable, "-c", FETCH, *told], capture_output=True, text=True, check=False
    )


def seconds_zip() -> bytes:
    """A month of seconds with numbers that hardly repeat."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("BTCUSDT-1s-2025-01.csv", "w") as inside,
    ):
        for day in range(31):
            inside.write(_day(day).write_csv(include_header=False).encode())
    return file.getvalue()


def _day(day: int) -> pl.DataFrame:
    number = pl.int_range(day * DAY, (day + 1) * DAY)
    opens = (JANUARY_MS + number * 1000) * 1000
    noise = [number.hash(seed) % 100_000_000 for seed in range(4)]
    price = [pl.format("9{}.{}0000000", number % 10_000, pl.lit(n)) for n in (2, 9, 1, 5)]
    amount = [pl.format("{}.1{}", n % 1000, (n % 1000) + 1000) for n in noise]
    columns = (
        opens,
        *price,
        amount[0],
        opens + 999_999,
        amount[1],
        noise[2],
        *amount[2:],
        pl.lit(0),
    )
    return pl.select([column.alias(f"c{index}") for index, column in enumerate(columns)])


@pytest.mark.slow
def test_a_month_of_seconds() -> None:
    """2.7 million rows pass through less than 20 MB of memory, in bounded slices."""
    minutes = month_path(SPOT, MINUTES, JANUARY_MS)
    with shelf() as server:
        server.put(minutes, zipped(minutes, rows(JANUARY_MS, 44_640)))
        content = seconds_zip()
        server.put(month_path(SPOT, SECONDS, JANUARY_MS), content)
        run = fetched(server, "1m", "1s")
    assert run.returncode == 0, run.stderr
    small, large = (tuple(map(int, line.split())) for line in run.stdout.splitlines())
    assert small[0] == 44_640
    rows_seen, tallest, grown_mb = large
    assert rows_seen == 31 * DAY
    assert tallest <= 6_000
    assert len(content) > 90 << 20
    assert grown_mb < 20


@pytest.mark.slow
def test_a_full_disk() -> None:
    """When the temporary file finds no room, the error says so and where to make some."""
    minutes = month_path(SPOT, MINUTES, JANUARY_MS)
    content = zipped(minutes, rows(JANUARY_MS, 44_640))
    with shelf() as server:
        server.put(minutes, content)
        for room in (100_000, len(content) - 10):
            run = fetched(server, "1m", most_written=room)
            last = run.stderr.strip().splitlines()[-1]
            assert last.startswith("chandlery.errors.StoreFull: data/spot/monthly/")
            assert "TMPDIR" in last
        assert fetched(server, "1m", most_written=len(content)).returncode == 0
