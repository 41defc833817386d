"""The sandbox exchange of the figures: a process of its own, its clock frozen, its pages warm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3

from bench.clients.bare_client import page
from bench.clients.fetching import INTERVAL_MS, PAGE, Task
from bench.processes import CHANDLERY, Failed, announced, running

NOW: Final = "2025-06-01"
START_MS: Final = 1_740_787_200_000
"""2025-03-01, from which 100,000 minutes end well before NOW."""
WEIGHT_LIMIT: Final = 1_000_000
_A_MINUTE_ON: Final = 61


@dataclass(frozen=True, slots=True)
class Market:
    """A running sandbox exchange."""

    url: str

    def warmed(self, candles: int) -> Task:
        """The task of fetching so many candles in whole pages, every page rendered once before."""
        pool = urllib3.PoolManager()
        count, opened = 0, START_MS - INTERVAL_MS
        while count < candles:
            rows, opened = page(pool, self.url, opened + INTERVAL_MS)
            count += rows
        if count != candles:
            raise Failed(f"{candles} candles are no whole number of pages of {PAGE}")
        return Task(self.url, START_MS, opened)

    def next_minute(self) -> None:
        """Move the frozen clock on, so that the next client starts with no weight used."""
        moved = urllib3.request("POST", f"{self.url}/sandbox/clock", json={"advance": _A_MINUTE_ON})
        if moved.status != 200:  # noqa: PLR2004  OK
            raise Failed(f"the sandbox's clock cannot be moved: {moved.data!r}")


@contextmanager
def market(folder: Path) -> Iterator[Market]:
    """A sandbox exchange until the block ends."""
    command = (*CHANDLERY, "sandbox", "--json", "--now", NOW, "--weight-limit", str(WEIGHT_LIMIT))
    with running(command, folder) as process:
        yield Market(announced(process, folder)["CHANDLERY_BINANCE_URL"])
