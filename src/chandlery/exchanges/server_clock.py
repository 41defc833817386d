"""The exchange's clock, seen from here: this machine's time plus a measured offset.

A local clock that is off by a second takes forming candles for closed ones, so what is closed is
decided by the exchange's time. The offset is measured by a round trip, and again after a while or
when the machine's clock has jumped (set by hand, or the machine has slept).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chandlery.clock import Clock

MAX_AGE: Final = 900.0
"""Seconds after which the offset is measured again."""
MAX_JUMP_MS: Final = 500
"""A difference between wall clock and monotonic clock that drift does not explain."""
SLOW_MS: Final = 500
"""A round trip that is slower, perhaps for a new connection's handshake, is tried once more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the exchange's clock: its time, and ours when we asked and were answered."""

    server_ms: int
    sent_ms: int
    received_ms: int

    @property
    def trip_ms(self) -> int:
        """How long asking took."""
        return self.received_ms - self.sent_ms

    @property
    def offset_ms(self) -> int:
        """What to add to our time to get the exchange's; off by half a trip at most."""
        return self.server_ms - (self.sent_ms + self.received_ms) // 2


@dataclass(frozen=True, slots=True)
class _Measured:
    offset_ms: int
    monotonic: float
    now_ms: int


class ServerClock:
    """The exchange's time. Thread-safe. `read` asks the exchange and may raise."""

    def __init__(self, clock: Clock, read: Callable[[], Reading]) -> None:
        self._clock = clock
        self._read = read
        self._lock = threading.Lock()
        self._measured: _Measured | None = None

    def estimate_ms(self) -> int:
        """The exchange's time as far as is known, without asking."""
        return self.at(self._clock.now_ms())

    def at(self, local_ms: int) -> int:
        """The exchange's time when this machine's clock said `local_ms`."""
        measured = self._measured
        return local_ms + (measured.offset_ms if measured else 0)

    def now_ms(self) -> int:
        """The exchange's time, now; asks the exchange if need be."""
        self.refresh()
        return self.estimate_ms()

    def refresh(self) -> None:
        """Measure if the last measurement cannot be relied on."""
        if self._fresh():
            return
        with self._lock:
            if not self._fresh():
                self._measure()

    def distrust(self) -> None:
        """Measure before the next use: something contradicts the offset."""
        self._measured = None

    def _fresh(self) -> bool:
        measured = self._measured
        if measured is None:
            return False
        age = self._clock.monotonic() - measured.monotonic
        jump_ms = self._clock.now_ms() - measured.now_ms - age * 1000
        return age <= MAX_AGE and abs(jump_ms) <= MAX_JUMP_MS

    def _measure(self) -> None:
        reading = self._read()
        if reading.trip_ms > SLOW_MS:
            reading = min(reading, self._read(), key=lambda one: one.trip_ms)
        self._measured = _Measured(reading.offset_ms, self._clock.monotonic(), self._clock.now_ms())
