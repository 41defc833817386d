"""Tasks are done once, by one process of all; they tell how far they are, stop, and go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.tasks import MOST_TRIES, TaskWork
from chandlery.errors import BadSpan, InputError, UnknownExchange, UnknownTask
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.store import TaskRecord
from tests.cli.conftest import Shell
from tests.collect.rehearsal import NOW_MS, SOL, Rehearsal, afresh, fetched, rehearsing
from tests.waiting import eventually, within

HOLDING = """
from chandlery.collect.keeper import Keeper
from chandlery.collect.tasks import TaskWork
from chandlery.settings import read_settings
TaskWork(Keeper(read_settings()), hold_ms=1_000).do_next()
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture
def desk(box: Sandbox, tmp_path: Path) -> Iterator[Rehearsal]:
    """A keeper with an empty store in front of a sandbox that behaves."""
    with rehearsing(box, tmp_path / "chandlery-data") as opened:
        yield opened


def do(keeper: Keeper) -> TaskRecord:
    """Do the next task to its end."""
    task = TaskWork(keeper).do_next()
    assert task is not None
    return task


def test_backfill(desk: Rehearsal) -> None:
    """A backfill ends with all candles kept, and says what it fetched."""
    asked = desk.keeper.ask("backfill", "binance:solusdt:1h")
    assert (asked.state, asked.series) == ("queued", SOL)
    done = do(desk.keeper)
    assert (done.id, done.state, done.error) == (asked.id, "done", None)
    candles = desk.held(SOL).height
    assert (done.progress.candles, done.progress.expected) == (candles, candles)
    assert done.progress.fetched_bytes > 0
    assert done.words.startswith(f"{candles:,} new candles, 0 unchanged, 0 revised; 21 files, ")
    desk.assert_whole(SOL)
    assert TaskWork(desk.keeper).do_next() is None


@pytest.mark.slow
def test_cancelled_in_the_middle(desk: Rehearsal, box: Sandbox) -> None:
    """A backfill shows its progress, stops within two seconds, keeps what had come, and goes on."""
    box.faults.always("latency", path=".zip", service="archive", seconds=0.4)
    task = desk.keeper.ask("backfill", SOL)
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(do, desk.keeper)
        eventually(lambda: desk.keeper.task(task.id).progress.candles > 0)
        now = desk.keeper.task(task.id)
        assert now.state == "running"
        assert now.progress.candles < (now.progress.expected or 0) == 1_684
        assert "% done, at 2020-" in now.words
        with within(2):
            desk.keeper.cancel(task.id)
            eventually(lambda: not desk.keeper.task(task.id).is_open)
        cancelled = doing.result()
    assert (cancelled.state, cancelled.words) == ("cancelled", "Cancelled. What had come is kept.")
    kept = desk.keeper.store.archive.records(Series.parse(SOL))
    assert kept
    afresh(box)
    assert desk.keeper.retry(task.id).state == "queued"
    assert do(desk.keeper).state == "done"
    assert not {one.path.rpartition("/")[2] for one in kept} & set(fetched(box))
    desk.assert_whole(SOL)


@pytest.mark.slow
def test_cancelled_while_nothing_comes(desk: Rehearsal, box: Sandbox) -> None:
    """A server that does not answer keeps no task from being cancelled within two seconds."""
    box.faults.always("hang", path=".zip", service="archive")
    task = desk.keeper.ask("backfill", SOL)
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(do, desk.keeper)
        eventually(lambda: box.requests.count(".zip") > 0)
        with within(2):
            desk.keeper.cancel(task.id)
            assert doing.result().state == "cancelled"
    box.faults.clear()


@pytest.mark.slow
def test_taken_up_after_a_kill(tmp_path: Path, box: Sandbox) -> None:
    """The task of a process that was killed goes on elsewhere where it was."""
    afresh(box)
    shell = Shell(
        tmp_path, {name.removeprefix("CHANDLERY_"): at for name, at in box.addresses.items()}
    )
    settings = {name.removeprefix("CHANDLERY_").lower(): at for name, at in box.addresses.items()}
    home = tmp_path / "chandlery-data"
    box.faults.always("latency", path=".zip", service="archive", seconds=0.3)
    with Keeper(read_settings(home=home, csv="", **settings)) as keeper:
        keeper.ask("backfill", SOL)
        process = shell.start("-c", HOLDING)
        eventually(lambda: fetched(box).total() >= 12)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        box.faults.clear()
        kept = keeper.store.archive.records(Series.parse(SOL))
        box.requests.clear()
        eventually(lambda: keeper.store.tasks.is_waiting(keeper.clock.now_ms()))
        done = do(keeper)
    assert (done.state, done.tries) == ("done", 2)
    assert kept
    assert not {one.path.rpartition("/")[2] for one in kept} & set(fetched(box))
    with rehearsing(box, home) as desk:
        desk.assert_whole(SOL)


def test_two_workers_one_task(desk: Rehearsal) -> None:
    """Of two who look for work at one moment, one gets it and the other nothing."""
    desk.keeper.ask("collect", SOL, since="2020-10-20")
    gate = threading.Barrier(2)

    def look(_: int) -> TaskRecord | None:
        gate.wait()
        return TaskWork(desk.keeper).do_next()

    with ThreadPoolExecutor(2) as pool:
        found = [task for task in pool.map(look, range(2)) if task is not None]
    assert [task.state for task in found] == ["done"]
    assert found[0].words == "10 new candles, 0 unchanged, 0 revised; 1 request."
    assert len(desk.keeper.store.runs.latest(None, 9)) == 1


def test_given_back_when_the_program_ends(desk: Rehearsal, box: Sandbox) -> None:
    """A program that ends gives its task back at once, for whoever comes next."""
    box.faults.always("hang", path="klines", service="binance")
    ending = threading.Event()
    task = desk.keeper.ask("backfill", SOL)
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(TaskWork(desk.keeper, ending.is_set).do_next)
        eventually(lambda: box.requests.count("klines") > 0)
        ending.set()
        left = doing.result()
    assert left is not None
    assert (left.id, left.state, left.tries) == (task.id, "queued", 0)
    assert TaskWork(desk.keeper, ending.is_set).do_next() is None
    afresh(box)
    assert do(desk.keeper).state == "done"


def test_what_goes_wrong(desk: Rehearsal, box: Sandbox) -> None:
    """A task that cannot be done ends with the reason in words, and can be asked for again."""
    desk.keeper.ask("backfill", "binance:SOLUSDX:1h")
    failed = do(desk.keeper)
    assert failed.state == "failed"
    assert "no symbol 'SOLUSDX'. Nearest: SOLUSDT" in (failed.error or "")
    task = desk.keeper.ask("collect", SOL)
    box.faults.always("451", path="klines", service="binance")
    failed = do(desk.keeper)
    assert (failed.state, failed.words) == (
        "failed",
        "0 new candles, 0 unchanged, 0 revised; 0 requests.",
    )
    assert "451" in (failed.error or "")
    afresh(box)
    desk.keeper.retry(task.id)
    done = do(desk.keeper)
    assert (done.id, done.state, done.error) == (task.id, "done", None)


def test_a_task_that_kills(desk: Rehearsal) -> None:
    """A task over which process after process has died is given up, with the reason."""
    task = desk.keeper.ask("backfill", SOL)
    now_ms = desk.keeper.clock.now_ms()
    for _ in range(MOST_TRIES):
        desk.keeper.store.tasks.claim("dead", now_ms=now_ms, until_ms=now_ms)
    given_up = do(desk.keeper)
    assert (given_up.id, given_up.state) == (task.id, "failed")
    assert "begun 5 times" in (given_up.error or "")


def test_repair_of_a_day(desk: Rehearsal, box: Sandbox) -> None:
    """A repair asks for the gaps of the time that is named, and for no others."""
    desk.keeper.collect(SOL, since="2020-10-01", until="2020-10-02")
    desk.keeper.collect(SOL, since="2020-10-05", until="2020-10-06")
    box.requests.clear()
    desk.keeper.ask("repair", SOL, since="2020-10-03", until="2020-10-04")
    done = do(desk.keeper)
    assert (done.state, done.progress.candles) == ("done", 24)
    assert (
        done.words == "24 new candles, 0 unchanged, 0 revised; asked 1 gaps again with 1 request."
    )
    assert box.requests.count("klines") == 1


def test_market_caps(desk: Rehearsal) -> None:
    """Market caps are asked for at most once a minute, and the task says which it was."""
    desk.keeper.ask("market_caps")
    assert do(desk.keeper).words == "Collected."
    desk.keeper.ask("market_caps")
    assert "within the last minute" in do(desk.keeper).words


def test_what_cannot_be_asked(desk: Rehearsal) -> None:
    """Tasks that say too much or too little are refused at once."""
    ask = desk.keeper.ask
    with pytest.raises(InputError, match="no series and no time"):
        ask("market_caps", SOL)
    with pytest.raises(InputError, match="Name the series to backfill"):
        ask("backfill")
    with pytest.raises(InputError, match="stands for many series"):
        ask("backfill", "binance:*USDT:1h")
    with pytest.raises(InputError, match="'until' only together with 'since'"):
        ask("collect", SOL, until="2020-10-01")
    with pytest.raises(BadSpan):
        ask("backfill", SOL, since="2020-10-02", until="2020-10-01")
    with pytest.raises(UnknownExchange):
        ask("backfill", "bitfake:BTCUSDT:1h")
    with pytest.raises(UnknownTask):
        desk.keeper.cancel("nothing")
    assert desk.keeper.store.tasks.latest(9) == []


def test_kept_beside_the_settings(desk: Rehearsal) -> None:
    """A series that is asked for is planned, judged and budgeted like those of the settings."""
    keeper = desk.keeper
    assert keeper.keep("binance:solusdt:1h") == (Series.parse(SOL), True)
    assert keeper.keep(SOL) == (Series.parse(SOL), False)
    assert [str(one) for one in keeper.wanted_series()] == ["binance:BTCUSDT:1h", SOL]
    assert {job.name for job in keeper.jobs()} >= {"binance:BTCUSDT:1h", SOL}
    assert [(one.series, one.wanted, one.late) for one in keeper.status().series] == [
        ("binance:BTCUSDT:1h", True, True),
        (SOL, True, True),
    ]
    keeper.keep("binance-um:BTCUSDT:1h")
    assert sorted(keeper.budgets()) == ["binance", "binance-um"]
    keeper.forget(SOL)
    assert SOL not in {job.name for job in keeper.jobs()}
