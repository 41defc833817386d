"""What a power cut leaves of a folder: of each file what was synced, and of the rest anything.

Files that SQLite writes are its own affair: of its log everything up to the last whole transaction
stays, which it has synced (`PRAGMA synchronous = FULL`), and what follows is garbled.
"""

from __future__ import annotations

import json
import random
import shutil
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
"""https://sqlite.org/fileformat2.html#the_write_ahead_log"""
_SAID: Final = {".said", ".err", ".synced"}


@dataclass
class Synced:
    """What had been synced at one moment."""

    files: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Size and time of change by inode number."""
    names: dict[int, set[str]] = field(default_factory=dict)
    """Of folders the names in them, by inode number."""

    @classmethod
    def read(cls, path: Path) -> Synced:
        """What a victim has written down until now."""
        found = cls()
        text = path.read_text() if path.exists() else ""
        for line in text[: text.rfind("\n") + 1].splitlines():
            inode, size, changed_ns, names = json.loads(line)
            found.files[inode] = (size, changed_ns)
            found.names[inode] = set(names)
        return found

    def has(self, path: Path) -> bool:
        """Whether a file is on the disk as it is now."""
        seen = path.stat()
        return self.files.get(seen.st_ino) == (seen.st_size, seen.st_mtime_ns)

    def has_name(self, path: Path) -> bool:
        """Whether the name of a file or folder is on the disk."""
        return path.name in self.names.get(path.parent.stat().st_ino, set())


def cut(home: Path, copy: Path, before: set[str], synced: Synced, chance: random.Random) -> int:
    """Make of the copy of a folder what a power cut could leave; how many files it has harmed.

    `before` are the files that were there before the victim began, with their folders.
    """
    harmed = 0
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        there = copy / name
        if name in before or path.suffix in _SAID or not there.exists():
            continue
        if ".db" in path.suffix:
            _cut_database(there, chance)
        elif not path.name.endswith(".lock") and _harm(path, there, synced, chance):
            harmed += 1
    for wal in home.glob("*.db-wal"):
        _cut_database(copy / wal.name, chance)
    for memory in copy.glob("*-shm"):
        memory.unlink()  # it belongs to the living
    return harmed


def _harm(path: Path, there: Path, synced: Synced, chance: random.Random) -> bool:
    """Do to the copy of a file, or of a folder, what may come to it."""
    if not synced.has_name(path) and chance.random() < 0.5:
        shutil.rmtree(there) if there.is_dir() else there.unlink()
        return True
    if path.is_dir() or synced.has(path):
        return False
    size = chance.choice([0, path.stat().st_size // 2, chance.randint(0, path.stat().st_size)])
    with there.open("r+b") as file:
        file.truncate(size)
    return True


def _cut_database(path: Path, chance: random.Random) -> None:
    """Garble what stands in the log of a database behind its last whole transaction."""
    if not path.name.endswith("-wal") or not path.exists():
        return
    data = bytearray(path.read_bytes())
    whole = _whole(data)
    data[whole:] = chance.randbytes(chance.randint(0, len(data) - whole))
    path.write_bytes(data)


def _whole(wal: bytearray) -> int:
    """Where the last transaction ends that is whole."""
    if len(wal) < _WAL_HEADER:
        return 0
    page, salts = struct.unpack(">I", wal[8:12])[0], wal[16:24]
    end = at = _WAL_HEADER
    while at + _FRAME_HEADER + page <= len(wal) and wal[at + 8 : at + 16] == salts:
        committed = struct.unpack(">I", wal[at + 4 : at + 8])[0]
        at += _FRAME_HEADER + page
        if committed:
            end = at
    return end
