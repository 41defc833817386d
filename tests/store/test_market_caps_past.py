"""Market caps over time: which snapshots there are, and columns of many."""

from __future__ import annotations

from decimal import Decimal

from chandlery.clock import FrozenClock
from chandlery.store import PastPlace, PastPrice, Store
from tests.marketcaps.invented import invented, keep

HOUR_MS = 3_600_000
TIMES = [n * HOUR_MS for n in range(5)]


def test_at(store: Store, clock: FrozenClock) -> None:
    """The snapshot of a moment is the newest that was taken then or before."""
    clock.advance(TIMES[-1] / 1000)
    keep(store, TIMES, 3)
    assert store.market_caps.at(TIMES[2]) == invented(TIMES[2], 3)
    assert store.market_caps.at(TIMES[3] - 1) == invented(TIMES[2], 3)
    assert store.market_caps.at(-1) is None
    assert store.market_caps.at(None) == store.market_caps.latest() == invented(TIMES[4], 3)


def test_times_and_bounds(store: Store, clock: FrozenClock) -> None:
    """Times come ascending, from one moment to before another; bounds tell both ends."""
    clock.advance(TIMES[-1] / 1000)
    assert store.market_cap_past.bounds() == (None, None, 0)
    keep(store, TIMES[::-1], 1)
    assert store.market_cap_past.times() == TIMES
    assert store.market_cap_past.times(TIMES[1], TIMES[3]) == TIMES[1:3]
    assert store.market_cap_past.bounds() == (0, TIMES[-1], 5)


def test_columns(store: Store) -> None:
    """Caps, places and prices come by time and place, exactly as they were kept."""
    keep(store, TIMES, 4)
    expected = [(at, coin) for at in (TIMES[1], TIMES[3]) for coin in invented(at, 4).coins]
    rows = list(store.market_cap_past.caps([TIMES[1], TIMES[3]]))
    assert [(row.taken_ms, row.id, row.market_cap) for row in rows] == [
        (at, coin.id, coin.market_cap) for at, coin in expected
    ]
    first = invented(TIMES[1], 4).coins[0]
    assert list(store.market_cap_past.places([TIMES[1]], 1)) == [
        PastPlace(TIMES[1], 0, first.id, first.name)
    ]
    assert list(store.market_cap_past.prices([TIMES[1]], [first.id])) == [
        PastPrice(TIMES[1], first.id, first.price)
    ]
    assert list(store.market_cap_past.caps([])) == []


def test_sparklines(store: Store) -> None:
    """The newest sparklines of a currency take the place of those before, exactly as told."""
    assert (store.sparklines.taken_ms(), store.sparklines.read()) == (None, {})
    store.sparklines.keep("usd", 1, {"bitcoin": [Decimal("1.10"), Decimal("2E+3")]})
    store.sparklines.keep("eur", 2, {"bitcoin": [Decimal(7)]})
    assert store.sparklines.read() == {"bitcoin": (Decimal("1.10"), Decimal(2000))}
    store.sparklines.keep("usd", 3, {"ether": [Decimal(5)]})
    assert (store.sparklines.taken_ms(), store.sparklines.read()) == (3, {"ether": (Decimal(5),)})
