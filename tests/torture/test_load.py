"""Much at once: requests, slow readers and live pages on a server whose store a backfill fills."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson
import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.clock import ms_to_datetime
from chandlery.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.collect.rehearsal import NOW_MS
from tests.torture.footprint import Footprint
from tests.torture.lengths import scaled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux for footprints"),
]

SHOWN: Final = "binance:BTCUSDT:1h"
FILLED: Final = "binance:SOLUSDT:1m"
PAGES: Final = 200
SLOW: Final = 24
TIMES: Final = 40
"""So often a slow reader asks at once: the system itself takes three megabytes off the server."""
A_SECOND: Final = 500
SECONDS: Final = scaled(short=3, full=90)
READERS: Final = 8
IDLE: Final = 16
"""Threads that may wait for the next crowd, each with a connection to the store: three files."""
DAYS: Final = scaled(short=15, full=65)
"""Of minutes are backfilled meanwhile."""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange whose time goes on, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS) as running:
        yield running


class Service:
    """`chandlery serve` as a process of its own, which follows the exchange for its pages."""

    def __init__(self, shell: Shell) -> None:
        words = ("serve", "--no-collect", "--json", "--port", "0")
        self.process = shell.start("-m", "chandlery", *words)
        assert self.process.stdout is not None
        self.port = urlsplit(orjson.loads(self.process.stdout.readline())["url"]).port

    def footprint(self) -> Footprint:
        """What it takes now."""
        return Footprint.of(self.process.pid)

    def asked(self, path: str, *, times: int = 1) -> socket.socket:
        """A connection on which `path` was asked for so often, and nothing was read."""
        # A reader that is slow has little room, or the kernel would read for it.
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * times)
        return connection


@pytest.fixture
def shell(box: Sandbox, tmp_path: Path) -> Shell:
    """An empty folder whose settings lead to the sandbox."""
    settings = {name.removeprefix("CHANDLERY_"): url for name, url in box.addresses.items()}
    return Shell(tmp_path, {**settings, "SERIES": SHOWN, "CSV": ""})


@pytest.fixture
def service(shell: Shell) -> Iterator[Service]:
    """A server with a thousand candles, warm."""
    assert shell.chandlery("collect", SHOWN, "--last", "1000").returncode == 0
    running = Service(shell)
    try:
        assert ask(running, lambda: time.sleep(0.01), until=time.monotonic() + 1) == {200}
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=30)


def ask(service: Service, pause: Callable[[], None], *, until: float) -> set[int]:
    """Ask for the newest candles over a connection kept alive; what was answered, in codes.

    An answer that is not 500 candles counts as code 0.
    """
    seen: Counter[int] = Counter()
    connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
    while time.monotonic() < until:
        connection.request("GET", f"/api/v1/candles?series={SHOWN}&limit=500")
        answer = connection.getresponse()
        body = answer.read()
        whole = answer.status != 200 or len(orjson.loads(body)["rows"]) == 500
        seen[answer.status if whole else 0] += 1
        pause()
    connection.close()
    return set(seen)


def read_slowly(connections: list[socket.socket], done: threading.Event) -> None:
    """Read a little of each, again and again."""
    for connection in connections:
        connection.settimeout(0)
    while not done.wait(0.2):
        for connection in connections:
            with suppress(BlockingIOError):
                connection.recv(512)


def until_calm(service: Service) -> Footprint:
    """What the server takes once it has let go of who has left."""
    ends = time.monotonic() + 30
    while (now := service.footprint()).sockets > PAGES // 4 and time.monotonic() < ends:
        time.sleep(0.25)
    return now


def crowd(service: Service) -> set[int]:
    """Live pages, slow readers and quick ones, all at once for a while; the codes of the quick."""
    done = threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(READERS + 1) as threads:
        pages = [service.asked(f"/api/v1/events?series={SHOWN}") for _ in range(PAGES)]
        large = f"/api/v1/candles?series={SHOWN}&limit=1000"
        slow = [service.asked(large, times=TIMES) for _ in range(SLOW)]
        for connection in (*pages, *slow):
            stack.enter_context(connection)
        for page in pages:
            assert page.recv(1000).startswith(b"HTTP/1.1 200")
        threads.submit(read_slowly, slow, done)
        until, pace = time.monotonic() + SECONDS, READERS / A_SECOND
        asking = [
            threads.submit(ask, service, lambda: time.sleep(pace), until=until)
            for _ in range(READERS)
        ]
        codes = set().union(*(one.result() for one in asking))
        done.set()
    return codes


def test_everybody_at_once(service: Service, shell: Shell, box: Sandbox) -> None:
    """Every request is answered, the backfill is whole, and a second crowd takes no more room."""
    since = f"{ms_to_datetime(box.clock.now_ms() - DAYS * DAY_MS):%Y-%m-%d}"
    backfill = shell.start("-m", "chandlery", "backfill", FILLED, "--since", since)
    assert crowd(service) == {200}
    out, err = backfill.communicate(timeout=600)
    assert backfill.returncode == 0, err
    assert "Traceback" not in out + err
    assert shell.chandlery("verify", FILLED).returncode == 0
    first = until_calm(service)
    assert crowd(service) == {200}
    second = until_calm(service)
    assert service.process.poll() is None
    assert second.sockets <= PAGES // 4, (first, second)
    assert second.threads <= first.threads + IDLE, (first, second)
    assert second.files <= first.files + 3 * IDLE, (first, second)
    assert second.memory_mb <= first.memory_mb + 20, (first, second)
