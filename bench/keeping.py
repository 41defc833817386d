"""Figure: thousands of series kept current, minute by minute, by one process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench.cost import cpu_seconds, most_memory
from bench.many import WEIGHT_LIMIT, ManySymbols, many_symbols
from bench.processes import CHANDLERY, Failed, running
from bench.tables import Table
from chandlery.store import Store, sqlite_url

SERIES: Final = 2_000
SOON: Final = 15.0
MINUTE: Final = 60.0
_LOOK_EVERY: Final = 0.25
_PATIENCE: Final = 300.0
_LAST_CLOSE: Final = 40.0
"""For so long the candles of the last close are waited for."""
_MEGABYTE: Final = 1 << 20


@dataclass(slots=True)
class Watch:
    """What was seen of a number of closes."""

    closes_ms: list[int]
    waited: dict[tuple[str, int], float] = field(default_factory=dict)
    """Seconds from each close until each series' candle could be read."""
    weights: list[int] = field(default_factory=list)
    """Weight used as far as the exchange counts it, many times a minute."""
    cpu: float = 0.0
    """Seconds of processor time in each second."""
    memory: int = 0


def keeping(*, quick: bool) -> Table:
    """Let `chandlery worker --embedded` keep them, and look at the store all the while."""
    minutes = 2 if quick else 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with many_symbols(SERIES, folder) as exchange:
            watch = _watched(exchange, folder, minutes)
    waited = sorted(watch.waited.values())
    expected = SERIES * minutes
    return Table(
        f"Keeping {SERIES:,} series of 1m current for {minutes} minutes",
        ("what", "measured", "aim"),
        [
            _row("closes readable within 15 s", _share(waited, expected), "99.9 %"),
            _row("from the close until readable, median", f"{median(waited):.1f} s"),
            _row("99 of 100 within", f"{quantiles(waited, n=100)[98]:.1f} s"),
            _row("the last one", f"{waited[-1]:.1f} s of {len(waited):,} closes"),
            _row("CPU", f"{watch.cpu:.0%} of a core", "under 100 %"),
            _row("memory at its most", f"{watch.memory / _MEGABYTE:.0f} MB", "under 500 MB"),
            _row("weight per minute, most", f"{max(watch.weights):,}", f"up to {WEIGHT_LIMIT:,}"),
        ],
        [
            "`chandlery worker --embedded` into SQLite; sandbox and watcher are other processes.",
            "Series are due two to seven seconds after the close, for patterns are spread.",
            f"Readable: the store's catalogue has the candle; looked at every {_LOOK_EVERY:g} s.",
        ],
    )


def _watched(exchange: ManySymbols, folder: Path, minutes: int) -> Watch:
    command = (*CHANDLERY, "worker", "--embedded", "--home", str(folder))
    series = {"CHANDLERY_SERIES": "binance:C*USDT:1m", "CHANDLERY_CSV": ""}
    with running(command, folder, **exchange.settings, **series) as worker:
        store = _first_collected(worker, folder)
        with store:
            first_ms = _next_minute_ms(time.time() + MINUTE)
            _sleep_until(first_ms - 1_000)
            watch = Watch([first_ms + number * 60_000 for number in range(minutes)])
            _watch(watch, store, exchange, worker)
    return watch


def _first_collected(worker: subprocess.Popen[str], folder: Path) -> Store:
    """The store, once something of every series is in it."""
    print("  first collection", file=sys.stderr)
    began = time.monotonic()
    path = folder / "chandlery.db"
    while time.monotonic() - began < _PATIENCE and worker.poll() is None:
        time.sleep(1)
        if path.exists():
            store = Store.open(sqlite_url(path))
            if sum(line.candles > 0 for line in store.catalogue()) == SERIES:
                return store
            store.close()
    raise Failed(f"{SERIES} series were not collected within {_PATIENCE:.0f} s")


def _watch(
    watch: Watch, store: Store, exchange: ManySymbols, worker: subprocess.Popen[str]
) -> None:
    began, cpu = time.monotonic(), cpu_seconds(worker.pid)
    ends = watch.closes_ms[-1] / 1000 + _LAST_CLOSE
    while (now := time.time()) < ends:
        _look(watch, store, now)
        watch.weights.append(exchange.weight_used())
        if len(watch.waited) == SERIES * len(watch.closes_ms):
            break
        time.sleep(_LOOK_EVERY)
    _sleep_until(watch.closes_ms[-1] + 59_000)
    watch.cpu = (cpu_seconds(worker.pid) - cpu) / (time.monotonic() - began)
    watch.memory = most_memory(worker.pid)


def _look(watch: Watch, store: Store, now: float) -> None:
    """Note the candles that can be read now and could not before."""
    last_opens = {str(line.series): line.last_ms or 0 for line in store.catalogue()}
    seen = time.time()
    for close_ms in watch.closes_ms:
        if close_ms / 1000 > now:
            return
        for series in _held_until(last_opens, close_ms):
            watch.waited.setdefault((series, close_ms), seen - close_ms / 1000)


def _held_until(last_opens: dict[str, int], close_ms: int) -> Iterable[str]:
    return (name for name, open_ms in last_opens.items() if open_ms >= close_ms - 60_000)


def _share(waited: list[float], expected: int) -> str:
    return f"{sum(one <= SOON for one in waited) / expected:.2%}"


def _row(what: str, measured: str, aim: str = "") -> list[str]:
    return [what, measured, aim]


def _next_minute_ms(now: float) -> int:
    return (int(now // MINUTE) + 1) * 60_000


def _sleep_until(ms: int) -> None:
    time.sleep(max(0.0, ms / 1000 - time.time()))
