"""Disks on which commands are run: full, for reading only, or broken under way, at will."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
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
    well: bool
    """Whether the disk was well for as long as it ran."""


class Disk:
    """A disk of one process. `folder` is where it is for that process; for others it is empty."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self._process = process
        self._files = folder.with_name("said")
        self._files.mkdir()

    def run(self, *words: str, settings: Mapping[str, str]) -> Said:
        """Run the `chandlery` command on the disk, which is where it works; in that environment."""
        return self._run(words, settings)

    def _run(self, words: Sequence[str], settings: Mapping[str, str], **more: float) -> Said:
        out, err = self._files / "out", self._files / "err"
        files = {"out": str(out), "err": str(err)}
        code, well = self._ask("run", words=words, settings=dict(settings), **files, **more)
        return Said(code, out.read_text(), err.read_text(), well)

    def fill(self, source: Path) -> int:
        """Put a copy of a folder on the disk in place of all else; the bytes it takes."""
        return int(self._ask("fill", source=str(source)))

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


class SmallDisk(Disk):
    """A tmpfs."""

    def fill(self, source: Path) -> int:
        """The same, with all the room that there is."""
        self.leave(None)
        return super().fill(source)

    def leave(self, room: int | None) -> None:
        """Let so many bytes be free; None makes all the room that there is."""
        self._ask("leave", room=room)

    def protect(self, *, protected: bool) -> None:
        """Let nobody write, root included, or everybody again."""
        self._ask("protect", protected=protected)


class FailingDisk(Disk):
    """An ext4 of a file. When it fails it is for reading only, and what was not on it is lost."""

    def run_until_it_fails(self, *words: str, settings: Mapping[str, str], seconds: float) -> Said:
        """Run the command; after so many seconds the kernel is told of an error of the disk."""
        return self._run(words, settings, fails_after=seconds)

    def mend(self) -> None:
        """Check the disk as a boot does, and mount it again."""
        self._ask("mend")


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A disk of 64 MB; skips the test where nobody may have one.

    Root has it by a mount of its own, others by a user namespace; neither is seen by anybody else.
    """
    folder.mkdir()
    ways = (["-m"], ["-Urm"]) if os.geteuid() == 0 else (["-Urm"],)
    for flags in ways:
        process = _started(flags, folder, "tmpfs")
        if process is not None:
            try:
                yield SmallDisk(folder, process)
            finally:
                process.communicate(timeout=60)
            return
    pytest.skip(
        "this machine lets us have no small disk: neither 'unshare -m' (root) nor "
        "'unshare -Urm' (others) may mount a tmpfs here"
    )


@contextmanager
def failing_disk(folder: Path) -> Iterator[FailingDisk]:
    """A disk of 64 MB that can break; skips the test where nobody may have one: it takes root."""
    folder.mkdir()
    process = _started(["-m"], folder, "ext4") if os.geteuid() == 0 else None
    if process is None:
        pytest.skip("only root, with mkfs.ext4 and a loop device, has a disk that can break")
    try:
        yield FailingDisk(folder, process)
    finally:
        process.communicate(timeout=60)


def _started(flags: list[str], folder: Path, kind: str) -> subprocess.Popen[str] | None:
    module = "tests.torture.disk_inside"
    kept = {key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")}
    try:
        process = subprocess.Popen(
            ["unshare", *flags, sys.executable, "-m", module, str(folder), str(SIZE), kind],
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
