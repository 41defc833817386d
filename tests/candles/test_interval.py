"""Where candles of each interval open and close."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.interval import DAY_MS, INTERVALS, Interval
from chandlery.errors import UnknownInterval

TIMES = st.integers(min_value=0, max_value=4_000_000_000_000)
ANCHOR = 1_502_928_000_000
"""2017-08-17, the first day of BTCUSDT."""


def ms(text: str) -> int:
    """Epoch milliseconds of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_sixteen() -> None:
    """There are sixteen intervals, and each is read back from its own text."""
    assert len(INTERVALS) == 16
    assert [Interval.parse(str(interval)) for interval in INTERVALS] == list(INTERVALS)


def test_minute_is_not_month() -> None:
    """1m and 1M differ, and file names spell the month so that no file system confuses them."""
    assert Interval.parse("1m") != Interval.parse("1M")
    assert Interval.parse("1M").slug == "1mo"
    assert len({interval.slug.lower() for interval in INTERVALS}) == 16


@pytest.mark.parametrize("text", ["", "2h30", "1H", "60", "7m", "1 h", "1mo"])
def test_unknown(text: str) -> None:
    """A text that is no interval is refused with the list of those that are."""
    with pytest.raises(UnknownInterval, match="1s, 1m"):
        Interval.parse(text)


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
@given(time=TIMES)
def test_floor_holds_time(interval: Interval, time: int) -> None:
    """Every moment lies in exactly one candle: from its open to its close."""
    open_ms = interval.floor(time, anchor_ms=ANCHOR)
    assert open_ms <= time <= interval.close(open_ms)
    assert interval.floor(open_ms, anchor_ms=ANCHOR) == open_ms
    assert interval.ceil(time, anchor_ms=ANCHOR) in {open_ms, interval.next(open_ms)}


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
@given(time=TIMES, count=st.integers(min_value=0, max_value=40))
def test_back_undoes_next(interval: Interval, time: int, count: int) -> None:
    """Going some candles on and as many back ends where it began."""
    start = interval.floor(time, anchor_ms=ANCHOR)
    end = start
    for _ in range(count):
        end = interval.next(end)
    assert interval.back(end, count) == start


@pytest.mark.parametrize(
    ("text", "time", "opens"),
    [
        ("1w", "2024-01-03T12:00", "2024-01-01"),
        ("1w", "2017-08-17T04:00", "2017-08-14"),
        ("1M", "2024-02-29T23:59", "2024-02-01"),
        ("1M", "2017-08-17T04:00", "2017-08-01"),
        ("3d", "2017-08-19T23:00", "2017-08-17"),
        ("3d", "2017-08-20T00:00", "2017-08-20"),
        ("1d", "2024-03-31T01:30", "2024-03-31"),
        ("4h", "2017-08-17T07:59", "2017-08-17T04:00"),
    ],
)
def test_known_opens(text: str, time: str, opens: str) -> None:
    """Weeks open on Mondays, months on the first, 3d on the symbol's own days."""
    assert Interval.parse(text).floor(ms(time), anchor_ms=ANCHOR) == ms(opens)


def test_three_days_need_anchor() -> None:
    """Without a known open time the grid of 3d candles is not guessed."""
    with pytest.raises(ValueError, match="anchor_ms"):
        Interval.parse("3d").floor(ms("2024-01-01"))


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
def test_grid_and_expression_agree(interval: Interval) -> None:
    """The grid of open times is what `floor` gives, one by one and for a whole column."""
    start = ms("2023-12-28T00:00:07")
    end = start + (2000 if interval.typical_ms < DAY_MS else 130_000) * 60_000
    grid = interval.grid(start, min(end, start + 500 * interval.typical_ms), anchor_ms=ANCHOR)
    opens = grid.dt.epoch("ms").to_list()
    assert opens
    assert all(interval.floor(open_ms + 1, anchor_ms=ANCHOR) == open_ms for open_ms in opens)
    assert all(b == interval.next(a) for a, b in itertools.pairwise(opens))
    later = grid.dt.offset_by("900ms").to_frame()
    floored = later.select(interval.floor_expr(pl.col("open_time"), anchor_ms=ANCHOR)).to_series()
    assert floored.to_list() == grid.to_list()
