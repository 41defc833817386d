"""What a process takes of its machine: memory, open files and sockets, threads."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Footprint:
    """At one moment, of one process, as Linux counts it."""

    memory_mb: float
    """Of its own: without the files that are mapped."""
    files: int
    sockets: int
    threads: int

    @classmethod
    def of(cls, pid: int | None = None) -> Footprint:
        """Of a process, or of this one."""
        if pid is None:
            gc.collect()
            pid = os.getpid()
        place = Path(f"/proc/{pid}")
        status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
        opened = list(filter(None, map(_target, (place / "fd").iterdir())))
        sockets = sum(one.startswith("socket:") for one in opened)
        return cls(
            memory_mb=int(status["RssAnon"].split()[0]) / 1024,
            files=len(opened) - sockets,
            sockets=sockets,
            threads=int(status["Threads"]),
        )


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed in between
        return ""
