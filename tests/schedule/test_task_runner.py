"""The task runner does what people asked for beside everything else, and ends at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chandlery.clock import StoppableClock
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.schedule.task_runner import TaskRunner
from chandlery.settings import read_settings
from tests.collect.rehearsal import NOW_MS, SOL
from tests.waiting import eventually, within

ETH = "binance:ETHUSDT:1h"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture
def clock() -> StoppableClock:
    """A clock whose waiting can be ended."""
    return StoppableClock()


@pytest.fixture
def keeper(box: Sandbox, tmp_path: Path, clock: StoppableClock) -> Iterator[Keeper]:
    """A keeper in front of a sandbox that behaves."""
    box.faults.clear()
    urls = {name.removeprefix("CHANDLERY_").lower(): at for name, at in box.addresses.items()}
    settings = read_settings(home=tmp_path, csv="", refresh=0, **urls)
    with Keeper(settings, clock=clock) as opened:
        yield opened


def test_does_what_is_asked(keeper: Keeper, clock: StoppableClock) -> None:
    """It shows life, does what waits, tells one line for each, and is gone when it has ended."""
    told: list[str] = []
    count = keeper.store.task_runners.count
    task = keeper.ask("collect", SOL, since="2020-10-20")
    bad = keeper.ask("collect", "binance:SOLUSDX:1h")
    with TaskRunner(keeper, clock, tell=told.append):
        eventually(lambda: len(told) == 2)
        assert count(clock.now_ms()) == 1
    assert keeper.task(task.id).state == "done"
    assert keeper.task(bad.id).state == "failed"
    lines = sorted(told)
    assert lines[0].startswith(f"{SOL}: collect done. 10 new candles, ")
    assert lines[1].startswith("binance:SOLUSDX:1h: collect failed. binance has no symbol")
    assert count(clock.now_ms()) == 0


def test_ends_at_once(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """A task that hangs keeps no program from ending, and goes on with the next one."""
    box.faults.always("hang", path="klines", service="binance")
    box.requests.clear()
    task = keeper.ask("backfill", SOL)
    with ExitStack() as stack:
        stack.enter_context(TaskRunner(keeper, clock, tell=lambda _: None))
        eventually(lambda: box.requests.count("klines") > 0)
        with within(2):
            stack.close()
    assert keeper.task(task.id).state == "queued"
    box.faults.clear()


def test_the_loop_follows(keeper: Keeper, clock: StoppableClock) -> None:
    """A series that is asked for is collected at once by the loop of the same program."""
    told: list[str] = []
    with EmbeddedLoop(keeper, clock, tell=told.append):
        eventually(lambda: any("BTCUSDT" in line for line in told))
        with within(5):
            keeper.keep(ETH)
            eventually(lambda: f"{ETH}: 499 new" in told)
