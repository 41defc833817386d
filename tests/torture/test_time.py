"""Clocks that are wrong, set at any moment or still: the candles are those of the exchange."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.runner import Runner
from chandlery.sandbox import Sandbox
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.settings import read_settings
from chandlery.web import create_app
from tests.collect.rehearsal import EARLY_MS, Rehearsal, rehearsing
from tests.torture.clocks import WRONG_BY_MS, RestlessClock, SetClock, SleepingClock
from tests.torture.lengths import scaled, seeds
from tests.twin_clock import WrongClock
from tests.waiting import eventually

SOL: Final = "binance:SOLUSDT:1h"
BTC: Final = "binance:BTCUSDT:1h"


@pytest.mark.parametrize("off_ms", [999, -HOUR_MS, 9 * HOUR_MS, -3 * DAY_MS, -20_000 * DAY_MS])
def test_a_csv_and_a_wrong_clock(box: Sandbox, tmp_path: Path, off_ms: int) -> None:
    """The CSV goes on whatever this machine takes for the time, also beside an empty store."""
    csv = tmp_path / "crypto.csv"
    now_ms = box.clock.now_ms()
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, csv=str(csv), series=SOL) as desk:
        assert desk.keeper.keep_current(Series.parse(SOL), last=10).ok
        for home in ("home", "another"):
            box.clock.advance(HOUR_MS / 1000)
            settings = desk.keeper.settings.model_copy(update={"home": tmp_path / home})
            clock = WrongClock(box, box.clock.now_ms())
            clock.off_ms = off_ms
            with Keeper(settings, clock=clock) as keeper:
                report = keeper.keep_current(Series.parse(SOL))
            assert report.ok, report.failure
        newest = int(csv.read_text().splitlines()[-1].partition(",")[0])
        assert newest == box.clock.now_ms() // HOUR_MS * HOUR_MS


def test_a_clock_set_back_does_not_put_off_a_run(box: Sandbox, tmp_path: Path) -> None:
    """Set back by twenty minutes between two closes: the next is served when it comes."""
    now_ms = box.clock.now_ms()
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, series=SOL) as desk:
        clock = WrongClock(box, now_ms)
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            Runner(keeper).do(SOL)
            clock.advance(25 * 60)
            clock.off_ms = -20 * MINUTE_MS
            job = next(job for job in keeper.jobs() if job.name == SOL)
            assert job.due_ms <= clock.now_ms()
            assert Runner(keeper).do(SOL, due_ms=job.due_ms).skipped is None
            job = next(job for job in keeper.jobs() if job.name == SOL)
            close_ms = now_ms // HOUR_MS * HOUR_MS + HOUR_MS
            assert 0 <= job.due_ms + 20 * MINUTE_MS - close_ms <= 10_000


@pytest.mark.parametrize("seed", seeds(short=3, full=100))
def test_the_clock_is_set_while_collecting(box: Sandbox, tmp_path: Path, seed: int) -> None:
    """However often the clock is set while we collect, the candles are those of the exchange."""
    # Half a century either way; the CSV is kept too, and the run after the clock is right is whole.
    csv = tmp_path / "crypto.csv"
    with rehearsing(box, tmp_path / "home", now_ms=EARLY_MS, csv=str(csv), series=SOL) as desk:
        clock = RestlessClock(box, EARLY_MS, seed)
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            unsettled = Rehearsal(box, keeper)
            for turn in range(4):
                clock.advance(3 * HOUR_MS / 1000)
                keeper.keep_current(Series.parse(SOL), last=100 if turn == 0 else None)
                keeper.collect(BTC, last=5)
            if seed % 3 == 1:
                keeper.backfill(SOL)
            clock.calm, clock.off_ms = True, 0
            assert clock.settings > 3
            report = keeper.keep_current(Series.parse(SOL))
            assert report.ok, report.failure
            unsettled.assert_newest(SOL, least=100)
            opens = [int(row.partition(",")[0]) for row in csv.read_text().splitlines()]
            held = keeper.read(SOL, last=len(opens)).frame["open_time"].dt.epoch("ms").to_list()
            assert opens == held
            assert opens[-1] == box.clock.now_ms() // HOUR_MS * HOUR_MS


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds(short=2, full=40))
def test_the_clock_is_set_while_the_scheduler_waits(
    box: Sandbox, tmp_path: Path, seed: int
) -> None:
    """Set by minutes, hours or days at any moment: every candle is there soon after it closed."""
    with rehearsing(box, tmp_path / "home", now_ms=EARLY_MS, series=SOL) as desk:
        clock = RestlessClock(box, EARLY_MS, seed)
        clock.calm = True
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            runner, late = Runner(keeper), []
            for _ in range(scaled(short=6, full=24) * 60):
                if clock.dice.random() < 0.05:
                    clock.off_ms = clock.dice.choice(WRONG_BY_MS[:-2])
                clock.advance(60)
                for job in keeper.jobs():
                    if job.due_ms <= clock.now_ms() and job.name != MARKET_CAPS:
                        runner.do(job.name, due_ms=job.due_ms)
                closed_ms = (box.clock.now_ms() - 62_000) // HOUR_MS * HOUR_MS - HOUR_MS
                if keeper.catalogue()[0].last_ms != closed_ms and box.clock.now_ms() % HOUR_MS > (
                    2 * MINUTE_MS
                ):
                    late.append(box.clock.now_ms())
            assert late == []
            Rehearsal(box, keeper).assert_newest(SOL, least=400)


@pytest.mark.slow
def test_the_clock_is_set_under_a_running_program(tmp_path: Path) -> None:
    """The loop and the pages behind `up` and `serve` go on whatever the clock is set to."""
    clock, told = SetClock(), list[str]()
    name = "binance:BTCUSDT:1s"
    with Sandbox() as live:
        settings = read_settings(
            home=tmp_path / "home",
            series=name,
            csv=str(tmp_path / "crypto.csv"),
            binance_url=live.binance_url,
            coingecko_url=live.coingecko_url,
        )
        with Keeper(settings, clock=clock) as keeper, EmbeddedLoop(keeper, clock, tell=told.append):
            page = create_app(keeper).test_client()
            offs = scaled(short=3, full=len(WRONG_BY_MS))
            for off_ms in (-3 * DAY_MS, 5 * HOUR_MS, 0, *WRONG_BY_MS)[:offs]:
                clock.off_ms = off_ms
                soon_ms = time.time_ns() // 1_000_000
                eventually(lambda soon_ms=soon_ms: newest_ms(keeper) >= soon_ms, 45)  # type: ignore[misc]
                for path in ("/healthz", "/", "/api/v1/status", f"/api/v1/candles?series={name}"):
                    assert page.get(path).status_code in {200, 503}, (path, off_ms)
            clock.off_ms = 0
        with Keeper(settings) as keeper:
            held = keeper.read(name, last=10_000).closed
            first_ms = int(held["open_time"].dt.epoch("ms")[0])
            until_ms = newest_ms(keeper) + 1
            served = Rehearsal(live, keeper).served(name, since_ms=first_ms, until_ms=until_ms)
    assert held.equals(served)
    assert [line for line in told if "new" not in line] == []


def newest_ms(keeper: Keeper) -> int:
    """The open time of the newest closed candle."""
    return max((line.last_ms or 0 for line in keeper.catalogue()), default=0)


@pytest.mark.parametrize("hours", [3, 48, 24 * 400])
def test_a_sleep(box: Sandbox, tmp_path: Path, hours: int) -> None:
    """A machine that wakes finds all due, by a clock that has not counted, and misses nothing."""
    with rehearsing(box, tmp_path / "home", now_ms=EARLY_MS, series=SOL) as desk:
        clock = SleepingClock(box, EARLY_MS)
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            for job in keeper.jobs():
                Runner(keeper).do(job.name, due_ms=job.due_ms)
            clock.advance(5)
            before = clock.monotonic()
            clock.suspend(hours * 3600)
            assert clock.monotonic() == before
            due = [job.name for job in keeper.jobs() if job.due_ms <= clock.now_ms()]
            assert sorted(due) == [SOL, MARKET_CAPS]
            for job in keeper.jobs():
                assert Runner(keeper).do(job.name, due_ms=job.due_ms).failure is None
            Rehearsal(box, keeper).assert_newest(SOL, least=hours)


def test_market_caps_of_the_future(box: Sandbox, tmp_path: Path) -> None:
    """A clock that is years ahead for a moment costs no history, and the pages go on."""
    with rehearsing(box, tmp_path / "home", now_ms=EARLY_MS) as desk:
        clock = WrongClock(box, EARLY_MS)
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            right = []
            for _ in range(6):
                clock.advance(120)
                assert keeper.refresh_market_caps() is None
                right.append(clock.now_ms())
            for off_ms in (20 * 365 * DAY_MS, 21 * 365 * DAY_MS):
                clock.off_ms = off_ms
                for _ in range(2):
                    clock.advance(120)
                    assert keeper.refresh_market_caps() is None
            clock.off_ms = 0
            clock.advance(120)
            assert keeper.refresh_market_caps() is None
            right.append(clock.now_ms())
            assert keeper.store.market_cap_past.times() == right
            newest = keeper.market_caps()
            assert newest is not None
            assert newest.taken_ms == right[-1]
            assert keeper.market.bounds() == (right[0], right[-1], len(right))
