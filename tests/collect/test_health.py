"""The one rule by which a kept series is called late."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.collect.health import Late
from chandlery.collect.jobs import listing_job, plan_jobs
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.record import record_job, run
from chandlery.collect.status import StatusReport, status
from chandlery.collect.symbols import Listings
from chandlery.errors import ChandleryError, Unreachable
from chandlery.market import SymbolInfo
from chandlery.settings import Settings, read_settings
from chandlery.store import Store
from tests.collect.tape import SERIES

NOON = 1_735_732_800_000
"""2025-01-01 12:00:00 UTC."""
BEGIN = NOON + 10_000
"""When the candle that closed at noon has settled."""
DUE = 3_600 + 2 - 10
"""Seconds from then until the next one is due."""
NAME = "binance:BTCUSDT:1h"
AWAY = Unreachable("no route")


class World:
    """A store, a clock and settings; things happen in it, and it is judged."""

    def __init__(self, store: Store, clock: FrozenClock) -> None:
        self.store = store
        self.clock = clock
        self.settings: Settings = read_settings(series=NAME)

    def ran(self, name: str = NAME, failure: ChandleryError | None = None) -> None:
        """A run of a job, now."""
        now_ms = self.clock.now_ms()
        record_job(self.store, run(name, now_ms, now_ms, failure, "{}"), failure)

    def listed(self, *symbols: str, ended: bool = False) -> None:
        """The exchange has told its symbols, now."""
        state: Final = "BREAK" if ended else "TRADING"
        infos = [SymbolInfo(symbol, symbol[:-4], "USDT", state, 2) for symbol in symbols]
        self.store.symbols.keep("binance", infos)
        self.ran(listing_job("binance"))

    def judged(self) -> StatusReport:
        """How everything stands now, as a process sees it that has just begun."""
        now_ms = self.clock.now_ms()
        listings = Listings(self.store, self.clock)
        jobs = plan_jobs(self.settings, self.store, listings, now_ms=now_ms)
        return status(self.store, self.settings, jobs, now_ms=now_ms)

    def late(self) -> list[str]:
        """What is late now."""
        return [one.series for one in self.judged().late]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An hour's series is to be kept; it is just past noon, and nothing has happened."""
    clock = FrozenClock(BEGIN)
    with Store.open(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        yield World(store, clock)


def test_never_collected(world: World) -> None:
    """A series that is named counts as late until its first good run."""
    assert world.judged().late == [Late(NAME, None, None, 0, None, None, running=False)]
    world.ran(failure=AWAY)
    (late,) = world.judged().late
    assert (late.since_ms, late.failures, late.error) == (None, 1, "no route")
    world.clock.advance(5)
    world.ran()
    assert world.judged().healthy


def test_late_after(world: World) -> None:
    """A series is late two minutes after the due time that its last good run left, not before."""
    world.ran()
    world.clock.advance(DUE + 120)
    assert world.late() == []
    world.clock.advance(0.001)
    (late,) = world.judged().late
    assert (late.since_ms, late.succeeded_ms) == (NOON + 3_602_000, BEGIN)
    world.settings = read_settings(series=NAME, late_after=121)
    assert world.late() == []


def test_failures_do_not_put_it_off(world: World) -> None:
    """Retries move the next due time, and not the one that was missed; a good run ends it."""
    world.ran()
    world.clock.advance(DUE)
    for _ in range(13):
        world.ran(failure=AWAY)
        world.clock.advance(10)
    report = world.judged()
    (late,) = report.late
    assert (late.since_ms, late.failures) == (NOON + 3_602_000, 13)
    assert report.series[0].due_ms is not None
    assert report.series[0].due_ms > NOON + 3_700_000
    world.ran()
    assert world.late() == []


def test_failing_before_it_is_due(world: World) -> None:
    """A failure in between is no lateness: everything that was due had been served."""
    world.ran()
    world.clock.advance(600)
    world.ran(failure=AWAY)
    world.clock.advance(600)
    assert world.late() == []


def test_by_period(world: World) -> None:
    """With a period of its own a series is late by that period."""
    world.settings = read_settings(series=NAME, every="60")
    world.ran()
    world.clock.advance(62 + 121)
    assert world.late() == [NAME]


def test_clock_set_forward(world: World) -> None:
    """After a long sleep everything is late at once, until the first good run."""
    world.ran()
    world.clock.advance(8 * 3600)
    assert world.late() == [NAME]
    world.ran()
    assert world.late() == []


def test_clock_set_back(world: World) -> None:
    """A good run slightly ahead of this clock counts; one from a wrong clock does not."""
    world.ran()
    world.clock.advance(-60)
    assert world.late() == []
    world.clock.advance(-3600)
    (late,) = world.judged().late
    assert late.since_ms is None
    world.ran()
    assert world.late() == []


def test_ended(world: World) -> None:
    """A series whose symbol the exchange has taken off is never late, and is told as ended."""
    world.ran()
    world.clock.advance(1)
    world.listed("BTCUSDT", ended=True)
    world.clock.advance(4000)
    assert world.late() == [NAME]
    world.ran()
    world.clock.advance(100 * 3600)
    report = world.judged()
    assert (report.late, report.series[0].ended, report.series[0].due_ms) == ([], True, None)


def test_pattern_without_symbols(world: World) -> None:
    """A pattern is late itself while nobody knows which symbols it stands for."""
    world.settings = read_settings(series="binance:*USDT:1h")
    world.ran(listing_job("binance"), AWAY)
    (late,) = world.judged().late
    assert (late.series, late.error) == ("binance:*USDT:1h", "no route")


def test_new_listing(world: World) -> None:
    """A series that a pattern brought in has the usual time, counted from the listing."""
    world.settings = read_settings(series="binance:*USDT:1h")
    world.listed("BTCUSDT", "ETHUSDT")
    world.ran()
    world.clock.advance(120)
    assert world.late() == []
    world.clock.advance(1)
    assert world.late() == ["binance:ETHUSDT:1h"]


def test_worst_first(world: World) -> None:
    """Those never collected come first, then the longest overdue."""
    hour, minute = Series.parse(NAME), SERIES
    never = Series.parse("binance:ETHUSDT:1h")
    world.settings = read_settings(series=(minute, hour, never))
    world.ran(str(hour))
    world.ran(str(minute))
    world.clock.advance(2 * 3600)
    assert world.late() == [str(never), str(minute), str(hour)]


def test_running(world: World) -> None:
    """A late series says when somebody is collecting it now."""
    world.store.jobs.hold(NAME, "somebody", now_ms=BEGIN, until_ms=BEGIN + 180_000)
    assert world.judged().late[0].running
    world.clock.advance(181)
    assert not world.judged().late[0].running


def test_market_caps(world: World) -> None:
    """Late market caps are told and make nothing unhealthy."""
    world.ran()
    world.ran(MARKET_CAPS)
    world.clock.advance(180)
    assert not world.judged().market_caps_late
    world.clock.advance(1)
    report = world.judged()
    assert (report.market_caps_late, report.healthy) == (True, True)
