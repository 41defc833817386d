"""A small disk on which commands are run: it can be full, or for reading only, at will."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SIZE: Final = 64 << 20


@dataclass
class Said:
    """What a command did."""

    code: int
    out: str
    err: str


class Disk:
    """A tmpfs of one process. `folder` is where it is for that process; for others it is empty."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self._process = process
        self._files = folder.with_name("said")
        self._files.mkdir()

    def run(self, *words: str, settings: Mapping[str, str]) -> Said:
        """Run the `chandlery` command on the disk, which is where it works; in that environment."""
        out, err = self._files / "out", self._files / "err"
        code = self._ask(
            "run",
            words=words,
            settings=dict(settings),
            out=str(out),
            err=str(err),
        )
        return Said(code, out.read_text(), err.read_text())

    def fill(self, source: Path) -> int:
        """Put a copy of a folder on the disk in place of all else; the bytes it takes."""
        self.leave(None)
        return int(self._ask("fill", source=str(source)))

    def leave(self, room: int | None) -> None:
        """Let so many bytes be free; None makes all the room that there is."""
        self._ask("leave", room=room)

    def protect(self, *, protected: bool) -> None:
        """Let nobody write, root included, or everybody again."""
        self._ask("protect", protected=protected)

    def used(self) -> int:
        """Bytes in use."""
        return int(self._ask("look"))

    def copied(self, to: Path) -> Path:
        """A copy of all that is on it."""
        shutil.rmtree(to, ignore_errors=True)
        self._ask("copy", to=str(to))
        return to

    def _ask(self, do: str, **about: Any) -> Any:  # noqa: ANN401
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **about}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of 64 MB; skips the test where nobody may have one.

    Root has it by a mount of its own, others by a user namespace; neither is seen by anybody else.
    """
    folder.mkdir()
    ways = (["-m"], ["-Urm"]) if os.geteuid() == 0 else (["-Urm"],)
    for flags in ways:
        process = _started(flags, folder)
        if process is not None:
            try:
                yield Disk(folder, process)
            finally:
                process.communicate(timeout=60)
            return
    pytest.skip(
        "this machine lets us have no small disk: neither 'unshare -m' (root) nor "
        "'unshare -Urm' (others) may mount a tmpfs here"
    )


def _started(flags: list[str], folder: Path) -> subprocess.Popen[str] | None:
    module = "tests.torture.disk_inside"
    kept = {key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")}
    try:
        process = subprocess.Popen(
            ["unshare", *flags, sys.executable, "-m", module, str(folder), str(SIZE)],
            cwd=ROOT,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        return None
    assert process.stdout is not None
    if process.stdout.readline():
        return process
    process.communicate()
    return None
