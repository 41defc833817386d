"""`chandlery follow`, as people run it: at a pipe, for programs, at a terminal, wrongly."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell

NOW_MS = 1_741_964_966_535

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def moving() -> Iterator[Sandbox]:
    """A sandbox exchange whose time runs, sent often."""
    with Sandbox(now_ms=NOW_MS, speed=1, stream_every_ms=200) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, moving: Sandbox) -> Shell:
    """An empty folder whose settings lead to it."""
    urls = {name.removeprefix("CHANDLERY_"): url for name, url in moving.addresses.items()}
    return Shell(tmp_path, urls)


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C; the program ends well, and does not wait for anything. What it still wrote.

    It takes a fifth of a second; what waits, for a request or a connection, takes ten.
    """
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=5)
    assert process.returncode == 0
    return rest


def test_json_for_programs(shell: Shell) -> None:
    """Each event is one line of JSON with exact text, and what closed is kept when it ends."""
    process = shell.start("-m", "chandlery", "follow", "binance:BTCUSDT:1s", "--json")
    assert process.stdout is not None
    events = []
    for line in process.stdout:
        events.append(orjson.loads(line))
        if events[-1].get("closed") and events[-1]["source"] == "rest" and len(events) > 20:
            break
    end(process)
    states = [one["status"] for one in events if one["event"] == "state"]
    closed = [one for one in events if one.get("closed")]
    assert states[0] == "live"
    assert {one["source"] for one in closed} == {"stream", "rest"}
    assert re.fullmatch(r"\d+\.\d{8}", closed[-1]["candle"]["close"])
    shell.chandlery("export", "binance:BTCUSDT:1s", "--to", "kept.csv")
    kept = (shell.folder / "kept.csv").read_text()
    candle = closed[-1]["candle"]
    assert f"{candle['open_time']},{candle['open']},{candle['high']}" in kept


def test_lines_at_a_pipe(shell: Shell) -> None:
    """Without --json a pipe gets a line in words for each event."""
    process = shell.start("-m", "chandlery", "follow", "binance:btcusdt:1m", "binance:ETHUSDT:1m")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(8)]
    end(process)
    text = "".join(lines)
    assert "binance:ETHUSDT:1m: live\n" in lines
    assert re.search(r"binance:BTCUSDT:1m: \S+ \S+ forming: open \d+\.\d\d, high ", text)


def test_a_table_at_a_terminal(shell: Shell) -> None:
    """At a terminal one line moves in its place."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chandlery", "follow", "binance:BTCUSDT:1m"],
        cwd=shell.folder,
        env=shell.environment() | {"TERM": "xterm", "COLUMNS": "140"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    seen = b""
    while b"live" not in seen or b"2025-03-14" not in seen:
        seen += os.read(ours, 65_536)
    end(process)
    os.close(ours)
    assert b"opened (UTC)" in seen


@pytest.mark.parametrize(
    ("series", "why"),
    [
        ("binance:BTCUSDT", "is not a series"),
        ("nowhere:BTCUSDT:1m", "no exchange 'nowhere'"),
        ("binance:NOPEUSDT:1m", "no symbol 'NOPEUSDT'"),
        ("binance-um:BTCUSDT:1s", "no candles of '1s'"),
        ("binance:*:1m", "stands for many"),
    ],
)
def test_wrong_input(shell: Shell, series: str, why: str) -> None:
    """What cannot be followed is said in one line, with exit code 2."""
    done = shell.chandlery("follow", series)
    assert (done.returncode, why in done.stderr, done.stderr.count("\n")) == (2, True, 1)
