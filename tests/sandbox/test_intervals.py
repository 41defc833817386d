"""Where candles of every interval open and close, in UTC and in other time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from chandlery.candles.interval import INTERVALS, Interval
from tests.sandbox.asking import DAY, HOUR, NOW_MS, Asker

WEEK = 7 * DAY


def at(*when: int) -> int:
    """Epoch milliseconds of a UTC date."""
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
def test_opens_and_closes(ask: Asker, interval: Interval) -> None:
    """Candles stand on the grid of their interval and end a millisecond before the next."""
    rows = ask.rows(symbol="BNBUSDT", interval=interval.text, limit=50)
    anchor = 1_509_937_200_000
    for row, following in pairwise(rows):
        assert interval.floor(row[0], anchor_ms=anchor) == row[0]
        assert row[6] == interval.close(row[0])
        assert following[0] == row[6] + 1


@pytest.mark.parametrize(
    ("interval", "first"),
    [
        ("1h", at(2017, 8, 17, 4)),
        ("4h", at(2017, 8, 17, 4)),
        ("1d", at(2017, 8, 17)),
        ("3d", at(2017, 8, 17)),
        ("1w", at(2017, 8, 14)),
        ("1M", at(2017, 8, 1)),
    ],
)
def test_first_candles(ask: Asker, interval: str, first: int) -> None:
    """The first candle of BTCUSDT opens where the real one does, for every interval."""
    assert ask.rows(symbol="BTCUSDT", interval=interval, startTime=0, limit=1)[0][0] == first


@pytest.mark.parametrize(
    ("symbol", "residue"), [("BTCUSDT", 1), ("BNBUSDT", 1), ("SOLUSDT", 2), ("XRPUSDT", 0)]
)
def test_three_days_stand_on_the_listing(ask: Asker, symbol: str, residue: int) -> None:
    """3d candles count from the symbol's own first day."""
    listed = ask.rows(symbol=symbol, interval="1h", startTime=0, limit=1)[0][0]
    assert listed // DAY % 3 == residue
    rows = ask.rows(symbol=symbol, interval="3d", limit=20)
    assert {row[0] // DAY % 3 for row in rows} == {residue}


def test_week_of_listing_is_skipped_from_the_listing_on(ask: Asker) -> None:
    """A week that opened before the asked start is not returned, though it holds it."""
    start = 1_502_942_400_000
    rows = ask.rows(symbol="BTCUSDT", interval="1w", startTime=start, limit=1)
    assert rows[0][0] == at(2017, 8, 21)


@pytest.mark.parametrize(
    ("zone", "east"),
    [("0", 0), ("8", 8), ("+08:00", 8), ("-1:00", -1), ("05:45", 5.75), ("14", 14), ("-12", -12)],
)
@pytest.mark.parametrize("interval", ["1h", "1d", "1w", "1M"])
def test_time_zones(ask: Asker, zone: str, east: float, interval: str) -> None:
    """Boundaries follow the zone: local midnights, Mondays and firsts of the month."""
    rows = ask.rows(symbol="BTCUSDT", interval=interval, limit=3, timeZone=zone)
    for row in rows:
        local = datetime.fromtimestamp((row[0] + east * HOUR) / 1000, UTC)
        assert local.minute == 0
        if interval != "1h":
            assert local.hour == 0
        if interval == "1w":
            assert local.weekday() == 0
        if interval == "1M":
            assert local.day == 1
    assert rows[-1][0] <= NOW_MS <= rows[-1][6]


def test_zone_moves_candles_not_bounds(ask: Asker) -> None:
    """A day in UTC+8 is the sum of its own 24 hours, and start times stay in UTC."""
    start = at(2025, 3, 10, 16)
    [day] = ask.rows(symbol="BTCUSDT", interval="1d", startTime=start, limit=1, timeZone="8")
    hours = ask.rows(symbol="BTCUSDT", interval="1h", startTime=start, limit=24)
    assert day[0] == start
    assert day[8] == sum(row[8] for row in hours)
    assert day[1] == hours[0][1]
    assert day[4] == hours[-1][4]
