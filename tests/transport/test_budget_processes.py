"""A shared budget under everything that runs workers: processes, forks, threads, green threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.services import redis_server
from tests.transport.conftest import NOON_MS

SPEND = f"""
import os, sys, threading
from chandlery.clock import FrozenClock
from chandlery.errors import RateLimited
from chandlery.transport.budget import open_budget

budget = open_budget(sys.argv[1], "exchange", clock=FrozenClock({NOON_MS}), limit=6000)

def spend(times=10_000):
    got = 0
    try:
        while got < times:
            budget.settle(budget.acquire(2, patience=0), None)
            got += 1
    except RateLimited:
        pass
    return got

def spend_together(times=10_000):
    got = []
    threads = [threading.Thread(target=lambda: got.append(spend(times))) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(got)
"""
SHARE = 6000 * 0.98 / 2
THREADS = SPEND + "print(spend_together())"
FORK = (
    SPEND
    + """
before = spend(100)
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, str(spend_together(200)).encode())
    os._exit(0)
here = spend_together(200)
os.wait()
assert budget.used() == 2 * (before + here + int(os.read(reader, 100))), budget.used()
print(before + here + spend() + 800)
"""
)
GREEN = {
    "eventlet": "import eventlet; eventlet.monkey_patch()\n" + THREADS,
    "gevent": "from gevent import monkey; monkey.patch_all()\n" + THREADS,
}


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the budget is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/budget.sqlite3"
    else:
        with redis_server(tmp_path) as server:
            yield server.url


def started(script: str, url: str) -> subprocess.Popen[str]:
    """One worker, which prints how many permits it got; warnings are errors where they are ours."""
    command = [sys.executable, "-c", script, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(worker: subprocess.Popen[str]) -> int:
    """How many permits it got."""
    out, complaints = worker.communicate(timeout=60)
    assert worker.returncode == 0, complaints
    assert "budget" not in complaints
    return int(out)


@pytest.mark.slow
def test_processes(url: str) -> None:
    """Four processes with four threads each get the whole budget, and nothing beyond it."""
    workers = [started(THREADS, url) for _ in range(4)]
    got = [ended(worker) for worker in workers]
    assert sum(got) == SHARE


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="this system does not fork")
def test_fork(url: str) -> None:
    """A child that was forked from a process in full use counts as any other process."""
    assert ended(started(FORK, url)) == SHARE


@pytest.mark.slow
@pytest.mark.parametrize("library", GREEN)
def test_green_threads(url: str, library: str) -> None:
    """Under patched threads and sockets nothing hangs and nothing is counted twice."""
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    assert ended(started(GREEN[library], url)) == SHARE
