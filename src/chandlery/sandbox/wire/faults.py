"""Misbehaviour on request: which fault meets which request, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from chandlery.errors import InputError
from chandlery.sandbox.wire.lies import LieKind

FaultKind = Literal[
    "5xx",
    "html",
    "empty",
    "truncated",
    "garbled",
    "reset",
    "reset-mid-body",
    "hang",
    "hang-mid-body",
    "429",
    "418",
    "451",
    "403",
    "latency",
    "skew",
    "redirect",
    "text",
    "bomb",
    "trickle",
    LieKind,
]
"""5xx: 503 with the exchange's JSON. html: 502 with a gateway's HTML. empty: 200, no body.
truncated: the connection ends before the promised length. garbled: whole, but no JSON.
reset: a TCP reset before the answer. hang: no answer until `seconds` have passed (default for
ever), then the connection ends. latency: a good answer, `seconds` late. skew: serverTime is
`seconds` off; 429 and 418 say to retry after `seconds`. redirect: 302 to another host. text: a
sentence instead of JSON. bomb: a gigabyte of spaces that are packed into one megabyte. trickle:
one byte every `seconds` (default 1), the head's as well. The others are `lies`."""

KINDS: Final[tuple[str, ...]] = get_args(FaultKind)
"""Literals within a literal are flattened: the lies are among them."""
_FOR_EVER: Final = -1
_GENTLE: Final = {"latency", "skew"}


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One planned fault."""

    kind: FaultKind
    times: int = 1
    """How many requests it still meets; -1 is every one."""
    path: str = ""
    """Only requests whose path holds this text."""
    service: str = ""
    """`binance`, `coingecko`, `archive`, `stream`, or any."""
    seconds: float | None = None

    def meets(self, service: str, path: str) -> bool:
        """Whether a request is one that it is meant for."""
        return self.path in path and self.service in {"", service}


class Faults:
    """The planned faults, in the order asked for. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def next(
        self,
        kind: FaultKind,
        *,
        times: int = 1,
        path: str = "",
        service: str = "",
        seconds: float | None = None,
    ) -> None:
        """Let the next `times` requests meet a fault: `box.faults.next("5xx", path="klines")`.

        Raises `InputError` for a kind that does not exist.
        """
        if kind not in KINDS:
            raise InputError(f"'{kind}' is no fault. Known: {', '.join(KINDS)}.")
        with self._lock:
            self._planned.append(Fault(kind, times, path, service, seconds))

    def always(
        self, kind: FaultKind, *, path: str = "", service: str = "", seconds: float | None = None
    ) -> None:
        """Let every request meet a fault until `clear`."""
        self.next(kind, times=_FOR_EVER, path=path, service=service, seconds=seconds)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._planned.clear()

    def planned(self) -> list[Fault]:
        """What is still to come."""
        with self._lock:
            return list(self._planned)

    def take(self, service: str, path: str) -> list[Fault]:
        """The faults that one request meets now: every delay and skew, and the first other one."""
        with self._lock:
            chosen = _combined([fault for fault in self._planned if fault.meets(service, path)])
            left = (_used(fault) if fault in chosen else fault for fault in self._planned)
            self._planned = [fault for fault in left if fault.times]
        return chosen


def _combined(met: list[Fault]) -> list[Fault]:
    gentle = [fault for fault in met if fault.kind in _GENTLE]
    return gentle + [fault for fault in met if fault.kind not in _GENTLE][:1]


def _used(fault: Fault) -> Fault:
    return fault if fault.times == _FOR_EVER else replace(fault, times=fault.times - 1)
