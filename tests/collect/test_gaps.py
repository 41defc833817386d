"""Every stretch without a candle, with its reason and the evidence; and asking for it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.backfill.backfill import Backfiller
from chandlery.collect.backfill.plan import RestPrice
from chandlery.collect.backfill.rest import RestSpans
from chandlery.collect.gaps import Gap, find_gaps
from chandlery.errors import Unreachable
from chandlery.sandbox import Sandbox
from chandlery.store import Entry, Store
from tests.candles import market
from tests.collect.rehearsal import LISTED_MS, NOW_MS, SOL, Rehearsal, rehearsing
from tests.collect.tape import SERIES, TapeExchange

pytestmark = pytest.mark.slow  # many, which take long together

START: Final = market.START_MS
COUNT: Final = 95
FRAME: Final = market.frame(COUNT)
NOW: Final = START + COUNT * MINUTE_MS + 30_000
PRICE: Final = RestPrice(10, 2, 6000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db", clock=FrozenClock(NOW)) as opened:
        yield opened


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS) as running:
        yield running


def backfiller(exchange: TapeExchange, store: Store) -> Backfiller:
    """A backfill over REST alone."""
    return Backfiller(exchange, None, store, FrozenClock(NOW), PRICE)


def told(gaps: list[Gap]) -> list[tuple[int, int, str]]:
    """The minutes since the first candle at which gaps begin and end, and their reasons."""
    return [
        ((gap.span.start - START) // MINUTE_MS, (gap.span.end - START) // MINUTE_MS, gap.reason)
        for gap in gaps
        if gap.reason != "before listing"
    ]


class TestReasons:
    """What is known of a stretch."""

    def test_nothing_is_known(self, store: Store) -> None:
        """Of a series that nobody asked for, all of time was never asked."""
        [gap] = find_gaps(SERIES, store, now_ms=NOW)
        assert (gap.span, gap.candles, gap.reason) == (Span(0, NOW), None, "never asked")

    def test_never_asked(self, store: Store) -> None:
        """Before, between and after what was asked."""
        exchange = TapeExchange(FRAME, now_ms=NOW)
        for first in (20, 60):
            span = Span(START + first * MINUTE_MS, START + (first + 10) * MINUTE_MS)
            RestSpans(SERIES, exchange, store, lambda *_: None).run([span])
        before, between, after = find_gaps(SERIES, store, now_ms=NOW)
        assert told([between, after]) == [(30, 60, "never asked"), (70, 95, "never asked")]
        assert (between.candles, after.candles, between.asked_ms) == (30, 25, None)
        assert (before.span, before.candles) == (Span(0, START + 20 * MINUTE_MS), None)
        assert before.reason == "never asked"

    def test_before_listing(self, store: Store) -> None:
        """What the exchange has said to be empty before its first candle, with the question."""
        backfiller(TapeExchange(FRAME, now_ms=NOW), store).run(SERIES)
        before = find_gaps(SERIES, store, now_ms=NOW)[0]
        assert (before.span, before.reason) == (Span(0, START), "before listing")
        assert (before.candles, before.inside) == (None, False)
        assert (before.asked_ms, before.source) == (NOW, "rest")
        assert (before.request or "").startswith("/tape?1970-01-01")

    def test_empty(self, store: Store) -> None:
        """An outage that the exchange has confirmed."""
        holed = pl.concat([FRAME.head(20), FRAME.slice(60)])
        backfiller(TapeExchange(holed, now_ms=NOW), store).run(SERIES)
        gap = find_gaps(SERIES, store, now_ms=NOW)[1]
        assert told([gap]) == [(20, 60, "empty at the exchange")]
        assert (gap.candles, gap.asked_ms, gap.inside, gap.error) == (40, NOW, True, None)

    def test_failed(self, store: Store) -> None:
        """What was asked in vain, with the error and the tries."""
        exchange = TapeExchange(FRAME, now_ms=NOW)
        exchange.fails_with, exchange.fails_after = Unreachable("the cable is out"), 4
        for tries in (1, 2, 3):
            report = backfiller(exchange, store).run(SERIES)
            assert str(report.failure) == "the cable is out"
            gap = find_gaps(SERIES, store, now_ms=NOW)[-1]
            assert (gap.reason, gap.tries, gap.error) == ("failed", tries, "the cable is out")
            assert gap.candles == COUNT - store.candles.read(SERIES).frame.height > 0
        exchange.fails_with = None
        assert backfiller(exchange, store).run(SERIES).ok
        assert told(find_gaps(SERIES, store, now_ms=NOW)) == []

    def test_failed_from_the_first(self, store: Store) -> None:
        """Where not one candle came, the first one is known all the same, and gaps are counted."""
        exchange = TapeExchange(FRAME, now_ms=NOW)
        exchange.fails_with, exchange.fails_after = Unreachable("the cable is out"), 1
        assert not backfiller(exchange, store).run(SERIES).ok
        before, failed = find_gaps(SERIES, store, now_ms=NOW)
        assert (before.reason, before.span.end) == ("before listing", START)
        assert (failed.reason, failed.candles, failed.inside) == ("failed", COUNT, True)

    def test_unpublished(self, store: Store) -> None:
        """What no archive file has yet, where REST serves nobody."""
        backfiller(TapeExchange(FRAME.head(50), now_ms=NOW), store).run(
            SERIES, until_ms=START + 50 * MINUTE_MS
        )
        span = Span(START + 50 * MINUTE_MS, NOW)
        entry = Entry(span, "unpublished", NOW, "rest", "klines", error="HTTP 451")
        store.ledger.fail(SERIES, entry)
        gap = find_gaps(SERIES, store, now_ms=NOW)[-1]
        assert told([gap]) == [(50, 95, "archive not published yet")]
        assert (gap.inside, gap.error) == (True, "HTTP 451")

    @pytest.mark.parametrize("ended", [True, False])
    def test_after_delisting(self, store: Store, ended: bool) -> None:  # noqa: FBT001
        """After the last candle of a symbol that has ended, up to now."""
        later = NOW + DAY_MS
        backfiller(TapeExchange(FRAME, now_ms=later), store).run(SERIES)
        after = find_gaps(SERIES, store, now_ms=later, ended=ended)[1:]
        assert sum(gap.candles or 0 for gap in after) == DAY_MS // MINUTE_MS
        if ended:
            # One gap, although it was asked about in many pages.
            assert [gap.reason for gap in after] == ["after delisting"]
            assert (after[0].asked_ms, after[0].inside) == (NOW, False)
        else:
            assert {gap.reason for gap in after[:-1]} == {"empty at the exchange"}
            # A candle that has just closed may be late.
            assert (after[-1].reason, after[-1].candles) == ("never asked", 1)

    def test_ended_and_never_asked(self, store: Store) -> None:
        """That a symbol has ended does not excuse what nobody has asked about."""
        RestSpans(SERIES, TapeExchange(FRAME, now_ms=NOW), store, lambda *_: None).run(
            [Span(START, START + 10 * MINUTE_MS)]
        )
        after = find_gaps(SERIES, store, now_ms=NOW, ended=True)[-1]
        assert told([after]) == [(10, 95, "never asked")]

    def test_lost(self, store: Store, tmp_path: Path) -> None:
        """What the ledger says is stored, and is not there."""
        backfiller(TapeExchange(FRAME, now_ms=NOW), store).run(SERIES)
        lose(tmp_path, START + 7 * MINUTE_MS)
        gap = find_gaps(SERIES, store, now_ms=NOW)[1]
        assert told([gap]) == [(7, 8, "lost")]
        assert not store.prove(SERIES).holds

    def test_off_the_grid(self, store: Store) -> None:
        """Places beside which candles stand are no gap in what is held."""
        shift = pl.duration(seconds=20)
        beside = FRAME.with_columns(
            pl.when(pl.int_range(COUNT).is_between(30, 39))
            .then(pl.col(name) + shift)
            .otherwise(pl.col(name))
            .alias(name)
            for name in ("open_time", "close_time")
        ).filter(pl.int_range(COUNT) != 29)
        exchange = TapeExchange(beside, now_ms=NOW, page_limit=1000)
        backfiller(exchange, store).run(SERIES)
        gaps = find_gaps(SERIES, store, now_ms=NOW)
        assert "lost" not in {gap.reason for gap in gaps}
        assert told([gap for gap in gaps if gap.inside]) == [(29, 30, "empty at the exchange")]
        assert store.prove(SERIES).holds

    @pytest.mark.parametrize("interval", ["1w", "3d", "1M"])
    def test_long_grids(self, box: Sandbox, tmp_path: Path, interval: str) -> None:
        """The first place of a grid lies after the beginning of time, which is no gap."""
        with rehearsing(box, tmp_path) as desk:
            name = f"binance:SOLUSDT:{interval}"
            desk.keeper.collect(name)
            [before] = desk.keeper.gaps(name)
            assert (before.reason, before.span.start) == ("before listing", 0)
            assert desk.keeper.plan(name).is_held
            assert LISTED_MS - before.span.end < WEEK_MS * 6


def lose(home: Path, open_ms: int) -> None:
    """Take a candle out of the store behind its back."""
    [place] = [*home.glob("store.db"), *home.glob("chandlery.db")]
    with sqlite3.connect(place) as base:
        gone = base.execute("DELETE FROM candle WHERE open_ms = ?", (open_ms,)).rowcount
    base.close()
    assert gone == 1


class TestRepair:
    """Asking again."""

    @pytest.fixture
    def desk(self, box: Sandbox, tmp_path: Path) -> Iterator[Rehearsal]:
        """A keeper with two spans of SOLUSDT."""
        with rehearsing(box, tmp_path) as opened:
            opened.keeper.backfill(SOL, until="2020-09-10")
            opened.keeper.backfill(SOL, since="2020-10-01")
            opened.box.requests.clear()
            yield opened

    def test_never_asked(self, desk: Rehearsal) -> None:
        """What nobody had asked about is stored, or confirmed empty."""
        [hole] = [gap for gap in desk.keeper.gaps(SOL) if gap.inside]
        assert (hole.reason, hole.candles) == ("never asked", 21 * 24)
        report = desk.keeper.repair(SOL)
        assert (report.ok, report.requests, report.kept.new) == (True, 1, 21 * 24 - 2)
        desk.assert_whole(SOL)
        assert [gap.reason for gap in desk.keeper.gaps(SOL) if gap.inside] == [
            "empty at the exchange"
        ]

    def test_failed(self, desk: Rehearsal) -> None:
        """A repair that fails says so and counts the tries; the next one heals."""
        desk.box.faults.always("reset", path="klines", service="binance")
        for tries in (1, 2):
            assert not desk.keeper.repair(SOL).ok
            [hole] = [gap for gap in desk.keeper.gaps(SOL) if gap.inside]
            assert (hole.reason, hole.tries) == ("failed", tries)
            assert "cannot be reached" in (hole.error or "")
            assert hole.request == "SOLUSDT 1h"
        assert desk.keeper.store.runs.latest(None, 1)[0].outcome == "failed"
        desk.box.faults.clear()
        assert desk.keeper.repair(SOL).ok
        desk.assert_whole(SOL)

    def test_empty_is_asked_again(self, desk: Rehearsal) -> None:
        """What the exchange had none of is asked again, by one request for each gap."""
        desk.keeper.repair(SOL)
        [before] = [gap for gap in desk.keeper.gaps(SOL) if gap.inside]
        desk.keeper.clock.sleep(60)
        assert desk.keeper.repair(SOL).requests == 1
        [after] = [gap for gap in desk.keeper.gaps(SOL) if gap.inside]
        assert after.span == before.span
        assert (after.asked_ms or 0) - (before.asked_ms or 0) >= 60_000

    def test_nothing_to_repair(self, desk: Rehearsal) -> None:
        """Before listing there is nothing to ask for."""
        desk.keeper.backfill(SOL, since="2020-10-01")
        before, *_ = desk.keeper.gaps(SOL)
        assert (before.reason, before.inside) == ("before listing", False)
        desk.keeper.repair(SOL)
        assert not [seen for seen in desk.box.requests.log("klines") if "startTime=0" in seen.query]

    def test_lost(self, desk: Rehearsal, tmp_path: Path) -> None:
        """A candle that the store has lost comes back from the exchange."""
        desk.keeper.repair(SOL)
        lose(tmp_path, NOW_MS - NOW_MS % DAY_MS + HOUR_MS)
        assert "lost" in {gap.reason for gap in desk.keeper.gaps(SOL)}
        assert desk.keeper.repair(SOL).kept.new == 1
        assert desk.held(SOL).equals(desk.served(SOL))
        assert "lost" not in {gap.reason for gap in desk.keeper.gaps(SOL)}
        assert desk.keeper.prove(SOL).holds

    def test_added_later(self, store: Store) -> None:
        """A candle that the exchange adds where it had none is found."""
        holed = pl.concat([FRAME.head(20), FRAME.slice(60)])
        exchange = TapeExchange(holed, now_ms=NOW)
        backfiller(exchange, store).run(SERIES)
        hole = find_gaps(SERIES, store, now_ms=NOW)[1]
        exchange.frame = pl.concat([FRAME.head(25), FRAME.slice(60)])
        assert backfiller(exchange, store).run(SERIES).kept.new == 0
        done = RestSpans(SERIES, exchange, store, lambda *_: None).run([hole.span])
        assert done.kept.new == 5
        assert told(find_gaps(SERIES, store, now_ms=NOW))[0] == (25, 60, "empty at the exchange")
        assert store.prove(SERIES).holds
