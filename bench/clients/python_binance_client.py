"""python-binance: `get_historical_klines` into a list, unchanged but for the address."""

from __future__ import annotations

from binance.client import Client  # type: ignore[import-not-found]  # lives in .venv-foreign alone

from bench.clients.fetching import INTERVAL, SYMBOL, Fetched, Task, fetched, measure


def fetch(task: Task) -> Fetched:
    """Its rows, as Binance sent them."""
    client = Client(ping=False)
    client.API_URL = f"{task.url}/api"
    rows = client.get_historical_klines(SYMBOL, INTERVAL, task.start_ms, task.last_ms)
    return fetched([row[0] for row in rows])


if __name__ == "__main__":
    measure(fetch)
