"""What every client that downloads archive files is asked, and how its work is measured.

Only the standard library: this runs in the environment of other downloaders too.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

SYMBOL: Final = "BTCUSDT"
INTERVAL: Final = "1m"
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Download:
    """Have the candles from the day `first` to the day `last`, both whole, in `folder`."""

    archive: str
    """The base URL."""
    folder: Path
    first: date
    last: date

    @classmethod
    def of_command_line(cls) -> Download:
        """As the benchmark asks for it."""
        archive, folder, first, last = sys.argv[1:]
        return cls(archive, Path(folder), date.fromisoformat(first), date.fromisoformat(last))

    @property
    def last_month(self) -> date:
        """The month of the last day, of which there are days alone."""
        return self.last.replace(day=1)


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    """Puts seconds, CPU seconds and the most bytes in memory of the block into the object.

    CPU time is that of all threads and of the processes that it has started and ended.
    """
    found: dict[str, Any] = {"memory_before": most_memory()}
    cpu, began = _cpu(), time.perf_counter()
    yield found
    found["seconds"] = time.perf_counter() - began
    found["cpu"] = _cpu() - cpu
    found["memory"] = most_memory()


def most_memory() -> int:
    """The most bytes of this process that were in memory at once.

    Not by getrusage: there a process begins with what the one that started it had.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * _KIB


def csv_rows(folder: Path) -> int:
    """The rows of all CSV files below."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.csv"))


def download(fetch: Callable[[Download], None]) -> None:
    """Do the task of the command line; print what it took, and how many rows lie there as CSV."""
    task = Download.of_command_line()
    with measured() as found, redirect_stdout(sys.stderr):
        fetch(task)
    print(json.dumps(found | {"candles": csv_rows(task.folder)}))


def _cpu() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(each) for each in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)
