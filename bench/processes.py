"""Other programs: started in a clean environment, asked for an answer, and ended again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = sys.executable
CHANDLERY: Final = (PYTHON, "-m", "chandlery")
FOREIGN: Final = ROOT / ".venv-foreign" / "bin" / "python"
FREQTRADE: Final = ROOT / ".venv-freqtrade" / "bin" / "python"
PEERS: Final = ROOT / ".venv-peers" / "bin" / "python"

_PATIENCE: Final = 60.0
_GRACE: Final = 10.0
_LOOK_EVERY: Final = 0.005
_PRIVATE: Final = (
    *("chandlery_", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("make", "mflags", "args"),  # our own make must not inherit what `make bench` was given
)


class Failed(Exception):
    """A figure could not be had; the message says why."""


def environment(**settings: str) -> dict[str, str]:
    """This environment with `settings`, but without Chandlery's own settings and proxies."""
    kept = {name: text for name, text in os.environ.items() if not _is_private(name)}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **settings}


def _is_private(name: str) -> bool:
    return name.lower().startswith(_PRIVATE)


@contextmanager
def running(
    command: Sequence[str], folder: Path, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """A program that runs in `folder` until the block ends; its complaints go to a log there."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    except Failed as failure:
        if process.poll() is None:
            raise
        why = f"exit code {process.returncode}: {_last_line(folder / 'log')}"
        raise Failed(f"{' '.join(command)} ended by itself ({why})") from failure
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End the program and what it has started, which share a process group of their own."""
    for which in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, which)
        try:
            # The pipe ends when the last of them is gone, not when the first one is.
            process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            continue
        return


def announced(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """The JSON object that a running program prints in its first line."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.wait(_PATIENCE)
        raise Failed(f"{_last_line(folder / 'log')} (exit code {process.returncode})")
    return _object(line)


def ask(python: str | Path, module: str, *words: object, **settings: str) -> dict[str, Any]:
    """The JSON object that a module of the benchmarks prints last, run to its end by `python`."""
    done = subprocess.run(
        [str(python), "-m", module, *map(str, words)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise Failed(f"{module} failed: {done.stderr.strip().splitlines()[-1]}")
    # Some clients say other things before.
    return _object(done.stdout.splitlines()[-1])


def answers(url: str) -> bytes | None:
    """The body when `url` answers 200, else None."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as response:  # noqa: S310  our own
            return bytes(response.read())
    except OSError:
        return None


def seconds_until(process: subprocess.Popen[str], began: float, seen: Callable[[], bool]) -> float:
    """How long after `began` (perf_counter) something was `seen` while the program runs."""
    while not seen():
        if process.poll() is not None:
            raise Failed(f"{process.args!r} ended with exit code {process.returncode}")
        if time.perf_counter() - began > _PATIENCE:
            raise Failed(f"{process.args!r} showed nothing within {_PATIENCE:.0f} s")
        time.sleep(_LOOK_EVERY)
    return time.perf_counter() - began


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise Failed(f"expected a JSON object, got {text:.100}")
    return found


def _last_line(log: Path) -> str:
    lines = log.read_text().strip().splitlines()
    return lines[-1] if lines else "the program said nothing"
