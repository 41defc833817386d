"""`up`, `demo` and `serve`, as processes: what they say, what they serve, how they end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import urllib3

from chandlery.candles.interval import HOUR_MS
from chandlery.sandbox import Sandbox
from tests.cli.conftest import ROOT, Shell
from tests.waiting import eventually

pytestmark = pytest.mark.slow


@contextmanager
def serving(shell: Shell, *command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program that serves the page, and its address; ended as by Ctrl-C."""
    with shell.start(*command) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.send_signal(signal.SIGINT)
            end(process)


def end(process: subprocess.Popen[str]) -> str:
    """What a program that was asked to end says until it does; it is not waited for in vain."""
    try:
        return process.communicate(timeout=10)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def answer(url: str, path: str) -> dict[str, object]:
    """The JSON at a path of the page's interface."""
    with urllib3.PoolManager() as pool:
        found: dict[str, object] = pool.request("GET", url + path).json()
    return found


def rows(url: str, limit: int = 500) -> int:
    """How many candles the interface gives, of so many for the page."""
    found = answer(url, f"/api/v1/candles?series=binance:BTCUSDT:1h&limit={limit}")
    listed = found.get("rows")
    return len(listed) if isinstance(listed, list) else 0


def test_up(shell: Shell) -> None:
    """`up` collects, says what it did, serves page and data, and ends in good order."""
    with serving(shell, "-m", "chandlery", "up", "--port", "0", "--json") as (process, url):
        eventually(lambda: rows(url) == 500)
        eventually(lambda: bool(answer(url, "/api/v1/market-caps").get("coins")))
        process.send_signal(signal.SIGINT)
        err = end(process)
    assert process.returncode == 0
    assert "499 new" in err
    assert "Traceback" not in err
    assert err.rstrip().endswith("Stopped.")


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3])
def test_signalled_twice(shell: Shell, gap: float) -> None:
    """A second signal while the program ends, as `make` passes one on, does not hold it up."""
    with shell.start("-m", "chandlery", "demo", "--port", "0", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        time.sleep(gap)
        process.send_signal(signal.SIGTERM)
        assert end(process).rstrip().endswith("Stopped.")
    assert process.returncode == 0


def test_up_after_a_long_pause(shell: Shell, box: Sandbox) -> None:
    """`up` collects everything that was missed since it ran last, and not just the freshest 500."""
    series = "binance:BTCUSDT:1h"
    shell.chandlery("collect", series, "--since", "2024-09-01", "--until", "2024-09-02")
    with serving(shell, "-m", "chandlery", "up", "--port", "0", "--json") as (_, url):
        eventually(lambda: rows(url, 3000) == 2002)  # the forming one, too
    gaps = json.loads(shell.chandlery("gaps", series, "--json").stdout)
    last_ms = box.clock.now_ms() - HOUR_MS
    inside = [gap for gap in gaps if gap["candles"] and gap["start_ms"] < last_ms]
    assert [gap for gap in inside if gap["reason"] == "never asked"] == []
    assert "2,001 candles" in shell.chandlery("status").stdout


def test_up_without_exchange(shell: Shell) -> None:
    """Without the exchange `up` says so in one line, names the demo, and serves what is stored."""
    shell.tasks()
    shell.settings["BINANCE_URL"] = "http://127.0.0.1:9"
    with serving(shell, "-m", "chandlery", "up", "--port", "0", "--json") as (process, url):
        assert rows(url) == 500
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "127.0.0.1:9" in line
        assert "make demo" in line
        eventually(lambda: answer(url, "/api/v1/status")["exchange_error"] is not None)


def test_up_recovers(shell: Shell) -> None:
    """When the exchange comes back, `up` goes on by itself."""
    with Sandbox() as box:
        shell.settings["BINANCE_URL"] = box.binance_url
        with ExitStack() as later:
            with box.unreachable():
                command = ("-m", "chandlery", "up", "--port", "0", "--json")
                _, url = later.enter_context(serving(shell, *command))
                eventually(lambda: answer(url, "/api/v1/status")["exchange_error"] is not None)
            eventually(lambda: rows(url) == 500)


def test_app(shell: Shell) -> None:
    """`python app.py` serves and keeps current; killed outright, it leaves a good store."""
    shell.settings["PORT"] = "0"
    with shell.start(str(ROOT / "app.py")) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[4]
        eventually(lambda: rows(url) == 500)
        process.kill()
    assert "499 candles" in shell.chandlery("status").stdout


def test_wsgi(shell: Shell) -> None:
    """A WSGI server that imports `app` serves what is stored."""
    shell.tasks()
    code = (
        "import app; client = app.app.test_client(); "
        "print(client.get('/api/v1/candles?series=binance:BTCUSDT:1h').status_code)"
    )
    shell.settings["BINANCE_URL"] = "http://127.0.0.1:9"
    done = shell.run("-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}")
    assert done.stdout == "200\n", done.stderr


@pytest.mark.parametrize("verb", ["up", "serve", "demo"])
def test_port_in_use(shell: Shell, verb: str) -> None:
    """A port in use is named with what to do, and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = shell.chandlery(verb, "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port} is already in use" in done.stderr


def test_demo(shell: Shell) -> None:
    """The demo needs nothing but itself, keeps its own folder, and says what it is everywhere."""
    shell.settings.clear()
    command = ("-m", "chandlery", "demo", "--port", "0", "--json")
    with serving(shell, *command) as (process, url):
        eventually(lambda: rows(url) == 500)
        assert answer(url, "/api/v1/status")["label"] == "SANDBOX"
        with urllib3.PoolManager() as pool:
            assert b"SANDBOX" in pool.request("GET", url).data
        # The CSV is written when the candles are in the store, which the page reads.
        eventually((shell.folder / "chandlery-demo" / "crypto.csv").exists)
        process.send_signal(signal.SIGTERM)
        err = end(process)
    assert err.startswith("SANDBOX")
    assert not (shell.folder / "chandlery-data").exists()


def test_sandbox_serves_other_programs(shell: Shell) -> None:
    """The sandbox command prints both addresses, as variables or as JSON."""
    now = ("--now", "2026-11-10 12:30")  # no candle of an hour is about to close
    with shell.start("-m", "chandlery", "sandbox", "--json", *now) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        shell.settings = {key.removeprefix("CHANDLERY_"): url for key, url in addresses.items()}
        done = shell.tasks()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    assert "499 new" in done.stderr
    assert process.returncode == 0
