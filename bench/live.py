"""Figure: pages that are left open all day, and what they cost those who ask the interface."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.chart import FULL
from bench.processes import PYTHON, Failed, announced, ask, environment, running
from bench.serving import NEWEST, SERIES, fill
from bench.tables import MEGABYTE, Table, verdict

PAGES: Final = 200
_MOST: Final = 2.0
"""How many times as long the slowest hundredth of the answers may take with pages open."""
_FEW_EVENTS: Final = 0.9


@dataclass
class Measured:
    """One server, with so many pages open."""

    server: str
    pages: int
    one: dict[str, Any]
    """What one reader of candles met."""
    eight: dict[str, Any]
    cpu: float
    """The part of a core that the server takes while nobody asks."""
    memory: int
    """Bytes that are resident."""
    seen: dict[str, Any] = field(default_factory=dict)
    """What came on the pages."""


def live(*, quick: bool) -> Table:
    """The newest candles asked for, without and with pages that get an event a second each."""
    candles, lasting = (2_000, 1.0) if quick else (10_000, 8.0)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, candles)
        found = [
            *_served(home, lasting, "the program's own", ()),
            *_served(home, lasting, "cheroot as it comes", ("--bare",)),
        ]
    return Table(
        f"`/api/v1/candles?limit={FULL}` while {PAGES} live pages get an event a second each",
        (
            *("server", "pages", "1 client", "p99", "8 clients", "p99"),
            *("CPU", "memory", "events", "to the page, p99"),
        ),
        [_row(one) for one in found],
        [
            f"Requests a second for the newest candles over connections kept alive; {lasting:g} s.",
            "The program's own server sends all streams from one thread that never waits.",
            "cheroot as it comes has 256 threads, and each open page holds one.",
            "CPU: what the server takes of a core for the pages alone. Memory: what is resident.",
            f"Events: those that came on the pages, of one a second for each of {PAGES}.",
            "To the page: from when an event is said until another process has read it.",
            _aim(*found[:2]),
        ],
    )


def _served(home: Path, lasting: float, name: str, words: tuple[str, ...]) -> Iterator[Measured]:
    command = (PYTHON, "-m", "bench.live_server", *words)
    settings = {"CHANDLERY_HOME": str(home), "CHANDLERY_SERIES": SERIES}
    with running(command, home, **settings) as process:
        port = urlsplit(announced(process, home)["url"]).port
        for pages in (0, PAGES):
            print(f"  {name}, {pages} pages", file=sys.stderr)
            with _opened(port, pages) as seen:
                cpu = _busy(process.pid, lasting)
                one = _load(port, 1, lasting)
                eight = _load(port, 8, lasting)
                memory = _resident(process.pid)
            yield Measured(name, pages, one, eight, cpu, memory, seen)


def _load(port: int | None, readers: int, lasting: float) -> dict[str, Any]:
    words: list[Any] = ["--port", port, "--readers", readers, "--seconds", lasting, NEWEST]
    return ask(sys.executable, "bench.clients.load_client", *words)


@contextmanager
def _opened(port: int | None, pages: int) -> Iterator[dict[str, Any]]:
    """Pages that stay open in the block; what they saw is in the result afterwards."""
    seen: dict[str, Any] = {}
    if not pages:
        yield seen
        return
    words = ("--port", str(port), "--pages", str(pages), SERIES)
    with subprocess.Popen(
        [PYTHON, "-m", "bench.clients.pages_client", *words],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        if client.stdout is None or not client.stdout.readline():
            raise Failed(f"{pages} pages could not be opened")
        yield seen
        seen |= json.loads(client.communicate("", timeout=60)[0].splitlines()[-1])
    wanted = pages * (seen["seconds"] - 1)
    if seen["events"] < wanted * _FEW_EVENTS:
        raise Failed(f"{seen['events']:,} events came on {pages} pages, of {wanted:,.0f}")


def _busy(pid: int, lasting: float) -> float:
    before = _cpu_seconds(pid)
    time.sleep(lasting)
    return (_cpu_seconds(pid) - before) / lasting


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:"))


def _row(found: Measured) -> list[str]:
    seen = found.seen
    return [
        found.server,
        str(found.pages),
        f"{found.one['per_second']:,.0f}/s",
        f"{found.one['p99_ms']:.1f} ms",
        f"{found.eight['per_second']:,.0f}/s",
        f"{found.eight['p99_ms']:.1f} ms",
        f"{found.cpu:.1%}",
        f"{found.memory / MEGABYTE:.0f} MB",
        f"{seen['events']:,}" if seen else "",
        f"{seen['p99_ms']:.0f} ms" if seen else "",
    ]


def _aim(without: Measured, with_pages: Measured) -> str:
    ratio = max(
        with_pages.one["p99_ms"] / without.one["p99_ms"],
        with_pages.eight["p99_ms"] / without.eight["p99_ms"],
    )
    words = f"Aim: p99 at most {_MOST:g} times as long with pages, on the program's own server"
    return f"{words}; {ratio:.2f}: {verdict(met=ratio <= _MOST)}."
