"""ccxt: the usual loop around `fetch_ohlcv` into a list, unchanged but for the address."""

from __future__ import annotations

import ccxt  # type: ignore[import-not-found]  # lives in .venv-foreign alone

from bench.clients.fetching import INTERVAL, PAGE, Fetched, Task, fetched, measure


def fetch(task: Task) -> Fetched:
    """Its rows: open time and five floats each."""
    exchange = ccxt.binance(
        {
            "urls": {"api": {"public": f"{task.url}/api/v3"}},
            "options": {"fetchMarkets": {"types": ["spot"]}},
        }
    )
    rows: list[list[float]] = []
    since = task.start_ms
    while since <= task.last_ms:
        page = exchange.fetch_ohlcv(
            "BTC/USDT", INTERVAL, since, PAGE, params={"until": task.last_ms}
        )
        if not page:
            break
        rows += page
        since = int(page[-1][0]) + 1
    return fetched([int(row[0]) for row in rows])


if __name__ == "__main__":
    measure(fetch)
