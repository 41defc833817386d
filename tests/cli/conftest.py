"""The command, run as people run it, against a sandbox exchange whose time stands still."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chandlery.cli.main import app, errors_as_lines
from chandlery.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
NOW_MS = 1_732_354_200_000
"""2024-11-23 09:30 UTC."""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in which it is always half past nine."""
    with Sandbox(now_ms=NOW_MS, speed=0) as running:
        yield running


@dataclass
class Shell:
    """A folder to work in, and the environment for the programs started there."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """This process's environment with the settings in place of any other."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")}
        return kept | {f"CHANDLERY_{key}": text for key, text in self.settings.items()}

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a program of this project in the folder."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of this project to its end."""
        with self.start(*command) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def chandlery(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `chandlery` command within this process: to start one takes most of a second."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        with self._inside(), redirect_stdout(out), redirect_stderr(err):
            try:
                with errors_as_lines():
                    app(list(words), prog_name="chandlery")
                code: object = 0
            except SystemExit as ended:
                code = ended.code
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, int(str(code or 0)), out.read(), err.read())

    def process(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `chandlery` command as a process of its own."""
        return self.run("-m", "chandlery", *words)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Be in the folder, with its settings."""
        before = dict(os.environ)
        try:
            with chdir(self.folder):
                os.environ.clear()
                os.environ.update(self.environment())
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def tasks(self) -> subprocess.CompletedProcess[str]:
        """Run `python tasks.py`."""
        return self.run(str(ROOT / "tasks.py"))


@pytest.fixture
def shell(tmp_path: Path, box: Sandbox) -> Shell:
    """An empty folder whose settings lead to the sandbox."""
    urls = {"BINANCE_URL": box.binance_url, "COINGECKO_URL": box.coingecko_url}
    return Shell(tmp_path, urls)
