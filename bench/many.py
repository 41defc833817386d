"""A sandbox exchange with thousands of symbols, in real time, and what it has been asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import urllib3

from bench.processes import CHANDLERY, Failed, announced, running

WEIGHT_LIMIT: Final = 6_000
"""What Binance grants."""
_WEIGHTS: Final = {"/api/v3/klines": 2, "/api/v3/exchangeInfo": 20, "/api/v3/time": 1}


@dataclass(frozen=True, slots=True)
class ManySymbols:
    """The running exchange; its symbols are C0001USDT and so on."""

    settings: dict[str, str]
    """The environment of a program that shall ask it."""
    pool: urllib3.PoolManager

    def weight_used(self) -> int:
        """In the running minute."""
        return int(self._asked("GET", "stats")["weight_used"])

    def weight_asked(self) -> int:
        """Since it was started."""
        requests = self._asked("GET", "stats")["requests"]
        return sum(_WEIGHTS.get(path, 0) * count for path, count in requests.items())

    def set_clock(self, now_ms: int) -> None:
        """Let its clock go on from there."""
        self._asked("POST", "clock", {"now_ms": now_ms, "speed": 1})

    def delay(self, seconds: float) -> None:
        """Answer every request for candles so much later from now on."""
        fault = {"kind": "latency", "times": -1, "path": "klines", "seconds": seconds}
        self._asked("POST", "faults", fault)

    def _asked(self, verb: str, what: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        url = f"{self.settings['CHANDLERY_BINANCE_URL']}/sandbox/{what}"
        answer = self.pool.request(verb, url, json=body)
        if answer.status != 200:  # noqa: PLR2004  OK
            raise Failed(f"the sandbox refuses {verb} {what} {body}: {answer.data!r}")
        return json.loads(answer.data)


@contextmanager
def many_symbols(count: int, folder: Path) -> Iterator[ManySymbols]:
    """A sandbox exchange until the block ends."""
    command = (*CHANDLERY, "sandbox", "--json", "--more-symbols", str(count))
    with running(command, folder) as process, urllib3.PoolManager() as pool:
        settings = {name: str(url) for name, url in announced(process, folder).items()}
        yield ManySymbols(settings, pool)
