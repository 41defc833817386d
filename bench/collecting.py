"""Figures 1 and 2: candles per second over REST, and CPU time per page, beside other clients."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.clients.fetching import PAGE, Task
from bench.market import WEIGHT_LIMIT, Market, market
from bench.processes import FOREIGN, PYTHON, Failed, ask
from bench.tables import Table, seconds


@dataclass(frozen=True, slots=True)
class Client:
    """One way to fetch candles, and the Python that has it."""

    name: str
    module: str
    python: str | Path


@dataclass(frozen=True, slots=True)
class Run:
    """What one fetch took, in seconds."""

    whole: float
    cpu: float
    paused: float


CHANDLERY: Final = Client("Chandlery, into SQLite", "bench.clients.chandlery_client", PYTHON)
CLIENTS: Final = (
    CHANDLERY,
    Client("python-binance", "bench.clients.python_binance_client", FOREIGN),
    Client("ccxt", "bench.clients.ccxt_client", FOREIGN),
    Client("bodies read and dropped", "bench.clients.bare_client", PYTHON),
)
_HEADS: Final = (
    "client",
    "candles/s",
    "Chandlery is",
    "whole time",
    "own pauses",
    "candles/s without them",
    "Chandlery is",
    "CPU per page",
)


def collecting(*, quick: bool) -> Table:
    """Fetch the same candles with every client in turn, several times over."""
    candles, rounds = (5_000, 1) if quick else (100_000, 3)
    clients = [client for client in CLIENTS if Path(client.python).exists()]
    with tempfile.TemporaryDirectory() as folder, market(Path(folder)) as exchange:
        task = exchange.warmed(candles)
        runs = _interleaved(clients, exchange, task, rounds, candles)
    return Table(
        f"Collecting {candles:,} candles over REST",
        _HEADS,
        [_row(client, runs, candles) for client in clients],
        [
            f"Medians of {rounds} (least-most), the clients in turn; the sandbox's pages are warm.",
            f"Each client begins with none of the {WEIGHT_LIMIT:,} weight a minute used.",
            "Own pauses: what a client sleeps by its own rule, to spare Binance.",
            f"CPU: user and system time of the client per {PAGE:,} candles, without imports.",
            "Only Chandlery parses exact decimals, checks and stores.",
            *([] if FOREIGN.exists() else ["The others were left out: there is no .venv-foreign."]),
        ],
    )


def _interleaved(
    clients: Sequence[Client], exchange: Market, task: Task, rounds: int, candles: int
) -> dict[Client, list[Run]]:
    runs: dict[Client, list[Run]] = {client: [] for client in clients}
    for number in range(1, rounds + 1):
        for client in clients:
            print(f"  round {number}: {client.name}", file=sys.stderr)
            exchange.next_minute()
            runs[client].append(_run(client, task, candles))
    return runs


def _run(client: Client, task: Task, candles: int) -> Run:
    found = ask(client.python, client.module, task.url, task.start_ms, task.last_ms)
    came = (found["candles"], found["first_ms"], found["last_ms"])
    if came != (candles, task.start_ms, task.last_ms):
        raise Failed(f"{client.name} fetched {came}, not {candles} candles of {task}")
    return Run(found["seconds"], found["cpu"], found["paused"])


def _row(client: Client, runs: dict[Client, list[Run]], candles: int) -> list[str]:
    mine, ours = runs[client], runs[CHANDLERY]
    whole, busy = _whole(mine), _busy(mine)
    return [
        client.name,
        f"{candles / whole:,.0f}",
        _times(whole / _whole(ours)),
        seconds([run.whole for run in mine]),
        f"{median(run.paused for run in mine):.1f} s",
        f"{candles / busy:,.0f}",
        _times(busy / _busy(ours)),
        f"{median(run.cpu for run in mine) / candles * PAGE * 1000:.1f} ms",
    ]


def _whole(runs: Sequence[Run]) -> float:
    return median(run.whole for run in runs)


def _busy(runs: Sequence[Run]) -> float:
    return median(run.whole - run.paused for run in runs)


def _times(ratio: float) -> str:
    return f"{ratio:.2f} x as fast"
