"""Rows and answers as Binance writes them, of our own making."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from chandlery.clock import FrozenClock
from chandlery.errors import ChandleryError
from chandlery.transport.request import Answer
from tests.transport.scripted import Asked, Play

HOUR = 3_600_000
NOW_MS = 1_700_000_000_000
"""2023-11-14 22:13:20 UTC."""
THIS_HOUR = NOW_MS // HOUR * HOUR


def row(open_ms: int, *, length_ms: int = HOUR) -> list[int | str]:
    """One hourly row."""
    close_ms = open_ms + length_ms - 1
    prices = ["1.00000000", "2.00000000", "0.50000000", "1.50000000"]
    return [open_ms, *prices, "10.00000000", close_ms, "15.00000000", 5, "5.0", "7.0", "0"]


def hours(first_ms: int, count: int) -> list[list[int | str]]:
    """Hourly rows from `first_ms` on."""
    return [row(first_ms + number * HOUR) for number in range(count)]


def answered(body: object, *, status: int = 200) -> Answer:
    """An answer with this JSON body, or with these bytes."""
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, {}, text, "http://h/x", NOW_MS, NOW_MS, 0, 0)


@dataclass
class FakeBinance:
    """A script for the scripted server: `/time` by a clock, and set answers to the rest."""

    clock: FrozenClock
    skew_ms: int = 0
    answers: list[Play] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Play:
        """Answer one request; the last set answer stays."""
        if asked.target == "/api/v3/time":
            return play({"serverTime": self.clock.now_ms() + self.skew_ms})
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def complaint(read: Callable[[], object]) -> str | None:
    """What our own error says when `read` raises one, else None; any other error passes."""
    try:
        read()
    except ChandleryError as error:
        return str(error)
    return None


def play(body: object, *, status: int = 200, **headers: str) -> Play:
    """An answer of the scripted server with this JSON body."""
    return Play(orjson.dumps(body), status, {n.replace("_", "-"): v for n, v in headers.items()})
