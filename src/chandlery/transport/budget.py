"""How much may be sent: the budget that an exchange grants to one IP address.

`Budget` is the interface; `MinuteBudget` keeps it for the threads of one process. A budget that
many processes share has the same verbs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, Protocol

from chandlery.clock import Clock
from chandlery.errors import RateLimited

MINUTE_MS: Final = 60_000
EDGE_MS: Final = 100
"""Waited beyond the turn of the minute, for what is left of the clocks' disagreement."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request, counted in one minute."""

    weight: int
    minute: int


class Budget(Protocol):
    """What every sender asks before it sends. Thread-safe."""

    limit: int
    """Weight per minute that the exchange grants."""

    def acquire(self, weight: int, *, background: bool = False, patience: float = 90) -> Permit:
        """Wait until `weight` may be sent. Each permit must be settled.

        Raises `RateLimited` at once when the wait would be longer than `patience` seconds.
        Whatever the clock's `sleep` raises, to end the waiting, passes through.
        """

    def settle(self, permit: Permit, used: int | None) -> None:
        """The request of `permit` is over; `used` is the weight the exchange says is used."""

    def freeze(self, seconds: float) -> None:
        """Let nobody send for so long."""

    def align(self, offset_ms: int) -> None:
        """The exchange's clock is so far ahead of ours; its minutes count."""

    def used(self) -> int:
        """Weight used in the running minute, as far as is known."""


class MinuteBudget:
    """A budget for the threads of one process, by fixed clock minutes of the exchange's time.

    The count is of permits given in the running minute. An answer's used-weight header raises
    it when others spend from the same budget, and never lowers it: answers overtake each other,
    and permits in flight may not be in the header yet. Those in flight at the turn of a minute
    are counted in the new one too, as the exchange may.

    `share` of the limit is used at all; background callers leave a further `reserve` of it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limit: int = 6000,
        share: float = 0.98,
        reserve: float = 0.02,
    ) -> None:
        self.limit = limit
        self._share = share
        self._reserve = reserve
        self._clock = clock
        self._offset_ms = 0
        self._lock = threading.Lock()
        self._minute = 0
        self._used = 0
        self._in_flight = 0
        self._frozen_until = float("-inf")

    def acquire(self, weight: int, *, background: bool = False, patience: float = 90) -> Permit:
        """Wait until `weight` may be sent; see `Budget`."""
        ends = self._clock.monotonic() + patience
        while True:
            with self._lock:
                wait = self._wait(weight, background=background)
                if wait <= 0:
                    self._used += weight
                    self._in_flight += weight
                    return Permit(weight, self._minute)
            if self._clock.monotonic() + wait > ends:
                msg = "the request budget of this address is used up or frozen"
                raise RateLimited(msg, retry_after=wait)
            self._clock.sleep(wait)

    def settle(self, permit: Permit, used: int | None) -> None:
        """Take a request out of flight and believe the exchange if it counts more than we do."""
        with self._lock:
            self._turn()
            self._in_flight -= permit.weight
            # A header of the last minute says nothing about this one.
            if used is not None and permit.minute == self._minute:
                self._used = max(self._used, used + self._in_flight)

    def freeze(self, seconds: float) -> None:
        """Let nobody send for so long; a freeze is never shortened."""
        with self._lock:
            self._frozen_until = max(self._frozen_until, self._clock.monotonic() + seconds)

    def align(self, offset_ms: int) -> None:
        """Count by the minutes of a clock that is so far ahead of ours."""
        with self._lock:
            self._offset_ms = offset_ms

    def used(self) -> int:
        """Weight used in the running minute, as far as is known."""
        with self._lock:
            self._turn()
            return self._used

    def _wait(self, weight: int, *, background: bool) -> float:
        """Seconds until it is worth asking again; 0 when `weight` may be sent now."""
        frozen = self._frozen_until - self._clock.monotonic()
        if frozen > 0:
            return frozen
        self._turn()
        ceiling = self.limit * (self._share - (self._reserve if background else 0.0))
        # A request larger than the whole budget goes out alone, rather than never.
        if self._used + weight <= ceiling or self._used == 0:
            return 0.0
        return ((self._minute + 1) * MINUTE_MS - self._exchange_ms() + EDGE_MS) / 1000

    def _exchange_ms(self) -> int:
        return self._clock.now_ms() + self._offset_ms

    def _turn(self) -> None:
        minute = self._exchange_ms() // MINUTE_MS
        # One minute back is a corrected clock, not a new minute.
        if minute not in {self._minute, self._minute - 1}:
            self._minute = minute
            self._used = self._in_flight
