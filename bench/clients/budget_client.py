"""One worker that fetches pages as fast as the shared budget lets it, by a clock that may be fast.

Prints how many it fetched, and how often it was told that it had asked too much.
"""

from __future__ import annotations

import argparse
import json
import time

from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.errors import RateLimited
from chandlery.exchanges.registry import open_exchange
from chandlery.transport.budget import open_budget

SERIES = Series.parse("binance:BTCUSDT:1m")


class FastClock(SystemClock):
    """The exchange's own clock, `speed` times as fast as this machine's."""

    def __init__(self, start_ms: int, started: float, speed: float) -> None:
        self._start_ms = start_ms
        self._started = started
        self._speed = speed

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        return self._start_ms + int((time.monotonic() - self._started) * self._speed * 1000)

    def monotonic(self) -> float:
        """Seconds that never go back; the same for every process of this machine."""
        return time.monotonic() * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds / self._speed))


def main() -> None:
    """Fetch until the exchange's clock says so."""
    asked = _arguments()
    clock = FastClock(asked.start_ms, asked.started, asked.speed)
    budget = open_budget(asked.budget_url, "binance@sandbox", clock=clock, limit=asked.limit)
    exchange = open_exchange("binance", urls=[asked.url], clock=clock, budget=budget)
    pages = limited = 0
    while clock.now_ms() < asked.until_ms:
        try:
            exchange.newest(SERIES, asked.rows)
            pages += 1
        except RateLimited:
            limited += 1
    exchange.close()
    print(json.dumps({"pages": pages, "limited": limited}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (
        *(("url", str), ("budget_url", str), ("limit", int), ("rows", int)),
        *(("start_ms", int), ("started", float), ("speed", float), ("until_ms", int)),
    ):
        parser.add_argument(name, type=kind)
    return parser.parse_args()


if __name__ == "__main__":
    main()
