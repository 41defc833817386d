"""Market caps are thinned with age: nothing new is lost, every hour and day keeps something."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store import Store
from chandlery.store.market_caps.thinning import ALL_FOR_MS, DAY_MS, HOUR_MS, HOURLY_FOR_MS, surplus

BITCOIN = MarketCap("bitcoin", "btc", "Bitcoin", 1, Decimal(2), Decimal(3), None, None, None)
NOW = 20_000 * DAY_MS
MOMENTS = st.lists(
    st.one_of(
        st.integers(NOW - 200 * DAY_MS, NOW),
        st.integers(NOW - HOURLY_FOR_MS - 2 * HOUR_MS, NOW - HOURLY_FOR_MS + 2 * HOUR_MS),
        st.integers(NOW - ALL_FOR_MS - 2 * HOUR_MS, NOW - ALL_FOR_MS + 2 * HOUR_MS),
    ),
    max_size=60,
    unique=True,
).map(sorted)


def thinned(times: list[int], now_ms: int) -> list[int]:
    """What is left of them."""
    gone = set(surplus(times, now_ms))
    return [one for one in times if one not in gone]


@given(MOMENTS)
def test_what_stays(times: list[int]) -> None:
    """All of two days, the first of each hour of ninety, the first of each day before that."""
    left = thinned(times, NOW)
    young = [one for one in times if NOW - one <= ALL_FOR_MS]
    assert [one for one in left if NOW - one <= ALL_FOR_MS] == young
    for low, high, length in (
        (ALL_FOR_MS, HOURLY_FOR_MS, HOUR_MS),
        (HOURLY_FOR_MS, NOW, DAY_MS),
    ):
        of_that_age = [one for one in times if low < NOW - one <= high]
        firsts = list({one // length: one for one in reversed(of_that_age)}.values())[::-1]
        assert [one for one in left if low < NOW - one <= high] == firsts


@given(MOMENTS, st.lists(st.integers(0, 120 * DAY_MS), max_size=4).map(sorted))
def test_thinning_step_by_step(times: list[int], steps: list[int]) -> None:
    """However often it is thinned on the way, every hour and then every day keeps its first."""
    left = times
    for step in steps:
        left = thinned(left, NOW + step)
    end = NOW + (steps[-1] if steps else 0)
    firsts = {one // DAY_MS: one for one in reversed(times)}
    assert set(firsts.values()) <= set(left)
    whole_hours = [one for one in times if one - one % HOUR_MS >= end - HOURLY_FOR_MS]
    firsts = {one // HOUR_MS: one for one in reversed(whole_hours)}
    assert set(firsts.values()) <= set(left)


def kept(store: Store) -> list[int]:
    """When the snapshots that are kept were taken."""
    return store.market_cap_past.times()


def keep(store: Store, *times: int) -> None:
    """Keep a snapshot of one coin for each time."""
    for at_ms in times:
        store.market_caps.keep(MarketCapSnapshot(at_ms, "usd", (BITCOIN,)))


def test_keeping_thins(store: Store) -> None:
    """A new snapshot lets the needless ones of its currency go, with their coins, and no others."""
    old = NOW - ALL_FOR_MS - 1000
    euro = MarketCapSnapshot(old + 5, "eur", (BITCOIN,))
    store.market_caps.keep(euro)
    keep(store, old + 1, old + 2, old + 3, NOW - 2000)
    assert kept(store) == [old + 1, old + 2, old + 3, NOW - 2000]
    keep(store, NOW)
    assert kept(store) == [old + 1, NOW - 2000, NOW]
    assert [row.taken_ms for row in store.market_cap_past.caps([old + 1, old + 2, NOW])] == [
        old + 1,
        NOW,
    ]
    assert store.market_caps.latest("eur") == euro
    assert store.market_cap_past.bounds() == (old + 1, NOW, 3)


def test_the_newest_stays(store: Store) -> None:
    """However long nothing was collected, what is newest stays, and what is kept next joins it."""
    keep(store, NOW)
    assert kept(store) == [NOW]
    keep(store, NOW + 400 * DAY_MS)
    assert kept(store) == [NOW, NOW + 400 * DAY_MS]


@pytest.mark.slow
def test_a_long_pause_is_made_up_in_steps(store: Store) -> None:
    """After a pause the needless ones go a few hundred at a time: nobody waits for all of them."""
    many = [NOW + step * 1000 for step in range(450)]
    keep(store, *many)
    later = NOW + 10 * DAY_MS
    left = []
    for step in range(4):
        keep(store, later + step)
        left.append(len(kept(store)) - 1 - step)
    assert left == [250, 50, 1, 1]


@settings(max_examples=10)
@given(st.integers(1, 5))
def test_a_clock_that_was_set_back(behind: int) -> None:
    """A snapshot of an earlier moment lets nothing go that is younger than itself."""
    times = [NOW + one * DAY_MS for one in range(behind)]
    assert surplus(times, NOW - DAY_MS) == []
