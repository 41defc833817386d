"""`chandlery keep` and `forget`, as people run them."""

from __future__ import annotations

import json
import signal
import time

import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.cli.conftest import NOW_MS, Shell

pytestmark = pytest.mark.slow

ETH = "binance:ETHUSDT:1h"
SOL = "binance:SOLUSDT:1w"


@pytest.fixture
def shell(shell: Shell, box: Sandbox) -> Shell:
    """A folder whose settings lead to every service of the sandbox."""
    shell.settings = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    return shell


def jobs(shell: Shell) -> list[str]:
    """The series that `chandlery schedule` plans for."""
    done = shell.chandlery("schedule", "--json")
    assert done.returncode == 0, done.stderr
    return [line["job"] for line in json.loads(done.stdout) if line["period"].startswith("at ")]


def test_keep_and_forget(shell: Shell) -> None:
    """A series that is kept stands after those of the settings, until it is forgotten."""
    done = shell.chandlery("keep", "binance:solusdt:1w", "--backfill")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{SOL}: kept from now on.\n{SOL}: ")
    assert jobs(shell) == ["binance:BTCUSDT:1h", SOL]
    done = shell.chandlery("forget", SOL)
    assert (done.returncode, done.stdout) == (0, f"{SOL}: kept no more. What is stored stays.\n")
    assert jobs(shell) == ["binance:BTCUSDT:1h"]
    proofs = json.loads(shell.chandlery("verify", "--json").stdout)
    assert [(one["series"], one["holds"]) for one in proofs] == [(SOL, True)]


def test_refused(shell: Shell) -> None:
    """What does not exist is not kept, and what the settings keep names the place."""
    shell.settings["SERIES"] = "binance:*USDT:1h"
    done = shell.chandlery("keep", "binance:BTCUSDX:1h", "binance:*BTC:1h", "binance-um:BTCUSDT:1s")
    assert done.returncode == 2
    nearest, wildcard, interval = done.stderr.splitlines()
    assert "no symbol 'BTCUSDX'. Nearest: BTCUSDT" in nearest
    assert "wildcards go into the settings" in wildcard
    assert "no candles of '1s'" in interval
    done = shell.chandlery("forget", ETH, "binance:BNBBTC:1h")
    assert done.returncode == 2
    settings, unwanted = done.stderr.splitlines()
    assert f"{ETH} is kept as one of binance:*USDT:1h by CHANDLERY_SERIES in the env" in settings
    assert "none of the series to keep" in unwanted


def test_worker_of_tasks(shell: Shell, box: Sandbox) -> None:
    """`chandlery worker --tasks` does what is asked for and nothing else, and ends at Ctrl-C."""
    urls = {name.lower(): url for name, url in shell.settings.items()}
    with (
        Keeper(read_settings(home=shell.folder / "chandlery-data", **urls)) as keeper,
        shell.start("-m", "chandlery", "worker", "--tasks") as process,
    ):
        asked = box.requests.count("klines")
        task = keeper.ask("collect", ETH, since=NOW_MS - 2 * HOUR_MS)
        began = time.monotonic()
        while keeper.task(task.id).is_open and time.monotonic() - began < 20:
            time.sleep(0.1)
        assert keeper.store.task_runners.count(keeper.clock.now_ms()) == 1
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert keeper.task(task.id).state == "done"
    assert (process.returncode, box.requests.count("klines")) == (0, asked + 1)
    assert out.startswith("Doing what is asked for in ")
    assert err.splitlines()[0].startswith(f"{ETH}: collect done. 1 new candle, ")
