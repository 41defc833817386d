"""No client at all: the bodies are read and dropped. What is left is the server's time."""

from __future__ import annotations

import urllib3

from bench.clients.fetching import (
    INTERVAL,
    INTERVAL_MS,
    PAGE,
    SYMBOL,
    Fetched,
    Task,
    measure,
)


def fetch(task: Task) -> Fetched:
    """Every page up to the last candle."""
    pool = urllib3.PoolManager()
    count, opened = 0, task.start_ms - INTERVAL_MS
    while opened < task.last_ms:
        rows, opened = page(pool, task.url, opened + INTERVAL_MS)
        count += rows
    return Fetched(count, task.start_ms, opened)


def page(pool: urllib3.PoolManager, url: str, start_ms: int) -> tuple[int, int]:
    """How many candles one page has, and when the last one opens, without parsing it."""
    asked = {"symbol": SYMBOL, "interval": INTERVAL, "startTime": str(start_ms), "limit": str(PAGE)}
    body = pool.request("GET", f"{url}/api/v3/klines", fields=asked).data
    last_row = body[body.rindex(b"[") + 1 :]
    return body.count(b"[") - 1, int(last_row[: last_row.index(b",")])


if __name__ == "__main__":
    measure(fetch)
