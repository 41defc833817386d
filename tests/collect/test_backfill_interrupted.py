"""A backfill that is ended at any moment, or runs beside itself: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.series import Series
from chandlery.collect.backfill.downloads import AT_ONCE
from chandlery.collect.backfill.rest import AT_ONCE as CHUNKS_AT_ONCE
from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.collect.rehearsal import NOW_MS, SOL, Rehearsal, afresh, fetched, rehearsing

pytestmark = pytest.mark.slow

FILES: Final = 21


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, box: Sandbox) -> Shell:
    """An empty folder whose settings lead to a sandbox that behaves."""
    afresh(box)
    urls = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    return Shell(tmp_path, urls)


def desk_of(shell: Shell, box: Sandbox) -> Iterator[Rehearsal]:
    """A keeper of what the command has kept."""
    with rehearsing(box, shell.folder / "chandlery-data") as desk:
        yield desk


def recorded(shell: Shell, box: Sandbox) -> set[str]:
    """The files whose candles are kept, by their bare names."""
    [records] = [
        desk.keeper.store.archive.records(Series.parse(SOL)) for desk in desk_of(shell, box)
    ]
    return {record.path.rpartition("/")[2] for record in records}


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened, for as long as the process runs."""
    until = time.monotonic() + 60
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"what should be interrupted did not come about: {ended(process)}")
        time.sleep(0.02)


def settle(box: Sandbox) -> None:
    """Wait until the exchange has answered what a killed process had asked for."""
    heard = -1
    while heard != (heard := fetched(box).total()):
        time.sleep(1)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said on stderr."""
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    ("number", "zips"),
    [
        (signal.SIGINT, 1),
        (signal.SIGINT, FILES),
        (signal.SIGKILL, 9),
        (signal.SIGKILL, FILES),
    ],
)
def test_interrupted(shell: Shell, box: Sandbox, zips: int, number: signal.Signals) -> None:
    """Begun again it goes on where it was: no file whose candles were kept is fetched again."""
    box.faults.always("latency", path=".zip", service="archive", seconds=0.15)
    box.faults.always("latency", path="klines", service="binance", seconds=0.3)
    running = shell.start("-m", "chandlery", "backfill", SOL)
    wait_for(lambda: fetched(box).total() >= zips, running)
    running.send_signal(number)
    code, err = ended(running)
    assert "Traceback" not in err
    settle(box)
    if number == signal.SIGINT:
        assert code == 130
        assert f"{SOL}: stopped. What has come is kept. Start it again" in err
    else:
        assert code == -signal.SIGKILL
    before = fetched(box)
    assert set(before.values()) == {1}
    kept = recorded(shell, box)
    if number == signal.SIGINT:
        # What had come and could not be kept any more: files under way, and the one begun. A
        # program that is killed loses what its batch holds, which nobody can count in files.
        assert len(kept) >= len(before) - AT_ONCE - 1
    assert shell.chandlery("backfill", SOL).returncode == 0
    assert not kept & set(fetched(box))
    assert len(kept) + fetched(box).total() == FILES
    for desk in desk_of(shell, box):
        desk.assert_whole(SOL)


@pytest.mark.parametrize("hangs", [False, True])
def test_interrupted_over_rest(shell: Shell, box: Sandbox, *, hangs: bool) -> None:
    """Pages that have come are not asked for again either, though the next ones never come."""
    name = "binance:SOLUSDT:1m"
    bounds = ("--since", "2020-09-20", "--until", "2020-10-18")
    box.spoil_archive("missing")
    box.faults.always("latency", path="klines", service="binance", seconds=0.25)
    running = shell.start("-m", "chandlery", "backfill", name, *bounds)
    wait_for(lambda: box.requests.count("klines") >= 15, running)
    if hangs:
        box.faults.always("hang", path="klines", service="binance")
        time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    assert ended(running)[0] == 130
    asked = box.requests.count("klines")
    box.faults.clear()
    assert shell.chandlery("backfill", name, *bounds).returncode == 0
    # 41 pages, one for the first candle, those under way at the end, and two more of chunks begun.
    assert asked < 35
    assert box.requests.count("klines") <= 41 + 1 + CHUNKS_AT_ONCE + 2
    for desk in desk_of(shell, box):
        proof = desk.keeper.prove(name)
        assert (proof.holds, proof.accounted) == (True, 1.0)


@pytest.mark.parametrize(("service", "path"), [("archive", ".zip"), ("binance", "klines")])
def test_ctrl_c_is_heard(shell: Shell, box: Sandbox, service: str, path: str) -> None:
    """A server that does not answer keeps nobody from ending the program."""
    with rehearsing(box, shell.folder / "chandlery-data") as desk:
        desk.keeper.backfill(SOL, until="2020-08-12")
    box.requests.clear()
    box.faults.always("hang", service=service, path=path)
    running = shell.start("-m", "chandlery", "backfill", SOL)
    last = FILES if service == "binance" else 0
    wait_for(lambda: is_listed(box) and fetched(box).total() == last, running)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    sent = time.monotonic()
    code, err = ended(running)
    assert (code, "Traceback" in err) == (130, False)
    assert time.monotonic() - sent < 8
    box.faults.clear()


def is_listed(box: Sandbox) -> bool:
    """Whether both lists of files have come, of months and of days."""
    return box.requests.counts().get("/", 0) == 2


def test_used_up_budget(tmp_path: Path) -> None:
    """Nor does a request budget that is used up for the rest of the minute."""
    with Sandbox(now_ms=NOW_MS, weight_limit=60) as small:
        urls = {name.removeprefix("CHANDLERY_"): url for name, url in small.addresses.items()}
        shell = Shell(tmp_path, urls)
        small.spoil_archive("missing")
        running = shell.start("-m", "chandlery", "backfill", "binance:SOLUSDT:1m")
        wait_for(lambda: small.requests.count("klines") >= 15, running)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        sent = time.monotonic()
        code, err = ended(running)
        assert (code, "Traceback" in err) == (130, False)
        assert time.monotonic() - sent < 8
        assert 418 not in {seen.status for seen in small.requests.log()}


def test_side_by_side(shell: Shell, box: Sandbox) -> None:
    """Two backfills of one series and a collection, all at once, leave what one leaves."""
    box.faults.always("latency", path=".zip", service="archive", seconds=0.05)
    running = [shell.start("-m", "chandlery", "backfill", SOL) for _ in range(2)]
    running.append(shell.start("-m", "chandlery", "collect", SOL, "--since", "2020-10-01"))
    for process in running:
        code, err = ended(process)
        assert (code, "Traceback" in err) == (0, False), err
    for desk in desk_of(shell, box):
        desk.assert_whole(SOL)
    assert recorded(shell, box) >= {"SOLUSDT-1h-2020-08.zip", "SOLUSDT-1h-2020-09.zip"}
