"""The contract of `store.ledger`, on every engine."""

from __future__ import annotations

from chandlery.candles.frame import Candles
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.store import Entry, Store
from tests.store.pages import BTC, ETH, hours, page


def answer(store: Store, span: Span, request: str) -> None:
    """Keep an answer without candles."""
    store.candles.keep(Candles(BTC), answered=span, source="rest", request=request)


def test_nothing_known(store: Store) -> None:
    """A series that was never asked for has an empty ledger."""
    assert store.ledger.answered(BTC) == []
    assert store.ledger.entries(BTC) == []


def test_entry(store: Store) -> None:
    """An entry says what was asked, when, and from where the answer came."""
    store.candles.keep(page({1: 1}), answered=hours(0, 2), source="rest", request="/klines?x=1")
    assert store.ledger.entries(BTC) == [
        Entry(hours(0, 2), "answered", 1_000_000, "rest", "/klines?x=1")
    ]
    assert store.ledger.entries(ETH) == []


def test_no_answer_no_entry(store: Store) -> None:
    """Candles that came without a promise of completeness leave no trace in the ledger."""
    store.candles.keep(page({1: 1}), answered=None, source="file")
    assert store.ledger.entries(BTC) == []


def test_spans_apart_stay_apart(store: Store) -> None:
    """Spans with a hole between them keep their own evidence, in order."""
    answer(store, hours(5, 6), "later")
    answer(store, hours(1, 2), "earlier")
    assert [entry.request for entry in store.ledger.entries(BTC)] == ["earlier", "later"]
    assert store.ledger.answered(BTC) == [hours(1, 2), hours(5, 6)]


def test_hourly_top_ups_make_one_entry(store: Store, clock: FrozenClock) -> None:
    """A day of touching answers is one entry with the newest evidence."""
    for hour in range(24):
        clock.advance(3600)
        answer(store, hours(hour, hour + 1), f"hour {hour}")
    assert store.ledger.entries(BTC) == [
        Entry(hours(0, 24), "answered", clock.now_ms(), "rest", "hour 23")
    ]


def test_a_walk_backwards_makes_one_entry(store: Store, clock: FrozenClock) -> None:
    """So do answers of which each ends where the one before it began."""
    for hour in reversed(range(5)):
        clock.advance(1)
        answer(store, hours(hour, hour + 1), f"hour {hour}")
    assert store.ledger.entries(BTC) == [
        Entry(hours(0, 5), "answered", clock.now_ms(), "rest", "hour 0")
    ]


def test_series_keep_their_own_entries(store: Store) -> None:
    """An answer about one series does not touch what is known of another."""
    answer(store, hours(1, 3), "bitcoin")
    ether = Candles(ETH)
    store.candles.keep(ether, answered=hours(2, 4), source="rest", request="ether")
    found = [store.ledger.entries(series)[0] for series in (BTC, ETH)]
    assert [(entry.span, entry.request) for entry in found] == [
        (hours(1, 3), "bitcoin"),
        (hours(2, 4), "ether"),
    ]


def test_a_bridge_joins_both_sides(store: Store) -> None:
    """An answer that fills the hole between two entries makes them one."""
    for span in (hours(1, 2), hours(5, 6), hours(9, 10)):
        answer(store, span, "side")
    answer(store, hours(2, 5), "bridge")
    assert [(entry.span, entry.request) for entry in store.ledger.entries(BTC)] == [
        (hours(1, 6), "bridge"),
        (hours(9, 10), "side"),
    ]


def test_older_evidence_does_not_replace_newer(store: Store, clock: FrozenClock) -> None:
    """When the clock went back between two answers, the newer evidence stays."""
    answer(store, hours(1, 3), "newer")
    clock.advance(-60)
    answer(store, hours(2, 4), "older")
    assert store.ledger.entries(BTC) == [Entry(hours(1, 4), "answered", 1_000_000, "rest", "newer")]
