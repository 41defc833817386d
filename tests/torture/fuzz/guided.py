"""One harness under atheris, in a process of its own: libFuzzer ends the process it runs in."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INSTALL: Final = (
    "atheris is not installed here, so that no parser was tried under coverage. "
    "It has wheels for Linux on x86-64: 'pip install atheris'.\n"
)
_ROOT: Final = Path(__file__).parents[3]
_DONE: Final = re.compile(r"^#(\d+)\s+DONE\s+cov: (\d+)", re.MULTILINE)
_TOLD: Final = 6_000


@dataclass(frozen=True)
class Outcome:
    """What became of one harness."""

    name: str
    runs: int
    seconds: float
    edges: int
    defect: str = ""
    """The traceback and where the input lies; empty when there is none."""

    def __str__(self) -> str:
        """A line for people, and what is wrong below it."""
        speed = self.runs / self.seconds if self.seconds else 0
        line = (
            f"{self.name:22} {self.runs:>9,} inputs  {self.seconds:7.1f} s  {speed:>8,.0f}/s  "
            f"{self.edges:>5,} edges"
        )
        return f"{line}  DEFECT\n{self.defect}" if self.defect else line


def installed() -> bool:
    """Whether atheris can be used."""
    return importlib.util.find_spec("atheris") is not None


def run(name: str, *, runs: int, seed: int, artifacts: Path) -> Outcome:
    """Feed a harness with so many inputs, and keep one that finds a defect under `artifacts`."""
    artifacts.mkdir(parents=True, exist_ok=True)
    prefix = f"{artifacts.resolve()}/{name}-"
    command = [sys.executable, "-m", "tests.torture.fuzz.fuzzed", name, f"-runs={runs}"]
    options = [f"-seed={seed}", f"-artifact_prefix={prefix}", "-timeout=60", "-rss_limit_mb=4096"]
    clean = {key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        ended = subprocess.run(
            [*command, *options, corpus],
            cwd=_ROOT,
            env=clean | {"RUST_BACKTRACE": "0", "POLARS_MAX_THREADS": "1"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    seconds = time.monotonic() - began
    done = _DONE.search(ended.stderr)
    if done is None or ended.returncode:
        return Outcome(name, 0, seconds, 0, ended.stdout[-_TOLD:] + ended.stderr[-_TOLD:])
    return Outcome(name, int(done[1]), seconds, int(done[2]))
