"""Bringing in every recorded candle file: the figures that its description promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from chandlery.candles.series import Series
from chandlery.collect.importing import Told, files_in, import_file
from chandlery.store import Kept, Store
from tests.torture.lengths import scaled

pytestmark = pytest.mark.slow  # many, which take long together

LATER = 1_790_000_000_000
HOURS = Series.parse("binance:BTCUSDT:1h")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def missing(opens: pl.Series, series: Series) -> tuple[int, int]:
    """Stretches of the interval's grid without a candle, from first to last, and their length."""
    first, last = int(opens[0]), int(opens[-1])
    grid = series.interval.grid(first, last + 1).cast(pl.Int64)
    absent = (~grid.is_in(opens.implode())).to_list()
    starts = sum(
        here and not before for before, here in zip([False, *absent], absent, strict=False)
    )
    return starts, sum(absent)


class Facts(NamedTuple):
    """What the description of the recorded data says of one file."""

    place: str
    symbol: str
    rows: int
    distinct: int
    gaps: tuple[int, int]


FILES = (
    Facts("original/crypto.csv", "BTCUSDT:1h", 4000, 500, (0, 0)),
    Facts("binance_rest/klines_1m_500_2024-11-16.json", "ADAUSDT:1m", 500, 500, (0, 0)),
    Facts("resample/BTCUSDT_1d_GA.csv", "BTCUSDT:1d", 366, 366, (0, 0)),
    Facts("resample/BTCUSDT_1h_GA.csv.gz", "BTCUSDT:1h", 1436, 1436, (2, 5)),
    Facts("resample/BTCUSDT_5m_GA.csv.gz", "BTCUSDT:5m", 2017, 2017, (0, 0)),
    Facts("resample/BTCUSDT_1m_GA.csv.gz", "BTCUSDT:1m", 10081, 10081, (0, 0)),
    Facts(
        "resample/BTCUSDT_1m_2021-10-11_2021-10-21_appended.csv.gz",
        *("BTCUSDT:1m", 15725, 15693, (0, 0)),
    ),
    Facts("resample/BTCUSDT_1m_2025-01-01_6col.csv.gz", "BTCUSDT:1m", 50000, 50000, (0, 0)),
    Facts("resample/BTCUSDT_5m_2025-01-01_6col.csv.gz", "BTCUSDT:5m", 10000, 10000, (0, 0)),
    Facts(
        "resample/ETHUSDT_15m_2020-10-01_2021-04-27.csv.gz", "ETHUSDT:15m", 19911, 19911, (7, 62)
    ),
    Facts("resample/ETHUSDT_1d_2017-08-17.csv", "ETHUSDT:1d", 1350, 1350, (0, 0)),
    Facts(
        "gaps/BTCUSDT_1h_2017-08-17_2024-01-01_gapless_bak.csv.gz",
        *("BTCUSDT:1h", 55765, 55765, (28, 170)),
    ),
    Facts(
        "gaps/BTCUSDT_1h_2021-04-03_2026-04-04_6col.csv.gz",
        *("BTCUSDT:1h", 43837, 43837, (5, 12)),
    ),
)


@pytest.mark.parametrize("facts", FILES, ids=lambda facts: Path(facts.place).name)
def test_files(facts: Facts, recorded: Path, store: Store) -> None:
    """Every candle but the doubtful last one is kept, duplicates are counted, gaps stay gaps."""
    series = Series.parse(f"binance:{facts.symbol}")
    imported = import_file(recorded / facts.place, Told(series), store, now_ms=LATER)
    assert (imported.rows, imported.rows - imported.duplicates) == (facts.rows, facts.distinct)
    assert imported.kept == Kept(new=facts.distinct - 1)
    assert [one.reason for one in imported.left_out] == ["unfinished"]
    opens = store.candles.read(series).frame["open_time"].cast(pl.Int64)
    assert (
        missing(pl.concat([opens, pl.Series([imported.left_out[0].open_ms])]), series) == facts.gaps
    )


@pytest.mark.parametrize(
    ("month", "candles", "told"),
    [
        ("2024-11", 720, Told(exchange="binance")),
        ("2024-12", 744, Told(exchange="binance")),
        ("2025-01", 744, Told()),
        ("2025-02", 672, Told()),
    ],
)
def test_spot_archive(month: str, candles: int, told: Told, recorded: Path, store: Store) -> None:
    """Whole months are certain to their last candle; microseconds tell the market, nothing else."""
    path = recorded / "vision" / f"BTCUSDT-1h-{month}.csv"
    imported = import_file(path, told, store, now_ms=LATER)
    assert (imported.series, imported.kept) == (HOURS, Kept(new=candles))
    opens = store.candles.read(HOURS).frame["open_time"].cast(pl.Int64)
    assert missing(opens, HOURS) == (0, 0)


@pytest.mark.slow
def test_futures_archive(recorded: Path, store: Store) -> None:
    """A folder of twelve futures months is a year of minutes, known by header and name."""
    found = files_in(recorded / "perf")
    assert len(found.files) == 12
    months = sorted(found.files)[: scaled(short=4, full=12)]
    kept = [import_file(path, Told(), store, now_ms=LATER) for path in months]
    assert {str(one.series) for one in kept} == {"binance-um:FILUSDT:1m"}
    assert sum(one.kept.new for one in kept) == scaled(short=175_680, full=522_720)
    assert all(one.ok and not one.left_out for one in kept)


def test_first_version_is_confirmed(recorded: Path, store: Store) -> None:
    """All 499 certain candles of the first version's file are those of an independent history."""
    path = recorded / "original" / "crypto.csv"
    history = next((recorded / "gaps").glob("*gapless*"))
    import_file(history, Told(HOURS), store, now_ms=LATER)
    imported = import_file(path, Told(HOURS), store, now_ms=LATER)
    assert imported.kept == Kept(unchanged=499)
    assert [one.reason for one in imported.left_out] == ["unfinished"]


def test_off_grid(recorded: Path, store: Store) -> None:
    """The 43 candles of February 2018 that stand off the grid are kept as they are."""
    path = next((recorded / "gaps").glob("*gapless*"))
    imported = import_file(path, Told(HOURS), store, now_ms=LATER)
    opens = store.candles.read(HOURS).frame["open_time"].cast(pl.Int64)
    assert (opens % 3_600_000 != 0).sum() == 43
    assert "56 others are kept as they stand" in imported.notes[0]


def test_revised_by_the_exchange(recorded: Path, store: Store) -> None:
    """A later download with six columns confirms 24,079 candles and differs in five."""
    for path in sorted((recorded / "gaps").iterdir()):
        imported = import_file(path, Told(HOURS, closed=True), store, now_ms=LATER)
    assert imported.kept.unchanged == 24_079
    assert imported.count("poorer") == 5
    assert not imported.ok
