"""Signs of growth, single candles with their evidence, and silence before the first one."""

from __future__ import annotations

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.clock import FrozenClock
from chandlery.store import Growth, Store
from tests.store.pages import BTC, ETH, hours, page, prices

EVER = 1 << 60


def test_growth(store: Store) -> None:
    """Counters of one moment; what is newer is counted in the hot tier, at most all of it."""
    assert store.growth.since(BTC, 0) is None
    store.candles.keep(page({9: 1}, unfinished=1), answered=None, source="rest")
    assert store.growth.since(BTC, 0) is None
    store.candles.keep(page({10: 1, 11: 1, 12: 1}), answered=hours(10, 13), source="rest")
    found = store.growth.since(BTC, EVER)
    assert found == Growth(3, 0, 10 * HOUR_MS, 12 * HOUR_MS, 0)
    newer = store.growth.since(BTC, 10 * HOUR_MS)
    assert newer is not None
    assert newer.newer <= 2
    assert newer._replace(newer=0) == found
    store.candles.keep(page({11: 2}), answered=hours(11, 12), source="rest")
    grown = store.growth.since(BTC, EVER)
    assert grown is not None
    assert (grown.candles, grown.revisions) == (3, 1)


def test_at(store: Store, clock: FrozenClock) -> None:
    """A candle wherever it stands, with since when and from where; the forming one too."""
    store.candles.keep(page({1: 5, 2: 6, 3: 7}, unfinished=1), answered=hours(1, 3), source="rest")
    for hour, price, closed in ((1, 5, True), (2, 6, True), (3, 7, False)):
        stood = store.evidence.at(BTC, hour * HOUR_MS)
        assert stood is not None
        assert prices(stood.row.select(page({}).frame.columns)) == {hour: price}
        assert stood.closed is closed
        assert stood.row.select("known_ms", "source").row(0) == (clock.now_ms(), "rest")
    assert store.evidence.at(BTC, 4 * HOUR_MS) is None
    assert store.evidence.at(ETH, HOUR_MS) is None


def test_leftover_forming_is_no_candle(store: Store) -> None:
    """A forming row below a closed one was left over, and is not told."""
    store.candles.keep(page({5: 1}, unfinished=1), answered=None, source="rest")
    store.candles.keep(page({6: 1}), answered=hours(6, 7), source="rest")
    assert store.evidence.at(BTC, 5 * HOUR_MS) is None


def test_versions(store: Store, clock: FrozenClock) -> None:
    """Which candles of a time changed how often, and what they were."""
    for price in (1, 2, 3):
        store.candles.keep(page({1: price, 2: 1, 3: price}), answered=hours(1, 4), source="rest")
        clock.advance(1)
    assert store.evidence.revised(BTC) == [(HOUR_MS, 2), (3 * HOUR_MS, 2)]
    assert store.evidence.revised(BTC, most=1) == [(HOUR_MS, 2)]
    assert store.evidence.revised(BTC, hours(2, 4)) == [(3 * HOUR_MS, 2)]
    versions = store.evidence.versions(BTC, hours(2, 4))
    assert versions["close"].to_list() == [1, 2]
    assert versions.equals(store.candles.revisions(BTC).tail(2))
    assert store.evidence.revised(ETH) == []


def test_silent_before(store: Store) -> None:
    """Series before whose first candle the exchange had nothing for so long, in one look."""
    for series, start in ((BTC, 0), (ETH, 90)):
        store.candles.keep(Candles(series), answered=hours(start, 100), source="rest")
        candles = page({100: 1, 101: 1}, series=series)
        store.candles.keep(candles, answered=hours(100, 102), source="rest")
    assert store.ledger.silent_before(50 * HOUR_MS) == {BTC}
    assert store.ledger.silent_before(5 * HOUR_MS) == {BTC, ETH}
