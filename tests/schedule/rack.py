"""Celery's own programs, started as people start them, in a folder of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
CELERY = Path(sys.executable).with_name("celery")
PATIENCE = 40.0
"""Seconds that something may take on a busy machine."""


@dataclass
class Program:
    """One running program and what it has said so far, on stdout and stderr together."""

    process: subprocess.Popen[bytes]
    path: Path

    @property
    def log(self) -> str:
        """All that it said."""
        return self.path.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def until(self, words: str, times: int = 1) -> None:
        """Wait until it has said the words so many times."""
        wait_until(lambda: self.log.count(words) >= times, what=f"{words!r}", program=self)

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C does not but `kill` does; its exit code."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"It did not end:\n{self.log}") from error

    def kill(self) -> None:
        """End it and its children at once, as a power cut does."""
        # It may have ended, and its children not.
        for _ in range(2):
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
        self.process.wait()


@dataclass
class Rack:
    """A folder with `tasks.py`, the settings, and the programs that run there."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "tasks.py").symlink_to(ROOT / "tasks.py")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for program in self.programs:
            program.kill()

    def environment(self) -> dict[str, str]:
        """This process's environment with the settings in place of any other."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")}
        return kept | {f"CHANDLERY_{key}": text for key, text in self.settings.items()}

    def worker(self, *options: str) -> Program:
        """Start `celery -A tasks worker -l info` with these options."""
        return self.start(str(CELERY), "-A", "tasks", "worker", "-l", "info", *options)

    def beat(self, *options: str) -> Program:
        """Start `celery -A tasks beat --loglevel=INFO`."""
        return self.start(str(CELERY), "-A", "tasks", "beat", "--loglevel=INFO", *options)

    def start(self, *command: str) -> Program:
        """Start any program in the folder, with a session of its own."""
        path = self.folder / f"program-{len(self.programs)}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(process, path)
        self.programs.append(program)
        return program

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the folder to its end."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    def chandlery(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `chandlery` command, within this process."""
        return Shell(self.folder, self.settings).chandlery(*words)

    def python(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run a piece of Python, which may import `tasks`."""
        return self.run(sys.executable, "-c", text)


def wait_until(
    true: Callable[[], bool],
    *,
    what: str,
    program: Program | None = None,
    patience: float = PATIENCE,
) -> None:
    """Wait for something, and tell what was said meanwhile if it does not come."""
    deadline = time.monotonic() + patience
    while not true():
        ended = program is not None and not program.running
        if ended or time.monotonic() > deadline:
            said = program.log if program else ""
            raise AssertionError(f"{what} did not come:\n{said}")
        time.sleep(0.05)
