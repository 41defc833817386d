"""The exchange's clock, seen from here: what it said once, and the time that has passed since.

A local clock that is off by a second takes forming candles for closed ones, so what is closed is
decided by the exchange's time. What has passed is counted by the monotonic clock: the wall clock
may be set at any moment, also between a measurement and its use. The monotonic clock can stand
still while the machine sleeps, so the exchange's time is never taken for later than it is; it is
asked again after a while, or when the wall clock has jumped (set by hand, or after a sleep).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chandlery.clock import Clock

MAX_AGE: Final = 900.0
"""Seconds after which the exchange is asked again."""
MAX_JUMP_MS: Final = 500
"""A difference between wall clock and monotonic clock that drift does not explain."""
SLOW_MS: Final = 500
"""A round trip that is slower, perhaps for a new connection's handshake, is tried once more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the exchange's clock: its time, and ours when we asked and were answered.

    `sent` and `received` are seconds of the monotonic clock, `sent_ms` is the wall clock's time.
    """

    server_ms: int
    sent: float
    received: float
    sent_ms: int

    @property
    def trip_ms(self) -> int:
        """How long asking took."""
        return round((self.received - self.sent) * 1000)

    @property
    def offset_ms(self) -> int:
        """What to add to our wall clock's time to get the exchange's, while nobody sets it."""
        return self.at(self.sent) - self.sent_ms

    def at(self, moment: float) -> int:
        """The exchange's time at a moment of the monotonic clock; off by half a trip at most."""
        return self.server_ms + round((moment - (self.sent + self.received) / 2) * 1000)


class ServerClock:
    """The exchange's time. Thread-safe. `read` asks the exchange and may raise."""

    def __init__(self, clock: Clock, read: Callable[[], Reading]) -> None:
        self._clock = clock
        self._read = read
        self._lock = threading.Lock()
        self._last: Reading | None = None

    def now_ms(self) -> int:
        """The exchange's time, now; asks the exchange if need be."""
        return self.reading().at(self._clock.monotonic())

    def reading(self) -> Reading:
        """A look at the exchange's clock that can be relied on, taken now if need be."""
        last = self._last
        if last is not None and self._fresh(last):
            return last
        with self._lock:
            last = self._last
            if last is None or not self._fresh(last):
                last = self._last = self._measured()
            return last

    def distrust(self) -> None:
        """Ask before the next use: something contradicts what the exchange's clock said."""
        self._last = None

    def _fresh(self, last: Reading) -> bool:
        age = self._clock.monotonic() - last.sent
        jump_ms = self._clock.now_ms() - last.sent_ms - age * 1000
        return age <= MAX_AGE and abs(jump_ms) <= MAX_JUMP_MS

    def _measured(self) -> Reading:
        reading = self._read()
        if reading.trip_ms > SLOW_MS:
            reading = min(reading, self._read(), key=lambda one: one.trip_ms)
        return reading
