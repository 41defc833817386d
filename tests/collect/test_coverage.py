"""Coverage: what is counted of each day, from the ledger and the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.coverage import cover
from chandlery.store import Entry, Store
from tests.candles import market

HOURS = Series.parse("binance:BTCUSDT:1h")
START = market.START_MS
FRAME = market.frame(24 * 10, "1h")
NOW = START + 10 * DAY_MS + 60_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def keep(store: Store, start: int, end: int, *, told: bool = True) -> None:
    """Keep these hours, with an answer of the exchange or from a file."""
    page = Candles(HOURS, FRAME.slice(start, end - start))
    span = Span(START + start * HOUR_MS, START + end * HOUR_MS)
    store.candles.keep(page, answered=span if told else None, source="test")


def test_nothing_is_known(store: Store) -> None:
    """Of a series that nobody asked for there are no days."""
    found = cover(HOURS, store, now_ms=NOW)
    assert (found.rows(), found.life, found.totals()["expected"]) == ([], None, 0)


def test_only_listed(store: Store) -> None:
    """Once the listing is known, all since then is missing."""
    store.candles.keep(Candles(HOURS), answered=Span(0, START), source="test")
    found = cover(HOURS, store, now_ms=NOW)
    assert found.life == Span(START, START + 10 * DAY_MS)
    assert found.totals()["missing"] == 240


def test_candles_that_the_ledger_does_not_know(store: Store) -> None:
    """Candles of a file are stored, though nobody asked the exchange."""
    keep(store, 0, 30, told=False)
    keep(store, 40, 60)
    rows = cover(HOURS, store, now_ms=START + 3 * DAY_MS).rows()
    assert [row[1:] for row in rows] == [
        [24, 24, 0, 0, 0, 0, 0],
        [24, 14, 0, 10, 0, 0, 0],
        [24, 12, 0, 12, 0, 0, 0],
    ]


def test_every_kind(store: Store) -> None:
    """Failed and unpublished time is told apart from what nobody asked for."""
    keep(store, 0, 24)
    for state, start in (("failed", 24), ("unpublished", 48)):
        span = Span(START + start * HOUR_MS, START + (start + 5) * HOUR_MS)
        store.ledger.fail(HOURS, Entry(span, state, NOW, "test", "", error="no"))  # type: ignore[arg-type]
    totals = cover(HOURS, store, now_ms=START + 3 * DAY_MS).totals()
    assert (totals["failed"], totals["unpublished"], totals["missing"]) == (5, 5, 38)


def test_ended(store: Store) -> None:
    """Nothing is expected of a symbol that is traded no more."""
    keep(store, 0, 30)
    assert cover(HOURS, store, now_ms=NOW, ended=True).totals()["expected"] == 30
    assert cover(HOURS, store, now_ms=NOW).totals()["expected"] == 240


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2023-03-26", 23),
        ("Europe/Berlin", "2023-10-29", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
    ],
)
def test_days_of_changing_clocks(store: Store, zone: str, day: str, hours: int) -> None:
    """A day has as many hours as the zone gives it, also where its midnight does not exist."""
    noon = pl.Series([day]).str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms")[0]
    start_ms = int(noon) - 3 * DAY_MS
    frame = market.frame(24 * 7, "1h", start_ms=start_ms)
    span = Span(start_ms, start_ms + 7 * DAY_MS)
    store.candles.keep(Candles(HOURS, frame), answered=span, source="test")
    found = cover(HOURS, store, now_ms=span.end, zone=zone)
    lengths = [row[1] for row in found.rows()[1:-1]]
    assert sorted(set(lengths)) == sorted({24, hours})
    assert found.totals()["stored"] == 24 * 7


def test_months_of_long_candles(store: Store) -> None:
    """Candles longer than a day are counted by the month."""
    for interval, expected in (("1w", 10), ("1M", 2)):
        series = Series.parse(f"binance:BTCUSDT:{interval}")
        start_ms = series.interval.ceil(START)
        frame = market.frame(expected, interval, start_ms=start_ms)
        end_ms = series.interval.next(int(frame["open_time"].dt.epoch("ms")[-1]))
        page = Candles(series, frame)
        store.candles.keep(page, answered=Span(start_ms, end_ms), source="test")
        found = cover(series, store, now_ms=end_ms)
        assert found.bucket == "month"
        assert (found.totals()["stored"], found.totals()["missing"]) == (expected, 0)
        assert len(found.rows()) in {2, 3, 4}
