"""Collecting one series: what is asked, what is kept, and what is known afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.span import Span, merge
from chandlery.clock import FrozenClock
from chandlery.collect.collect import Collector, Progress, plan
from chandlery.collect.gaps import find_gaps
from chandlery.collect.wanted import Wanted
from chandlery.errors import Unreachable
from chandlery.store import Store
from tests.candles import market
from tests.collect.tape import SERIES, TapeExchange

MINUTE = 60_000
START = market.START_MS
COUNT = 95
FRAME = market.frame(COUNT)
NOW = START + COUNT * MINUTE - 30_000
"""Half a minute into the last candle."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db", clock=FrozenClock(NOW)) as opened:
        yield opened


def collector(exchange: TapeExchange, store: Store) -> Collector:
    """A collector whose clock stands still."""
    return Collector(exchange, store, FrozenClock(NOW))


@pytest.mark.parametrize("last", [1, 7, 10, 11, 94, 95, 200])
def test_newest(last: int, store: Store) -> None:
    """The newest N arrive over as many pages as it takes, the forming one among them."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    report = collector(exchange, store).collect(SERIES, Wanted(last=last))
    held = store.candles.read(SERIES)
    assert held.frame.equals(FRAME.tail(last))
    assert held.unfinished == 1
    assert report.ok
    assert report.kept.new == min(last, COUNT) - 1
    assert report.requests == len(exchange.asked)


def test_twice_changes_nothing(store: Store) -> None:
    """The second run of the same finds everything unchanged."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    for expected in ((94, 0), (0, 94)):
        report = collector(exchange, store).collect(SERIES, Wanted(last=200))
        assert (report.kept.new, report.kept.unchanged) == expected
    assert store.candles.read(SERIES).frame.equals(FRAME)


def test_span_asks_only_what_is_missing(store: Store) -> None:
    """A span that was partly answered is asked only where it was not."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    collect = collector(exchange, store).collect
    middle = Span(START + 30 * MINUTE, START + 50 * MINUTE)
    collect(SERIES, Wanted(span=middle))
    exchange.asked.clear()
    collect(SERIES, Wanted(span=Span(START, START + 80 * MINUTE)))
    assert store.candles.read(SERIES).frame.equals(FRAME.head(80))
    recheck = Span(START + 47 * MINUTE, START + 50 * MINUTE)
    assert not any(
        asked.intersect(Span(middle.start, recheck.start)) for asked in exchange.asked[:4]
    )
    exchange.asked.clear()
    collect(SERIES, Wanted(span=Span(START, START + 40 * MINUTE)))
    assert exchange.asked == []


def test_outage_is_confirmed_empty(store: Store) -> None:
    """A hole that the exchange has answered for is known as empty, and not asked again."""
    holed = pl.concat([FRAME.head(20), FRAME.slice(60, 20)])
    exchange = TapeExchange(holed, now_ms=NOW, page_limit=100)
    collect = collector(exchange, store).collect
    collect(SERIES, Wanted(span=Span(START, START + 70 * MINUTE)))
    _, gap, _ = find_gaps(SERIES, store, now_ms=NOW)
    assert gap.span == Span(START + 20 * MINUTE, START + 60 * MINUTE)
    assert (gap.candles, gap.reason, gap.asked_ms) == (40, "empty at the exchange", NOW)
    exchange.asked.clear()
    collect(SERIES, Wanted(span=Span(START, START + 60 * MINUTE)))
    assert exchange.asked == []


def test_never_asked_is_told_apart(store: Store) -> None:
    """A hole between two collected spans is a gap that was never asked."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    for first in (0, 40):
        span = Span(START + first * MINUTE, START + (first + 10) * MINUTE)
        collector(exchange, store).collect(SERIES, Wanted(span=span))
    before, gap, after = find_gaps(SERIES, store, now_ms=NOW)
    assert {before.reason, after.reason} == {"never asked"}
    assert (gap.candles, gap.reason, gap.asked_ms) == (30, "never asked", None)


def test_interrupted_goes_on(store: Store) -> None:
    """What was kept before the network failed stays, and the next call does the rest."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    exchange.fails_with, exchange.fails_after = Unreachable("the cable is out"), 3
    wanted = Wanted(span=Span(START, NOW))
    report = collector(exchange, store).collect(SERIES, wanted)
    assert not report.ok
    assert report.kept.new == 30
    exchange.fails_with = None
    report = collector(exchange, store).collect(SERIES, wanted)
    assert report.ok
    assert store.candles.read(SERIES).frame.equals(FRAME)


def test_revision_is_noticed(store: Store) -> None:
    """A closed candle that the exchange changes is replaced, counted, and its old version kept."""
    exchange = TapeExchange(FRAME, now_ms=NOW)
    collect = collector(exchange, store).collect
    collect(SERIES, Wanted(last=50))
    place = COUNT - 3
    changed = FRAME.with_columns(
        pl.when(pl.int_range(COUNT) == place)
        .then(pl.col("volume") + 1)
        .otherwise(pl.col("volume"))
        .cast(FRAME["volume"].dtype)
    )
    exchange.frame = changed
    report = collect(SERIES, Wanted(span=Span(START + (COUNT - 10) * MINUTE, NOW)))
    assert report.kept.revised == 1
    assert store.candles.read(SERIES, last=50).frame.equals(changed.tail(50))
    assert store.candles.revisions(SERIES)["volume"][0] == FRAME["volume"][place]


def test_forming_candle_is_finished_later(store: Store) -> None:
    """The forming candle is replaced in place and counted as new only when it has closed."""
    traded = pl.when(pl.int_range(COUNT) < COUNT - 1).then("trades").otherwise(1)
    forming = FRAME.with_columns(traded.cast(pl.Int64).alias("trades"))
    exchange = TapeExchange(forming, now_ms=NOW)
    first = collector(exchange, store).collect(SERIES, Wanted(last=10))
    exchange.frame, exchange.now_ms = FRAME, NOW + MINUTE
    second = collector(exchange, store).collect(SERIES, Wanted(last=10))
    assert (first.kept.new, first.kept.forming) == (9, 1)
    assert (second.kept.new, second.kept.forming, second.kept.revised) == (1, 0, 0)
    assert store.candles.read(SERIES).frame.equals(FRAME.tail(10))


def test_progress_is_told(store: Store) -> None:
    """A listener hears of every page, how many candles there are and how far it has come."""
    heard: list[Progress] = []
    exchange = TapeExchange(FRAME, now_ms=NOW)
    collector(exchange, store).collect(SERIES, Wanted(span=Span(START, NOW)), listener=heard.append)
    assert [progress.candles for progress in heard] == [*range(10, 91, 10), 95]
    assert heard[-1].reached_ms == START + 94 * MINUTE
    shares = [progress.share for progress in heard]
    assert shares == sorted(shares)
    assert 0.09 < shares[0] < 0.1
    assert shares[-1] > 0.99


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    kept=st.sets(st.integers(0, COUNT - 1)),
    now=st.integers(0, COUNT + 30),
    spans=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 60)), min_size=1, max_size=4),
    page_limit=st.integers(1, 30),
)
def test_ledger_never_claims_too_much(
    kept: set[int], now: int, spans: list[tuple[int, int]], page_limit: int
) -> None:
    """Whatever is asked when: a claimed span holds every closed candle that it will ever have."""
    frame = FRAME.filter(pl.int_range(COUNT).is_in(sorted(kept)))
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(f"sqlite:///{folder}/store.db", clock=FrozenClock(NOW)) as store,
    ):
        for shift, (first, length) in enumerate(spans):
            now_ms = START + (now + shift * 5) * MINUTE + 7_000
            exchange = TapeExchange(frame, now_ms=now_ms, page_limit=page_limit)
            span = Span(START + first * MINUTE, START + (first + length) * MINUTE)
            collector(exchange, store).collect(SERIES, Wanted(span=span))
            collector(exchange, store).collect(SERIES, Wanted(last=3))
        answered = store.ledger.answered(SERIES)
        closed = store.candles.read(SERIES, forming=False).frame
        opens = frame["open_time"].dt.epoch("ms")
        promised = frame.filter(
            pl.Series([any(ms in span for span in answered) for ms in opens], dtype=pl.Boolean)
        )
        assert promised.join(closed, on="open_time", how="anti").is_empty()
        assert answered == merge(answered)


@given(
    recheck=st.integers(0, 60) | st.none(),
    answered=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=4),
)
def test_plan(recheck: int | None, answered: list[tuple[int, int]]) -> None:
    """A plan is what is wanted and not answered, and what is to be checked again."""
    held = merge(Span(start, start + length) for start, length in answered)
    planned = plan(Span(10, 50), held, recheck_from=recheck)
    points = {ms for span in planned for ms in range(span.start, span.end)}
    known = {ms for span in held for ms in range(span.start, span.end)}
    again = set(range(recheck, 50)) if recheck is not None else set()
    assert points == {ms for ms in range(10, 50) if ms not in known or ms in again}
