"""What every client that fetches candles is asked, and how its work is measured.

Only the standard library: this runs in the environment of other clients too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, SupportsIndex

SYMBOL: Final = "BTCUSDT"
INTERVAL: Final = "1m"
INTERVAL_MS: Final = 60_000
PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Task:
    """Fetch the candles that open from `start_ms` to `last_ms`, both included."""

    url: str
    start_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: so that nobody is quick by fetching less."""

    candles: int
    first_ms: int
    last_ms: int


def fetched(open_times: Sequence[int]) -> Fetched:
    """The summary of candles by their open times."""
    return Fetched(len(open_times), open_times[0], open_times[-1])


class Pauses:
    """`time.sleep`, with a sum of what was slept: clients pace themselves differently."""

    def __init__(self) -> None:
        self.total = 0.0
        self._sleep = time.sleep

    def sleep(self, seconds: float | SupportsIndex, /) -> None:
        """Sleep, and add to the sum."""
        began = time.perf_counter()
        self._sleep(seconds)
        self.total += time.perf_counter() - began


def measure(fetch: Callable[[Task], Fetched]) -> None:
    """Do the task of the command line, and print what came and what it took.

    Imports are over by now, so they are not counted; connecting, and what a client asks before
    the first candle, is. CPU time is that of this process with all its threads.
    """
    url, start_ms, last_ms = sys.argv[1:]
    task = Task(url, int(start_ms), int(last_ms))
    pauses = Pauses()
    time.sleep = pauses.sleep
    cpu, began = time.process_time(), time.perf_counter()
    came = fetch(task)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        json.dumps(
            {
                "candles": came.candles,
                "first_ms": came.first_ms,
                "last_ms": came.last_ms,
                "seconds": took,
                "cpu": cpu,
                "paused": pauses.total,
            }
        )
    )
