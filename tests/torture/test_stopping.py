"""Signals at any instruction: a program that is told to end does so soon, and in good order."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.torture.lengths import seeds
from tests.waiting import PATIENCE

VICTIM: Final = Path(__file__).with_name("stopping_victim.py")
HOUR: Final = "binance:BTCUSDT:1h"
COMMANDS: Final = {
    "up": (("up", "--port", "0"), "stderr", f"{HOUR}: "),
    "follow": (("follow", HOUR), "stdout", "closed"),
    "worker": (("worker", "--embedded"), "stdout", "Keeping "),
}
"""What is run, and what stands in the line, and where, after which its main thread only waits."""
SECONDS: Final = 8.0
"""Within which it ends: what all its threads are waited for, twice."""

Lengths = Callable[[str], int]


@pytest.fixture(scope="module")
def length(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Lengths:
    """How much the main thread of a command does until it only waits."""

    @cache
    def measured(name: str) -> int:
        return told_to_end(place(box, tmp_path_factory.mktemp(name)), name, at=0)

    return measured


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("seed", seeds(short=2, full=150))
def test_told_to_end_at_any_moment(
    tmp_path: Path, box: Sandbox, length: Lengths, name: str, seed: int
) -> None:
    """It ends soon with a clean exit, says no traceback, and leaves a store that is proved."""
    shell = place(box, tmp_path)
    at = random.Random(f"{name}{seed}").randint(1, length(name))  # noqa: S311  no secret
    told_to_end(shell, name, at=at)
    assert shell.chandlery("status").returncode == 0
    assert shell.chandlery("verify").returncode == 0


def place(box: Sandbox, folder: Path) -> Shell:
    """A folder of its own for a program, and the way to the exchange."""
    urls = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    return Shell(folder, {**urls, "HOME": str(folder / "data"), "SERIES": HOUR})


def told_to_end(shell: Shell, name: str, *, at: int) -> int:
    """How much its main thread did. What was not told by `at` is told when it only waits."""
    words, pipe, done = COMMANDS[name]
    count = shell.folder / "count"
    with shell.start(str(VICTIM), str(at), str(count), *words) as process:
        said = ""
        for line in getattr(process, pipe):
            said += line
            if done in line:
                break
        process.send_signal(signal.SIGTERM)
        try:
            said += "".join(process.communicate(timeout=SECONDS * PATIENCE))
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"told at {at} it does not end: {said}")
    assert process.returncode == 0, (at, said)
    assert "Traceback" not in said, at
    assert "ignored" not in said, at
    assert "Stopped." in said, (at, said)
    return int(count.read_text())
