"""Figure: how soon after a candle's close it can be read through the REST interface."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from tests.services import redis_server

from bench.many import many_symbols
from bench.processes import CHANDLERY, Failed, announced, answers, running
from bench.tables import Table

Way = Callable[[Path, dict[str, str]], AbstractContextManager[str]]

SERIES: Final = tuple(f"binance:C{number:04d}USDT:1m" for number in range(1, 9))
_MINUTE_MS: Final = 60_000
_LOOK_EVERY: Final = 0.02
_PATIENCE: Final = 30.0
_FIRST: Final = 60.0


def closes(*, quick: bool) -> Table:
    """Ask for the newest candles again and again, at the turn of each minute."""
    minutes = 1 if quick else 4
    waits = {name: _waits(way, minutes) for name, way in WAYS.items()}
    return Table(
        f"From the close of a candle until `/api/v1/candles` gives it, {len(SERIES)} series of 1m",
        ("kept current by", "closes", "median", "99 of 100 within", "slowest"),
        [_row(name, waited) for name, waited in waits.items()],
        [
            "It is asked for two seconds after the close, as by default; it settles after one.",
            f"Each series is asked for about every {_LOOK_EVERY * len(SERIES):g} s.",
        ],
    )


@contextmanager
def _embedded(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """`chandlery serve`, which collects in its own threads; its address."""
    command = (*CHANDLERY, "serve", "--json", "--port", "0", "--home", str(folder))
    with running(command, folder, **settings) as server:
        yield str(announced(server, folder)["url"])


@contextmanager
def _celery(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """Beat and a worker over Redis, and the page that collects nothing; its address."""
    celery = (str(Path(sys.executable).with_name("celery")), "-A", "tasks")
    place = folder / "redis"
    place.mkdir()
    with redis_server(place) as redis:
        everybody = settings | {
            "CHANDLERY_BROKER_URL": redis.url,
            "CHANDLERY_HOME": str(folder / "home"),
        }
        server = (*CHANDLERY, "serve", "--no-collect", "--json", "--port", "0")
        with (
            running((*celery, "worker", "-l", "info", "-c", "2"), folder, **everybody),
            running((*celery, "beat"), folder, **everybody),
            running(server, folder, **everybody) as page,
        ):
            yield str(announced(page, folder)["url"])


WAYS: Final[dict[str, Way]] = {
    "`chandlery serve`, embedded": _embedded,
    "Celery's beat and a worker, Redis": _celery,
}
"""Programs that keep the series and serve them, until the block ends."""


def _waits(way: Way, minutes: int) -> list[float]:
    """Seconds from each close until the candle was read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with many_symbols(len(SERIES), folder) as exchange:
            own = {"CHANDLERY_SERIES": ",".join(SERIES), "CHANDLERY_CSV": ""}
            with way(folder, exchange.settings | own) as url:
                _first_collected(url)
                return [
                    waited for _ in range(minutes) for waited in _next_close(url, _next_minute_ms())
                ]


def _first_collected(url: str) -> None:
    began = time.monotonic()
    while not all(_last_closed_ms(url, series) for series in SERIES):
        if time.monotonic() - began > _FIRST:
            raise Failed(f"not all of {len(SERIES)} series were collected in {_FIRST:.0f} s")
        time.sleep(0.2)


def _next_close(url: str, close_ms: int) -> list[float]:
    """Seconds from that close until each series' candle was read."""
    print(f"  {time.strftime('%H:%M', time.gmtime(close_ms / 1000))}", file=sys.stderr)
    time.sleep(max(0.0, close_ms / 1000 - time.time()))
    missing = list(SERIES)
    waited: list[float] = []
    while missing:
        for series in tuple(missing):
            time.sleep(_LOOK_EVERY)
            if _last_closed_ms(url, series) >= close_ms - _MINUTE_MS:
                missing.remove(series)
                waited.append(time.time() - close_ms / 1000)
        if time.time() - close_ms / 1000 > _PATIENCE:
            raise Failed(f"{missing} cannot be read {_PATIENCE:.0f} s after the close")
    return waited


def _last_closed_ms(url: str, series: str) -> int:
    """The open time of the newest closed candle that the interface gives; 0 when there is none."""
    body = answers(f"{url}/api/v1/candles?series={series}&limit=4")
    if body is None:
        return 0
    found = json.loads(body)
    closed = found["rows"][: len(found["rows"]) - found["unfinished"]]
    return int(closed[-1][0]) if closed else 0


def _row(name: str, waited: Sequence[float]) -> list[str]:
    return [
        name,
        str(len(waited)),
        f"{median(waited):.2f} s",
        f"{quantiles(waited, n=100, method='inclusive')[98]:.2f} s",
        f"{max(waited):.2f} s",
    ]


def _next_minute_ms() -> int:
    return (time.time_ns() // 1_000_000 // _MINUTE_MS + 1) * _MINUTE_MS
