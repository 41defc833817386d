"""Gaps on a grid, and larger candles from smaller ones."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.files import read_candles
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.candles.gaps import gaps, places
from chandlery.candles.interval import Interval
from chandlery.candles.resample import resample
from chandlery.candles.span import Span
from chandlery.errors import BadSpan
from tests.candles import market

MINUTE, HOUR, DAY = (Interval.parse(text) for text in ("1m", "1h", "1d"))


@given(kept=st.sets(st.integers(0, 79), min_size=1))
def test_gaps_are_what_is_missing(kept: set[int]) -> None:
    """Gaps hold exactly the places of the grid that have no candle, in as few spans as can be."""
    frame = market.frame(80)
    held = frame.filter(pl.int_range(80).is_in(sorted(kept)))["open_time"]
    span = Span(market.START_MS, market.START_MS + 80 * 60_000)
    found = gaps(held, MINUTE, span)
    missing = {(ms - span.start) // 60_000 for gap in found for ms in _opens(gap)}
    assert missing == set(range(80)) - kept
    assert all(a.end < b.start for a, b in itertools.pairwise(found))


def _opens(gap: Span) -> list[int]:
    return MINUTE.grid(gap.start, gap.end).dt.epoch("ms").to_list()


@pytest.mark.parametrize("text", ["3m", "5m", "15m", "1h", "4h"])
def test_sums_are_exact(text: str) -> None:
    """A larger candle is the exact sum of its smaller ones, in every column."""
    minutes = market.frame(480)
    parent = Interval.parse(text)
    result = resample(minutes, MINUTE, parent)
    assert result.incomplete.is_empty()
    size = (parent.length_ms or 0) // 60_000
    for row, part in zip(
        result.frame.iter_rows(named=True), minutes.iter_slices(size), strict=True
    ):
        assert row["open"] == part["open"][0]
        assert row["close"] == part["close"][-1]
        assert row["high"] == max(part["high"].to_list())
        assert row["low"] == min(part["low"].to_list())
        assert row["close_time"] == part["close_time"][-1]
        for name in ("volume", "quote_volume", "trades", "taker_buy_volume"):
            assert row[name] == sum(part[name].to_list())


def test_incomplete_parents_are_named() -> None:
    """A parent that lacks a child is given as what is there, and named."""
    minutes = market.frame(180)
    holed = pl.concat([minutes.head(70), minutes.tail(100)])
    result = resample(holed, MINUTE, HOUR)
    assert result.frame.height == 3
    assert result.incomplete.to_list() == [minutes["open_time"][60]]


def test_months_and_weeks() -> None:
    """Days sum up to calendar months and to weeks that begin on Monday."""
    days = market.frame(61, "1d", start_ms=1_704_067_200_000)
    months = resample(days, DAY, Interval.parse("1M"))
    assert months.frame["open_time"].dt.strftime("%F").to_list() == [
        "2024-01-01", "2024-02-01", "2024-03-01",
    ]  # fmt: skip
    assert months.incomplete.dt.strftime("%F").to_list() == ["2024-03-01"]
    weeks = resample(days, DAY, Interval.parse("1w"))
    assert set(weeks.frame["open_time"].dt.weekday()) == {1}
    assert weeks.frame["volume"].sum() == days["volume"].sum()


@pytest.mark.parametrize(
    ("child", "parent"), [("1h", "1m"), ("2h", "3m"), ("3d", "1w"), ("1w", "1M")]
)
def test_no_multiple(child: str, parent: str) -> None:
    """An interval that is no multiple of the other is refused."""
    with pytest.raises(BadSpan, match="cannot be summed"):
        resample(market.frame(2), Interval.parse(child), Interval.parse(parent))


def test_recorded_hours(recorded: Path) -> None:
    """The recorded minutes give all 167 recorded full hours to the last digit in nine fields."""
    minutes = read_candles(recorded / "resample" / "BTCUSDT_1m_GA.csv.gz")
    hours = read_candles(recorded / "resample" / "BTCUSDT_1h_GA.csv.gz")
    result = resample(minutes, MINUTE, HOUR)
    full = result.frame.filter(~pl.col("open_time").is_in(result.incomplete.implode()))
    compared = [*DECIMAL_COLUMNS, "trades"]
    assert len(compared) == 9
    same = full.join(hours, on=["open_time", *compared], how="semi")
    assert (full.height, same.height) == (167, 167)


def test_recorded_outages(recorded: Path) -> None:
    """The recorded hours of 2017 to 2024 have 28 gaps of 170 hours and 43 off-grid candles."""
    path = next((recorded / "gaps").glob("*gapless*"))
    frame = read_candles(path)
    opens = frame["open_time"].dt.epoch("ms")
    found = gaps(frame["open_time"], HOUR, Span(int(opens[0]), int(opens[-1]) + 1))
    assert frame.height == 55_765
    assert len(found) == 28
    assert sum(places(gap, HOUR) for gap in found) == 170
    assert int((opens % 3_600_000 != 0).sum()) == 43
    assert frame.schema == SCHEMA
