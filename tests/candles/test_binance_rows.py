"""Binance's JSON rows and CSV lines, both ways and exactly."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.binance_rows import csv_text, parse_rows, rows
from chandlery.candles.files import read_candles
from chandlery.candles.frame import SCHEMA
from chandlery.errors import BadCandles, ChandleryError
from tests.candles import market

UNITS = st.integers(min_value=0, max_value=10**38 - 1)


@given(units=st.lists(UNITS, min_size=8, max_size=8), trades=st.integers(0, 10**12))
def test_exact(units: list[int], trades: int) -> None:
    """Every decimal of up to 30 + 8 digits comes back to the last digit."""
    open_ms = market.START_MS
    number = [market.text(unit) for unit in units]
    row = [open_ms, *number[:5], open_ms + 59_999, number[5], trades, *number[6:], "0"]
    frame = parse_rows([row])
    assert frame.schema == SCHEMA
    assert rows(frame) == [row]
    assert csv_text(frame) == ",".join(map(str, row)) + "\n"


def test_microseconds() -> None:
    """Times of sixteen digits are microseconds and become milliseconds, value by value."""
    first, second = market.rows(2)
    micro = [int(second[0]) * 1000, *second[1:6], int(second[6]) * 1000 + 999, *second[7:]]
    assert rows(parse_rows([first, micro])) == [first, second]


def changed(**values: object) -> list[object]:
    """A good row with some elements replaced, by the name of their column."""
    row: list[object] = list(market.rows(1)[0])
    for name, value in values.items():
        row[list(SCHEMA).index(name)] = value
    return row


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (changed(volume="-1.0"), "volume"),
        (changed(volume="NaN"), "volume"),
        (changed(high="1e5"), "high"),
        (changed(low="1.123456789"), "low"),
        (changed(close="9" * 400), "close"),
        (changed(open=1.5), "open should be text"),
        (changed(open=None), "open should be text"),
        (changed(trades="7"), "trades should be a whole number"),
        (changed(trades=True), "trades should be a whole number"),
        (changed(trades=-1), "trades is out of range"),
        (changed(open_time=10**18), "open_time is out of range"),
        (changed(open_time=2**63), "open_time is out of range"),
        (changed(open_time=-1), "open_time is out of range"),
        (market.rows(1)[0][:11], "12 elements"),
        ("abcdefghijkl", "12 elements"),
        (None, "12 elements"),
    ],
)  # fmt: skip
def test_bad_row(row: object, why: str) -> None:
    """A row that is no candle is refused with its number and what is wrong with it."""
    good = market.rows(1)[0]
    with pytest.raises(BadCandles, match=rf"row 2: .*{why}"):
        parse_rows([good, row])  # type: ignore[list-item]  # what a lying exchange may send


@pytest.mark.parametrize("order", [(1, 0), (0, 0), (0, 1, 1), (0, 2, 1), (1, 0, 2)])
def test_must_ascend(order: tuple[int, ...]) -> None:
    """Rows out of order or twice are refused, not sorted in silence."""
    three = market.rows(3)
    with pytest.raises(BadCandles, match="ascend"):
        parse_rows([three[index] for index in order])


@pytest.mark.parametrize("name", ["open_time", "close_time"])
@pytest.mark.parametrize("late", [4_102_444_800_000, 99_999_999_999_999])
def test_times_after_the_century(name: str, late: int) -> None:
    """A time of milliseconds that lies after 2099 is refused in either column."""
    with pytest.raises(BadCandles, match=f"{name} {late} lies after the year 2099"):
        parse_rows([changed(**{name: late})])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=13),
    max_leaves=30,
)


@given(payload=st.lists(JSON, max_size=4))
def test_any_json(payload: list[object]) -> None:
    """Any JSON at all gives candles or a clear error, never anything else."""
    try:
        parse_rows(payload)  # type: ignore[arg-type]
    except ChandleryError:
        return


def test_recorded_answer(recorded: Path) -> None:
    """A recorded answer of the real exchange comes back byte for byte."""
    path = recorded / "binance_rest" / "klines_1m_500_2024-11-16.json"
    assert rows(read_candles(path)) == orjson.loads(path.read_bytes())


def test_recorded_archive(recorded: Path) -> None:
    """Archive files come back byte for byte, microseconds brought to milliseconds."""
    for month, micro in (("2024-12", False), ("2025-01", True)):
        path = recorded / "vision" / f"BTCUSDT-1h-{month}.csv"
        lines = path.read_text().splitlines()
        if micro:
            split = [line.split(",") for line in lines]
            lines = [",".join([r[0][:13], *r[1:6], r[6][:13], *r[7:]]) for r in split]
        assert csv_text(read_candles(path)).splitlines() == lines


def test_nested_deeply() -> None:
    """A row of a thousand lists in each other is refused like any other that is none."""
    row: list[object] = []
    for _ in range(1_010):
        row = [row]
    with pytest.raises(BadCandles, match="row 1: a candle has 12 elements: nested too deeply"):
        parse_rows([row])
