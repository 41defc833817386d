"""Who holds the lock of a SQLite file: as far as Linux tells, else nothing is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LOCKS: Final = Path("/proc/locks")
_WRITER: Final = 120
"""The byte of the `-shm` file that whoever writes has locked: https://sqlite.org/walformat.html"""
_FIELDS: Final = 8
"""`1: POSIX ADVISORY WRITE 4711 fd:01:1234 120 120`"""


def holder(path: Path) -> str:
    """`it is process 4711 (chandlery)`, or nothing."""
    for number in _writers(path.with_name(f"{path.name}-shm")):
        if number != os.getpid():
            return f"it is process {number}{_name(number)}"
    return ""


def _writers(shm: Path) -> Iterator[int]:
    try:
        inode = shm.stat().st_ino
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return  # not Linux, or not for us to see
    for line in lines:
        words = line.split()
        if len(words) != _FIELDS or words[3] != "WRITE" or words[5].split(":")[-1] != str(inode):
            continue
        # Of another container the number is 0 or less.
        if words[6] == words[7] == str(_WRITER) and int(words[4]) > 0:
            yield int(words[4])


def _name(number: int) -> str:
    """What it calls itself, without its arguments, which may hold secrets."""
    try:
        return f" ({Path(f'/proc/{number}/comm').read_text(encoding='utf-8').strip()})"
    except (OSError, UnicodeError):
        return ""
