"""The exchange's own clock: the machine's time, frozen, or faster than real."""

from __future__ import annotations

import threading
import time


class SandboxClock:
    """Drives the time of the simulated exchange, and nothing else.

    With neither argument it is the machine's clock. `now_ms` alone freezes it there; with a
    `speed` it runs on from there that many times as fast as real time (0 is frozen, 1 is real).
    """

    def __init__(self, now_ms: int | None = None, speed: float | None = None) -> None:
        self._lock = threading.Lock()
        frozen_by_default = 0.0 if now_ms is not None else 1.0
        self._speed = frozen_by_default if speed is None else speed
        self._set_at = time.monotonic()
        self._set_ms = time.time_ns() / 1e6 if now_ms is None else float(now_ms)

    @property
    def speed(self) -> float:
        """How many seconds pass at the exchange in one real second."""
        return self._speed

    def now_ms(self) -> int:
        """The exchange's time in epoch milliseconds, UTC."""
        with self._lock:
            return int(self._now())

    def advance(self, seconds: float) -> None:
        """Move the exchange's time on by so many of its seconds."""
        with self._lock:
            self._set(self._now() + seconds * 1000, self._speed)

    def freeze(self, now_ms: int | None = None) -> None:
        """Stop at `now_ms`, or at once."""
        self.run(0.0, now_ms)

    def run(self, speed: float = 1.0, now_ms: int | None = None) -> None:
        """Go on from `now_ms`, or from where the clock stands, at another speed."""
        with self._lock:
            self._set(self._now() if now_ms is None else float(now_ms), speed)

    def _now(self) -> float:
        return self._set_ms + (time.monotonic() - self._set_at) * 1000 * self._speed

    def _set(self, now_ms: float, speed: float) -> None:
        self._set_ms, self._set_at, self._speed = now_ms, time.monotonic(), speed
