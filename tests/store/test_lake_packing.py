"""Files of the lake that are larger than what is in memory at once, and disks that take no more."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import DECIMAL, DECIMAL_COLUMNS
from chandlery.candles.interval import HOUR_MS
from chandlery.errors import StoreCorrupt, StoreFull
from chandlery.store.lake.cold import Cold
from chandlery.store.lake.form import WARM
from tests.store.lakes import files
from tests.store.pages import BTC, hours

FIRST = hours(0, 40_000)
SECOND = hours(30_000, 70_000)
"""Together more than go into one row group, twice over where they overlap."""


def candles(start: int, end: int, *, known_ms: int, step: int = 1) -> pl.DataFrame:
    """A candle for each hour (WARM), of which every number tells when it was known."""
    opens = pl.int_range(start, end, step) * HOUR_MS
    numbers = dict.fromkeys((*DECIMAL_COLUMNS, "trades", "known_ms"), pl.lit(known_ms))
    columns = {"open_time": opens, "close_time": opens + 1, "source": pl.lit("rest"), **numbers}
    return pl.select(columns[name].cast(dtype).alias(name) for name, dtype in WARM.items())


def newest(*frames: pl.DataFrame) -> pl.DataFrame:
    """Of each time the last of the given frames."""
    return pl.concat(frames).unique("open_time", keep="last", maintain_order=True).sort("open_time")


@pytest.fixture
def lake(tmp_path: Path) -> Cold:
    """A lake with a file of 40,000 candles."""
    cold = Cold(str(tmp_path / "lake"))
    cold.put(BTC, candles(0, 40_000, known_ms=1), [])
    return cold


def test_written_over(lake: Cold, tmp_path: Path) -> None:
    """Candles put over a large file stand in it, and at its end, each once and the newest."""
    newer = candles(30_000, 70_000, known_ms=2, step=7)
    lake.put(BTC, newer, [FIRST])
    held = lake.read(BTC, [FIRST, SECOND])
    assert held.equals(newest(candles(0, 40_000, known_ms=1), newer))
    assert sum(pl.read_parquet(file).height for file in files(tmp_path / "lake")) == held.height


@pytest.mark.parametrize("from_hour", [30_000, 40_000], ids=["overlapping", "side by side"])
def test_made_one(lake: Cold, tmp_path: Path, from_hour: int) -> None:
    """Compaction of large files loses and doubles nothing, whether or not they overlap."""
    newer = candles(from_hour, 70_000, known_ms=2)
    with lake.table(BTC).turn(BTC.symbol) as turn:
        turn.append(newer)
    assert lake.compact(BTC, rows=100_000, least=2) == 1
    (file,) = files(tmp_path / "lake")
    held = lake.read(BTC, [hours(0, 70_000)])
    assert held.equals(newest(candles(0, 40_000, known_ms=1), newer))
    table = pl.read_parquet(file)
    assert table.height == 70_000
    assert table["volume"].dtype == DECIMAL


def test_a_damaged_file_is_not_made_one(lake: Cold, tmp_path: Path) -> None:
    """Where one cannot be read, compaction says so, and leaves all files as they were."""
    with lake.table(BTC).turn(BTC.symbol) as turn:
        turn.append(candles(40_000, 60_000, known_ms=1))
    before = files(tmp_path / "lake")
    damaged = Path(before[1])
    damaged.write_bytes(bytes(damaged.stat().st_size))
    with pytest.raises(StoreCorrupt, match="it is damaged"):
        lake.compact(BTC, rows=100_000, least=2)
    assert files(tmp_path / "lake") == before
    assert sorted(damaged.parent.glob("*")) == sorted(map(Path, before))


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A disk that takes no more, as far as one process can have it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room(lake: Cold, tmp_path: Path) -> None:
    """A file that finds no room is told as that, leaves nothing, and can be written later."""
    before = files(tmp_path / "lake")
    more = candles(40_000, 80_000, known_ms=1)
    with no_file_larger_than(4_000), pytest.raises(StoreFull, match="free some space"):
        lake.put(BTC, more, [FIRST])
    assert sorted(Path(before[0]).parent.glob("*")) == sorted(map(Path, before))
    lake.put(BTC, more, [FIRST])
    assert lake.read(BTC, [hours(0, 80_000)]).height == 80_000
