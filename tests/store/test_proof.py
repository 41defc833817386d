"""Proof: it holds on what the store wrote, and finds what somebody else has broken."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.errors import StoreError
from chandlery.store import Entry, Proof, Store, sqlite_url
from tests.store.lakes import do, file_of, files
from tests.store.pages import BTC, hours, page

pytestmark = pytest.mark.slow  # many, which take long together


@pytest.fixture
def url(sqlite_path: Path) -> str:
    """One engine is enough here: the lake is the same beside each."""
    return sqlite_url(sqlite_path)


@pytest.fixture
def filled(two_tiers: Store) -> Store:
    """Twenty candles of which most are folded, and an empty hour."""
    rows = {n: n for n in range(20) if n != 7}
    two_tiers.candles.keep(page(rows), answered=hours(0, 20), source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    assert two_tiers.prove(BTC).holds
    return two_tiers


def test_nothing(two_tiers: Store) -> None:
    """A series that is not there is as it should be."""
    proof = two_tiers.prove(BTC)
    assert proof == Proof(BTC, 0, None, None)
    assert (proof.holds, proof.accounted) == (True, 0.0)


def test_every_absence_is_counted(filled: Store) -> None:
    """Between first and last candle each place is held, empty, failed or not asked about."""
    filled.candles.keep(page({30: 1}), answered=None, source="file")
    failure = Entry(hours(22, 25), "failed", 1, "rest", "klines", error="no route")
    filled.ledger.fail(BTC, failure)
    assert filled.prove(BTC) == Proof(BTC, 20, 0, 30 * HOUR_MS, empty=1, failed=3, unasked=7)
    assert filled.prove(BTC).accounted == 21 / 31


def test_months(two_tiers: Store) -> None:
    """Places of months are counted as months."""
    series = Series.parse("binance:BTCUSDT:1M")
    starts = series.interval.grid(0, 400 * 24 * HOUR_MS).dt.epoch("ms").to_list()
    kept = [starts[place] // HOUR_MS for place in (0, 1, 5, 6)]
    two_tiers.candles.keep(
        page(dict.fromkeys(kept, 1), series=series), answered=None, source="rest"
    )
    two_tiers.folding.fold(series, everything=True)
    proof = two_tiers.prove(series)
    assert (proof.holds, proof.candles, proof.unasked) == (True, 4, 3)


def test_off_the_grid(two_tiers: Store) -> None:
    """Candles that stand off the grid are whole, and their answer is stored as it came."""
    frame = page({n: n for n in range(9)}).frame
    shifted = frame.with_columns(
        pl.when(pl.col("trades") > 4)
        .then(pl.col("open_time").dt.offset_by("30m"))
        .otherwise("open_time")
        .alias("open_time")
    )
    two_tiers.candles.keep(Candles(BTC, shifted), answered=hours(0, 10), source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    assert two_tiers.candles.read(BTC).frame.equals(shifted)
    assert two_tiers.prove(BTC).holds


def test_a_hot_row_is_gone(filled: Store, url: str) -> None:
    """A candle deleted from the database is lost from stored time, and missing in the count."""
    do(url, f"DELETE FROM candle WHERE open_ms = {18 * HOUR_MS}")  # noqa: S608
    proof = filled.prove(BTC)
    assert not proof.holds
    assert proof.lost == (hours(18, 19),)
    assert proof.miscounted == ("candles: the catalogue says 19, the candles say 18",)


def test_a_cold_row_is_gone(filled: Store, tmp_path: Path) -> None:
    """So is one that a file has no more."""
    (file, *_) = [
        name
        for name in files(tmp_path / "lake")
        if 5 in pl.read_parquet(name)["open_time"].dt.epoch("ms") // HOUR_MS
    ]
    rows = pl.read_parquet(file)
    rows.filter(pl.col("open_time").dt.epoch("ms") != 5 * HOUR_MS).write_parquet(file)
    proof = filled.prove(BTC)
    assert not proof.holds
    assert proof.lost == (hours(5, 6),)


def test_a_candle_where_there_is_none(filled: Store, url: str) -> None:
    """A candle in time that is called empty is surplus."""
    do(
        url,
        f"INSERT INTO candle (series_id, open_ms, closed, known_ms, source) "  # noqa: S608
        f"SELECT id, {7 * HOUR_MS}, 1, 1, 'x' FROM series",
    )
    proof = filled.prove(BTC)
    assert proof.surplus == (hours(7, 8),)
    assert not proof.holds


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("candles = candles + 1", "candles: the catalogue says 20, the candles say 19"),
        ("first_ms = 5", "first open time: the catalogue says 5, the candles say 0"),
        (
            "last_ms = NULL",
            f"last open time: the catalogue says None, the candles say {19 * HOUR_MS}",
        ),
    ],
)
def test_a_wrong_counter(filled: Store, url: str, change: str, words: str) -> None:
    """A counter that says otherwise than the candles is named, with both."""
    do(url, f"UPDATE series SET {change}")  # noqa: S608
    proof = filled.prove(BTC)
    assert (proof.miscounted, proof.lost, proof.surplus) == ((words,), (), ())
    assert not proof.holds


def test_a_part_is_forgotten(filled: Store, url: str) -> None:
    """Candles in the lake that no part tells of are lost."""
    do(url, "DELETE FROM part")
    assert filled.prove(BTC).lost == (hours(0, 7), hours(8, 18))


def test_nothing_to_read(filled: Store, tmp_path: Path) -> None:
    """When files are gone it says so and does not guess."""
    for file in files(tmp_path / "lake"):
        Path(file).unlink()
    with pytest.raises(StoreError, match="lake"):
        filled.prove(BTC)


def test_archive_and_rest_together(two_tiers: Store) -> None:
    """It holds for a series of which each part came another way."""
    candles = page({n: n for n in range(10)})
    two_tiers.archive.keep(BTC, candles.frame, [file_of(candles)])
    two_tiers.candles.keep(page({n: n for n in range(8, 16)}), answered=hours(8, 16), source="rest")
    two_tiers.candles.keep(Candles(BTC), answered=hours(20, 24), source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    proof = two_tiers.prove(BTC)
    assert (proof.holds, proof.candles, proof.accounted) == (True, 16, 1.0)
