"""The contract of `store.ledger`, on every engine."""

from __future__ import annotations

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.store import Entry, Store
from tests.store.pages import BTC, ETH, hours, page


def answer(store: Store, span: Span, request: str) -> None:
    """Keep an answer with a candle for every hour of the span."""
    full = page(dict.fromkeys(range(span.start // HOUR_MS, span.end // HOUR_MS), 1))
    store.candles.keep(full, answered=span, source="rest", request=request)


def silence(store: Store, span: Span, request: str) -> None:
    """Keep an answer without candles."""
    store.candles.keep(Candles(BTC), answered=span, source="rest", request=request)


def test_nothing_known(store: Store) -> None:
    """A series that was never asked for has an empty ledger."""
    assert store.ledger.answered(BTC) == []
    assert store.ledger.entries(BTC) == []


def test_entry(store: Store) -> None:
    """An entry says what was asked, when, from where the answer came, and what it was."""
    store.candles.keep(page({1: 1}), answered=hours(0, 2), source="rest", request="/klines?x=1")
    assert store.ledger.entries(BTC) == [
        Entry(hours(0, 1), "empty", 1_000_000, "rest", "/klines?x=1"),
        Entry(hours(1, 2), "stored", 1_000_000, "rest", "/klines?x=1"),
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
        Entry(hours(0, 24), "stored", clock.now_ms(), "rest", "hour 23")
    ]


def test_a_walk_backwards_makes_one_entry(store: Store, clock: FrozenClock) -> None:
    """So do answers of which each ends where the one before it began."""
    for hour in reversed(range(5)):
        clock.advance(1)
        answer(store, hours(hour, hour + 1), f"hour {hour}")
    assert store.ledger.entries(BTC) == [
        Entry(hours(0, 5), "stored", clock.now_ms(), "rest", "hour 0")
    ]


def test_series_keep_their_own_entries(store: Store) -> None:
    """An answer about one series does not touch what is known of another."""
    silence(store, hours(1, 3), "bitcoin")
    ether = Candles(ETH)
    store.candles.keep(ether, answered=hours(2, 4), source="rest", request="ether")
    found = [store.ledger.entries(series)[0] for series in (BTC, ETH)]
    assert [(entry.span, entry.request) for entry in found] == [
        (hours(1, 3), "bitcoin"),
        (hours(2, 4), "ether"),
    ]


def test_a_bridge_joins_both_sides(store: Store, clock: FrozenClock) -> None:
    """An answer that fills the hole between two entries makes them one."""
    for span in (hours(1, 2), hours(5, 6), hours(9, 10)):
        answer(store, span, "side")
    clock.advance(1)
    answer(store, hours(2, 5), "bridge")
    assert [(entry.span, entry.request) for entry in store.ledger.entries(BTC)] == [
        (hours(1, 6), "bridge"),
        (hours(9, 10), "side"),
    ]


def test_older_evidence_does_not_replace_newer(store: Store, clock: FrozenClock) -> None:
    """When the clock went back between two answers, one entry has the newer evidence."""
    answer(store, hours(1, 3), "newer")
    clock.advance(-60)
    answer(store, hours(3, 4), "older")
    assert store.ledger.entries(BTC) == [Entry(hours(1, 4), "stored", 1_000_000, "rest", "newer")]


def test_every_hole_has_its_own_evidence(store: Store) -> None:
    """What is confirmed empty keeps the question to which that was the answer."""
    silence(store, hours(0, 2), "first")
    silence(store, hours(2, 5), "second")
    answer(store, hours(5, 7), "third")
    assert [(one.state, one.span, one.request) for one in store.ledger.entries(BTC)] == [
        ("empty", hours(0, 2), "first"),
        ("empty", hours(2, 5), "second"),
        ("stored", hours(5, 7), "third"),
    ]
    assert store.ledger.answered(BTC) == [hours(0, 7)]


def test_a_later_answer_counts_for_its_span_alone(store: Store) -> None:
    """A candle that comes late cuts the emptiness in which it lies; the rest stays as it was."""
    silence(store, hours(0, 9), "nothing")
    answer(store, hours(3, 4), "one came")
    assert [(one.state, one.span, one.request) for one in store.ledger.entries(BTC)] == [
        ("empty", hours(0, 3), "nothing"),
        ("stored", hours(3, 4), "one came"),
        ("empty", hours(4, 9), "nothing"),
    ]


def test_a_candle_of_a_file_is_not_called_empty(store: Store) -> None:
    """Where a file gave a candle, the exchange's silence does not make the time empty."""
    store.candles.keep(page({3: 3}), answered=None, source="file")
    silence(store, hours(1, 6), "nothing")
    states = [(one.state, one.span) for one in store.ledger.entries(BTC)]
    assert states == [("empty", hours(1, 3)), ("stored", hours(3, 4)), ("empty", hours(4, 6))]


def test_a_candle_of_a_file_ends_emptiness(store: Store, clock: FrozenClock) -> None:
    """A candle that a file brings into time called empty is stored there, with that evidence."""
    silence(store, hours(1, 6), "nothing")
    clock.advance(1)
    store.candles.keep(page({3: 3, 8: 8}), answered=None, source="file", request="x.csv")
    assert [(one.state, one.span, one.source) for one in store.ledger.entries(BTC)] == [
        ("empty", hours(1, 3), "rest"),
        ("stored", hours(3, 4), "file"),
        ("empty", hours(4, 6), "rest"),
    ]
    assert store.prove(BTC).holds


def test_candles_beside_the_answer_end_emptiness(store: Store) -> None:
    """So does a page that has more than what it answers."""
    silence(store, hours(1, 6), "nothing")
    store.candles.keep(page({3: 3, 7: 7}), answered=hours(7, 8), source="rest", request="seven")
    assert [(one.state, one.span) for one in store.ledger.entries(BTC)] == [
        ("empty", hours(1, 3)),
        ("stored", hours(3, 4)),
        ("empty", hours(4, 6)),
        ("stored", hours(7, 8)),
    ]
    assert store.prove(BTC).holds


def test_failures_count_their_tries(store: Store, clock: FrozenClock) -> None:
    """A failure is written where there is no answer, with the tries and the last error."""
    answer(store, hours(3, 5), "good")
    for text in ("first", "second"):
        clock.advance(1)
        failure = Entry(hours(1, 9), "failed", clock.now_ms(), "rest", "klines", error=text)
        store.ledger.fail(BTC, failure)
    assert [(one.state, one.span, one.tries, one.error) for one in store.ledger.entries(BTC)] == [
        ("failed", hours(1, 3), 2, "second"),
        ("stored", hours(3, 5), 1, None),
        ("failed", hours(5, 9), 2, "second"),
    ]
    assert store.ledger.answered(BTC) == [hours(3, 5)]
    answer(store, hours(1, 3), "at last")
    assert [(one.state, one.span) for one in store.ledger.entries(BTC)] == [
        ("stored", hours(1, 5)),
        ("failed", hours(5, 9)),
    ]
