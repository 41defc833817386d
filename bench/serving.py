"""Figure 3: requests per second and latency of the REST interface."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.chart import FULL, chart_path, whole_chart
from bench.clients.fetching import INTERVAL, INTERVAL_MS, SYMBOL, Task
from bench.market import market
from bench.processes import CHANDLERY, Failed, announced, ask, running
from bench.tables import Table
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings

SERIES: Final = f"binance:{SYMBOL}:{INTERVAL}"
NEWEST: Final = chart_path(SERIES)
_STRETCHES: Final = 100
"""More different answers than the server remembers."""


@dataclass(frozen=True, slots=True)
class Load:
    """What some readers ask for at once."""

    name: str
    readers: int
    paths: Sequence[str]
    revalidate: bool = False


def serving(*, quick: bool) -> Table:
    """Ask a server of its own process, from readers in another one."""
    candles, lasting = (2_000, 1) if quick else (10_000, 5)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        task = fill(home, candles)
        command = (*CHANDLERY, "serve", "--no-collect", "--json", "--port", "0", "--home", folder)
        with running(command, home, CHANDLERY_SERIES=SERIES) as process:
            url = announced(process, home)["url"]
            chart = whole_chart(url + NEWEST)
            if chart is None:
                raise Failed(f"{NEWEST} does not give {FULL} candles")
            rows = [_row(load, urlsplit(url).port, lasting) for load in _loads(task)]
    return Table(
        f"`/api/v1/candles?limit={FULL}` from a store of {candles:,} candles",
        ("asked", "clients", "requests/s", "p50", "p99"),
        rows,
        [
            f"{len(chart) / 1000:.0f} kB an answer; {lasting} s each, over connections kept alive.",
            "The newest candles are made once and remembered until the series changes.",
            f"{_STRETCHES} stretches are more than is remembered: each is made anew.",
            "/healthz shows what server and clients cost without candles.",
        ],
    )


def fill(home: Path, candles: int) -> Task:
    """Collect so many candles into a store of their own."""
    with tempfile.TemporaryDirectory() as folder, market(Path(folder)) as exchange:
        task = exchange.warmed(candles)
        settings = read_settings(home=home, store_url="", binance_url=exchange.url)
        with Keeper(settings) as keeper:
            report = keeper.collect(SERIES, since=task.start_ms, until=task.last_ms + 1)
    if report.failure is not None:
        raise report.failure
    return task


def _loads(task: Task) -> list[Load]:
    stretches = [
        f"{NEWEST}&until={task.last_ms - number * 10 * INTERVAL_MS}" for number in range(_STRETCHES)
    ]
    return [
        Load("the newest", 1, [NEWEST]),
        Load("the newest", 8, [NEWEST]),
        Load("the newest, ETag sent back: 304", 1, [NEWEST], revalidate=True),
        Load("the newest, ETag sent back: 304", 8, [NEWEST], revalidate=True),
        Load(f"{_STRETCHES} stretches in turn", 1, stretches),
        Load(f"{_STRETCHES} stretches in turn", 8, stretches),
        Load("/healthz", 8, ["/healthz"]),
    ]


def _row(load: Load, port: int | None, lasting: float) -> list[str]:
    print(f"  {load.name}, {load.readers} clients", file=sys.stderr)
    words: list[Any] = ["--port", port, "--readers", load.readers, "--seconds", lasting]
    again = ["--revalidate"] if load.revalidate else []
    found = ask(sys.executable, "bench.clients.load_client", *words, *again, *load.paths)
    return [
        load.name,
        str(load.readers),
        f"{found['per_second']:,.0f}",
        f"{found['p50_ms']:.1f} ms",
        f"{found['p99_ms']:.1f} ms",
    ]
