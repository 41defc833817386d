"""What a running program costs: processor time and memory, as Linux tells them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_USER: Final = 11
"""Of the fields of /proc/PID/stat that follow the name: user time, then system time."""
_KIB: Final = 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[_USER : _USER + 2])) / _TICKS


def most_memory(pid: int) -> int:
    """The most bytes that were in memory at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    named = dict(line.split(":", 1) for line in lines)
    return int(named["VmHWM"].split()[0]) * _KIB
