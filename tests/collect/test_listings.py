"""The symbol lists: fetched once for all who need one at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chandlery.clock import SystemClock
from chandlery.collect.keeper import Keeper
from chandlery.errors import Blocked
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings

THREADS = 8


class DaysOn(SystemClock):
    """The machine's time, so many days on."""

    days = 0

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        return super().now_ms() + self.days * 86_400_000


def test_one_asks_for_all(tmp_path: Path) -> None:
    """Threads that find no list, or an old one, at the same moment ask for one, and all get it."""
    clock = DaysOn()
    with Sandbox() as box, ThreadPoolExecutor(THREADS) as threads:
        settings = read_settings(home=tmp_path, binance_url=box.binance_url)
        box.faults.always("latency", path="exchangeInfo", seconds=0.3)
        with Keeper(settings, clock=clock) as keeper:
            exchange = keeper.exchange("binance")
            for expected in (1, 2):
                found = threads.map(keeper.listings.young, [exchange] * THREADS)
                assert len({one.fetched_ms for one in found}) == 1
                assert box.requests.count("exchangeInfo") == expected
                clock.days += 2
                box.clock.advance(2 * 86_400)


def test_one_fails_for_all(tmp_path: Path) -> None:
    """Threads do not wait one after the other for an exchange that does not answer."""
    with Sandbox() as box, ThreadPoolExecutor(THREADS) as threads:
        settings = read_settings(home=tmp_path, binance_url=box.binance_url)
        box.faults.always("451", path="exchangeInfo")
        box.faults.always("latency", path="exchangeInfo", seconds=0.3)
        with Keeper(settings) as keeper:
            exchange = keeper.exchange("binance")
            tries = [threads.submit(keeper.listings.young, exchange) for _ in range(THREADS)]
            assert all(isinstance(one.exception(), Blocked) for one in tries)
            assert box.requests.count("exchangeInfo") == 1
            box.faults.clear()
            assert keeper.listings.young(exchange).symbols
