"""Real files of the archive, zipped as it zips them, come out exactly."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.reading import read_rows
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive import SPOT, USD_M_FUTURES, Market, folder, span_of
from tests.exchanges.archive_shelf import archive_of, shelf, zipped

pytestmark = pytest.mark.slow  # many, which take long together

VISION = ("2024-11", "2024-12", "2025-01", "2025-02")
FUTURES = tuple(
    f"{year}-{month:02}"
    for year, months in ((2023, (4, 5, 6, 8, 9, 10, 11)), (2024, (2, 4, 6, 9, 10)))
    for month in months
)


def through_the_archive(market: Market, series: Series, name: str, content: bytes) -> pl.DataFrame:
    """The candles of a CSV that the archive serves under that name."""
    where = f"{folder(market, series, 'monthly')}{name}.zip"
    span = span_of(f"{name}.zip", series, "monthly")
    assert span is not None
    file = ArchiveFile(where, "monthly", Span(span.start, span.end), 1, "", 0)
    with shelf() as server, archive_of(server, market) as archive:
        server.put(where, zipped(where, content))
        with archive.fetch(file, series) as download:
            frame = pl.concat(download.slices)
    return frame


@pytest.mark.parametrize("month", VISION)
def test_spot(recorded: Path, month: str) -> None:
    """Spot hours in milliseconds and microseconds."""
    source = recorded / "vision" / f"BTCUSDT-1h-{month}.csv"
    series = Series.parse("binance:BTCUSDT:1h")
    frame = through_the_archive(SPOT, series, source.stem, source.read_bytes())
    assert frame.equals(read_rows(source))


@pytest.mark.parametrize("month", FUTURES)
def test_futures(recorded: Path, month: str) -> None:
    """Futures minutes, under a header."""
    source = recorded / "perf" / "um" / f"FILUSDT-1m-{month}.csv.gz"
    series = Series.parse("binance-um:FILUSDT:1m")
    content = gzip.decompress(source.read_bytes())
    frame = through_the_archive(USD_M_FUTURES, series, source.stem.removesuffix(".csv"), content)
    assert frame.equals(read_rows(source))
    assert frame.height in {41_760, 43_200, 44_640}
