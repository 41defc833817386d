"""A warm process that forks victims: each is ready at once, and can be killed at any moment.

To start Python and to import the program takes a second; a fork takes some milliseconds. The mother
runs no candles herself, so that no thread of polars is copied in the middle of its work.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds within which a victim that nobody kills has done its work, or is stuck."""


@dataclass(frozen=True)
class Victim:
    """One process that does one piece of work."""

    pid: int
    said: Path
    _mother: subprocess.Popen[str]

    def acknowledged(self) -> list[str]:
        """The lines that it has said: what it was promised is kept."""
        text = self.said.read_text()
        return text[: text.rfind("\n") + 1].splitlines()

    def kill(self) -> bool:
        """Kill it at once; whether that was what ended it."""
        os.kill(self.pid, signal.SIGKILL)
        return self._ended() == -signal.SIGKILL

    def end(self) -> float:
        """Let it end by itself; the seconds that it took from now on."""
        began = time.perf_counter()
        assert self._ended() == 0
        return time.perf_counter() - began

    @contextmanager
    def stopped(self) -> Iterator[bool]:
        """Hold it still, whole, while the block lasts; whether it lives still."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield self._is_still()
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def _is_still(self) -> bool:
        while True:
            tasks = Path(f"/proc/{self.pid}/task").glob("*/stat")
            states = {text.read_text().rpartition(")")[2].split()[0] for text in tasks}
            if states == {"T"}:
                return True
            if "Z" in states:
                return False
            time.sleep(0.0005)

    def _ended(self) -> int:
        """Its exit code. What it did wrong fails the test."""
        code = int(_asked(self._mother, {"wait": self.pid}))
        errors = self.said.with_suffix(".err").read_text()
        assert not errors, errors
        return code


class Mother:
    """Bears victims that run functions of one module, one after the other."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, module],
            cwd=ROOT,
            env={key: text for key, text in os.environ.items() if key[:10] != "CHANDLERY_"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def bear(self, work: str, said: Path, **about: object) -> Victim:
        """A victim that runs `work(said, **about)`; `said` is where its lines go."""
        said.write_text("")
        job = {"work": work, "said": str(said), "about": about}
        return Victim(int(_asked(self._process, job)), said, self._process)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _asked(process: subprocess.Popen[str], what: dict[str, Any]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, "the process that forks victims has ended"
    return answer


def _live(work: str, said: str, about: dict[str, Any], module: Any) -> None:  # noqa: ANN401
    """Do the work of a victim, and end without a return."""
    code = 1
    with Path(said).open("a", buffering=1) as lines, contextlib.suppress(OSError):
        try:
            with Path(said).with_suffix(".synced").open("a", buffering=1) as synced:
                _write_down_syncs(synced)
                getattr(module, work)(_teller(lines), **about)
            code = 0
        except BaseException:  # noqa: BLE001  the parent tells it
            Path(said).with_suffix(".err").write_text(traceback.format_exc())
    os._exit(code)


def _write_down_syncs(synced: IO[str]) -> None:
    """From now on each file that is synced is also written down, as it was at that moment.

    SQLite and Delta call the system without Python; Delta never syncs, so nothing of it is missed.
    """
    fsync = os.fsync

    def write_down(handle: Any, /) -> None:  # noqa: ANN401
        seen = os.fstat(handle)
        names = sorted(os.listdir(handle)) if stat.S_ISDIR(seen.st_mode) else []  # noqa: PTH208
        fsync(handle)
        state = [seen.st_ino, seen.st_size, seen.st_mtime_ns, names]
        synced.write(json.dumps(state) + "\n")

    os.fsync = write_down  # type: ignore[assignment]  # ours are all numbers


def _teller(lines: IO[str]) -> Any:  # noqa: ANN401
    def say(*words: object) -> None:
        lines.write(" ".join(map(str, words)) + "\n")

    return say


def _awaited(pid: int) -> int:
    """The exit code of a child, which is killed when it takes too long."""
    give_up = time.monotonic() + PATIENCE
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > give_up:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)


def main() -> None:
    """Bear victims until nobody asks any more. A child is awaited only when somebody asks."""
    from importlib import import_module  # noqa: PLC0415  only in this process

    module = import_module(sys.argv[1])
    answers = sys.stdout
    for line in sys.stdin:
        job = json.loads(line)
        if "wait" in job:
            answers.write(f"{_awaited(job['wait'])}\n")
        else:
            Path(job["said"]).with_suffix(".err").write_text("")
            pid = os.fork()
            if not pid:
                _live(job["work"], job["said"], job["about"], module)
            answers.write(f"{pid}\n")
        answers.flush()


if __name__ == "__main__":
    main()
