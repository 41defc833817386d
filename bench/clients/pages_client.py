"""Many pages that are left open: each reads one event stream, all in one thread.

`python -m bench.clients.pages_client --port N --pages N SERIES`. Prints a line of JSON when all are
open, and another with what came when its standard input ends.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import sys
import time
from statistics import quantiles
from typing import Final

_EVENT: Final = b"event: candle"
_SENT: Final = b'"sent_ms":'
_PATIENCE: Final = 30.0


class Page:
    """One open stream."""

    def __init__(self, port: int, series: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        path = f"/api/v1/events?series={series}"
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self.events = 0
        self.late_ms: list[float] = []
        self._rest = b""

    def greeted(self) -> None:
        """Wait until the stream has begun."""
        found = b""
        while b"event: hello" not in found:
            found += self._some()
        if not found.startswith(b"HTTP/1.1 200"):
            msg = f"the stream was answered {found[:200]!r}"
            raise RuntimeError(msg)

    def read(self) -> None:
        """Count what came, and how long after it was said."""
        now_ms = time.time_ns() / 1e6
        data = self._rest + self._some()
        *whole, self._rest = data.split(b"\n\n")
        for event in whole:
            if _EVENT in event:
                self.events += 1
                sent = event.partition(_SENT)[2].partition(b"}")[0]
                self.late_ms.append(now_ms - int(sent))

    def _some(self) -> bytes:
        found = self.sock.recv(1 << 16)
        if not found:
            msg = "a stream has ended"
            raise RuntimeError(msg)
        return found


def main() -> None:
    """Open the pages, and read until there is nobody any more who listens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--pages", type=int)
    parser.add_argument("series")
    asked = parser.parse_args()
    pages = [Page(asked.port, asked.series) for _ in range(asked.pages)]
    selector = selectors.DefaultSelector()
    for page in pages:
        page.greeted()
        selector.register(page.sock, selectors.EVENT_READ, page)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print(json.dumps({"open": len(pages)}), flush=True)
    began = time.perf_counter()
    while _turn(selector):
        pass
    late = [ms for page in pages for ms in page.late_ms]
    cuts = quantiles(late, n=100) if len(late) > 1 else [0.0] * 99
    found = {
        "seconds": time.perf_counter() - began,
        "events": sum(page.events for page in pages),
        "fewest": min(page.events for page in pages),
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
    }
    print(json.dumps(found), flush=True)


def _turn(selector: selectors.BaseSelector) -> bool:
    for key, _ in selector.select():
        if key.data is not None:
            key.data.read()
        elif not os.read(sys.stdin.fileno(), 1024):
            return False
    return True


if __name__ == "__main__":
    main()
