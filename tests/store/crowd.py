"""Several processes that use one store at the same moment."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import ClassVar, Self, TypeVar

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.market import SymbolInfo
from chandlery.store import Finished, Kept, RunRecord, Store
from tests.collect.rehearsal import EARLY_MS
from tests.store.eager import SMALL
from tests.store.pages import BTC, page

T = TypeVar("T")
PATIENCE = 60


class Crowd:
    """`size` processes, started once; `all_at_once` lets each of them do one thing."""

    _barrier: ClassVar[Barrier]
    """In the processes: where they wait for each other."""

    def __init__(self, size: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy polars's threads
        self.size = size
        self._pool = ProcessPoolExecutor(
            size, context, initializer=_remember, initargs=(context.Barrier(size),)
        )

    def all_at_once(self, work: Callable[..., T], *args: object) -> list[T]:
        """The results of `work(number, *args)` for each process number."""
        jobs = [self._pool.submit(_together, work, n, *args) for n in range(self.size)]
        return [job.result(timeout=PATIENCE) for job in jobs]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()


def _remember(barrier: Barrier) -> None:
    Crowd._barrier = barrier  # noqa: SLF001


def _together(work: Callable[..., T], number: int, *args: object) -> T:
    Crowd._barrier.wait(PATIENCE)  # noqa: SLF001
    return work(number, *args)


def open_store(_number: int, url: str) -> list[str]:
    """Open it and look in."""
    with Store.open(url) as store:
        return [str(held.series) for held in store.catalogue()]


def keep_same(_number: int, url: str, rows: dict[int, int], answered: Span) -> Kept:
    """Keep the page that everybody keeps."""
    with Store.open(url) as store:
        return store.candles.keep(page(rows), answered=answered, source="rest")


def keep_own_price(number: int, url: str, hour: int) -> Kept:
    """Keep everybody's candle, each with its own price."""
    with Store.open(url) as store:
        return store.candles.keep(page({hour: number}), answered=None, source="rest")


def keep_own_series(number: int, url: str, times: int) -> int:
    """Keep one candle after the other, in a series of its own."""
    series = Series.parse(f"binance:OWN{number}:1h")
    with Store.open(url) as store:
        kept = [
            store.candles.keep(page({hour: 1}, series=series), answered=None, source="rest")
            for hour in range(times)
        ]
    return sum(each.new for each in kept)


def claim(_number: int, url: str, now_ms: int) -> bool:
    """Ask for permission to call the market-cap service."""
    with Store.open(url) as store:
        return store.market_caps.claim(now_ms, 60_000)


def keep_symbols(number: int, url: str, exchange: str) -> None:
    """Keep a list that differs from the others in one name."""
    names = [*(f"COIN{n}USDT" for n in range(50)), f"OWN{number}"]
    with Store.open(url) as store:
        store.symbols.keep(exchange, [SymbolInfo(name, "A", "B", "TRADING") for name in names])


def take_job(number: int, url: str) -> bool:
    """Try to hold the job that everybody wants."""
    with Store.open(url) as store:
        return store.jobs.hold("job", str(number), now_ms=0, until_ms=1_000)


def count_runs(number: int, url: str, times: int) -> None:
    """Finish one run after the other, each of which adds to the same counters."""
    tallies = dict.fromkeys((("a", ""), ("b", ""), ("c", "")), 1)
    with Store.open(url) as store:
        for started_ms in range(times):
            run = RunRecord(f"{number}-{started_ms}", "job", started_ms, None, "done", "{}")
            store.jobs.finish(Finished(run, tallies=tallies))


def fold(_number: int, url: str, lake: str) -> int:
    """Fold what is due of the series that everybody folds."""
    with Store.open(url, lake=lake, policy=SMALL) as store:
        return store.folding.fold(BTC)


def keep_and_fold(number: int, url: str, lake: str, times: int) -> int:
    """Keep every fourth candle, and fold all but the newest after each."""
    new = 0
    with Store.open(url, lake=lake, policy=SMALL) as store:
        for turn in range(times):
            hour = 4 * turn + number
            new += store.candles.keep(page({hour: hour}), answered=None, source="rest").new
            store.folding.fold(BTC, everything=True)
    return new


def keep_fold_and_tidy(number: int, url: str, lake: str, times: int) -> int:
    """The same, while the first one deletes files of the dead and entries of a month ago."""
    new = 0
    clock = FrozenClock(EARLY_MS)
    table = Path(lake) / BTC.exchange / BTC.interval.slug
    dead = table / "symbol=BTCUSDT" / "part-dead.zstd.parquet"
    with Store.open(url, lake=lake, policy=SMALL, clock=clock) as store:
        for turn in range(times):
            hour = 4 * turn + number
            new += store.candles.keep(page({hour: hour}), answered=None, source="rest").new
            if number == 0:
                dead.parent.mkdir(parents=True, exist_ok=True)
                dead.write_bytes(b"half")
                make_old(dead, *table.glob("_delta_log/[0-9]*"))
                clock.advance(DAY_MS / 1000)  # it is done once a day
            store.folding.fold(BTC, everything=True)
    return new


def make_old(*paths: Path) -> None:
    """Let files be older than a month."""
    before = time.time() - 31 * DAY_MS / 1000
    for path in paths:
        with suppress(FileNotFoundError):
            os.utime(path, (before, before))
