"""The page's server over a store that is kept, with a candle that moves as often as it is told.

`python -m bench.live_server [--every SECONDS] [--bare]`; the settings come from the environment.
Prints its address. With `--bare` the same application runs on cheroot as it comes: each open page
holds a thread.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from cheroot import wsgi
from flask import Flask

from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.live.events import LiveCandle, LiveState
from chandlery.collect.live.hub import LiveHub, Tell
from chandlery.settings import read_settings
from chandlery.web import Server, create_app

BARE_THREADS: Final = 256


class Mover:
    """Moves the forming candle of all that is watched every so many seconds."""

    def __init__(self, every_seconds: float, tell: Tell) -> None:
        self._every = every_seconds
        self._tell = tell
        self._series: Collection[Series] = ()
        self._closed = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def watch(self, series: Collection[Series]) -> None:
        """Move these from now on."""
        self._series = series

    def state(self, _: Series) -> LiveState:
        """As if a stream told them."""
        return LiveState("live", 0, None)

    def close(self) -> None:
        """Move nothing any more."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every):
            now_ms = time.time_ns() // 1_000_000
            for series in self._series:
                self._tell(_moved(series, now_ms))


def _moved(series: Series, now_ms: int) -> LiveCandle:
    open_ms = series.interval.floor(now_ms)
    prices = ("93488.83000000", "93576.45000000", "93374.98000000", f"{now_ms % 10**7 / 100:.8f}")
    sums = ("456.72831000", series.interval.close(open_ms), "42690193.80130460", 94026)
    row = (open_ms, *prices, *sums, "237.41962000", "22191413.71236710")
    return LiveCandle(series, row, closed=False, source="stream", event_ms=now_ms, heard_ms=now_ms)


@contextmanager
def _bare(app: Flask) -> Iterator[str]:
    server = wsgi.Server(("127.0.0.1", 0), app, numthreads=BARE_THREADS, request_queue_size=256)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"


@contextmanager
def _ours(app: Flask) -> Iterator[str]:
    with Server(app, port=0) as server:
        yield server.url


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--bare", action="store_true")
    asked = parser.parse_args()
    with Keeper(read_settings()) as keeper:
        hub = LiveHub(keeper, lambda tell: Mover(asked.every, tell))
        serve = _bare if asked.bare else _ours
        with serve(create_app(keeper, hub=hub)) as url:
            print(json.dumps({"url": url}), flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    main()
