"""Chandlery: collect into a new SQLite store, every page kept before the next is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.clients.fetching import INTERVAL, SYMBOL, Fetched, Task, measure
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings


def fetch(task: Task) -> Fetched:
    """What the store holds afterwards, counted by the report."""
    with tempfile.TemporaryDirectory() as home:
        settings = read_settings(home=Path(home), store_url="", binance_url=task.url)
        with Keeper(settings) as keeper:
            report = keeper.collect(
                f"binance:{SYMBOL}:{INTERVAL}", since=task.start_ms, until=task.last_ms + 1
            )
    if report.failure is not None:
        raise report.failure
    got = report.got
    return Fetched(report.kept.new, got.start, got.end - 1) if got else Fetched(0, 0, 0)


if __name__ == "__main__":
    measure(fetch)
