"""`chandlery worker --embedded` and `chandlery schedule`, as people run them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.sandbox.asking import NOW_MS
from tests.waiting import eventually, within

pytestmark = pytest.mark.slow


@pytest.fixture
def live() -> Iterator[Sandbox]:
    """A sandbox exchange in the middle of an hour and of a minute; its time runs."""
    with Sandbox(now_ms=NOW_MS) as running:
        yield running


@contextmanager
def worker(shell: Shell) -> Iterator[subprocess.Popen[str]]:
    """`chandlery worker --embedded`, killed at the end if it still runs."""
    with shell.start("-m", "chandlery", "worker", "--embedded") as process:
        try:
            yield process
        finally:
            process.kill()


def plan(shell: Shell) -> dict[str, dict[str, object]]:
    """The lines of `chandlery schedule --json` by job."""
    done = shell.chandlery("schedule", "--json")
    assert done.returncode == 0, done.stderr
    return {line["job"]: line for line in json.loads(done.stdout)}


def test_worker(shell: Shell, live: Sandbox) -> None:
    """The worker keeps every series and the CSV, goes on, and ends at Ctrl-C within two seconds."""
    shell.settings |= {
        "BINANCE_URL": live.binance_url,
        "EVERY": "1",
        "SERIES": "binance:BTCUSDT:1m",
    }
    with worker(shell) as process:
        eventually(lambda: live.requests.count("klines") >= 3)
        eventually((shell.folder / "crypto.csv").exists)
        with within(2):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert out.startswith("Keeping binance:BTCUSDT:1m current in ")
    assert err.splitlines()[0] == "binance:BTCUSDT:1m: 499 new"
    assert err.splitlines()[-1] == "Stopped."
    assert len((shell.folder / "crypto.csv").read_text().splitlines()) >= 500


def test_due_times_survive(shell: Shell, live: Sandbox) -> None:
    """A worker that was killed and started again does not collect what was just collected."""
    shell.settings["BINANCE_URL"] = live.binance_url
    with worker(shell) as process:
        eventually(lambda: plan(shell)["binance:BTCUSDT:1h"]["succeeded_ms"] is not None)
        process.kill()
    asked = live.requests.count("klines")
    with worker(shell) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(2)  # what it would do at once is done by then
    assert live.requests.count("klines") == asked


def test_worker_of_celery(shell: Shell) -> None:
    """Without --embedded the command says how Celery's worker is started, and exits with 2."""
    done = shell.chandlery("worker")
    assert done.returncode == 2
    assert "celery -A tasks worker -l info -P eventlet" in done.stderr


def test_schedule(shell: Shell) -> None:
    """The plan names each job with its period, last success, next due time and lag."""
    shell.settings |= {
        "SERIES": "binance:BTCUSDT:1h,binance:ETHUSDT:1m",
        "EVERY": "1m=30",
    }
    first = plan(shell)
    assert [first[name]["succeeded_ms"] for name in sorted(first)] == [None, None, None]
    shell.tasks()
    lines = shell.chandlery("schedule").stdout.splitlines()
    assert lines[0].split("  ")[0] == "job"
    table = {line.split()[0]: line for line in lines[1:]}
    assert "at close + 2 s" in table["binance:BTCUSDT:1h"]
    assert "every 30 s" in table["binance:ETHUSDT:1m"]
    assert "every 60 s" in table["coingecko:market-caps"]
    assert "never" not in table["binance:BTCUSDT:1h"]
    later = plan(shell)["binance:BTCUSDT:1h"]
    assert isinstance(later["lag_ms"], int)
    assert isinstance(later["due_ms"], int)


def test_a_failure_stands_in_the_schedule(shell: Shell) -> None:
    """What goes wrong stands beside the series, in words."""
    shell.settings["SERIES"] = "binance:NOSUCH:1h"
    with worker(shell):
        eventually(lambda: bool(plan(shell)["binance:NOSUCH:1h"]["failures"]))
    assert "failed 1 times: binance has no symbol 'NOSUCH'" in shell.chandlery("schedule").stdout


def test_wildcards_once(shell: Shell) -> None:
    """`collect` without arguments takes what the wildcards of the settings stand for."""
    shell.settings |= {"SERIES": "binance:?TCUSDT:1h", "CSV": ""}
    done = shell.chandlery("collect", "--json")
    assert [one["series"] for one in json.loads(done.stdout)] == [
        "binance:BTCUSDT:1h",
        "binance:LTCUSDT:1h",
    ]
