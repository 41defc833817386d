"""Now and sleep: the one place that reads the machine's time, and a frozen stand-in."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What code that depends on time is given, so that tests can hold it still."""

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


class Stopped(Exception):
    """Somebody waited on a `StoppableClock` when it was stopped."""


class StoppableClock(SystemClock):
    """The machine's own time, on which all waiting can be ended at once."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether `stop` has been called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End all waiting, now and from now on: `sleep` raises `Stopped`."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `Stopped` when the clock is or gets stopped."""
        if self._stopped.wait(max(0.0, seconds)):
            raise Stopped


class FrozenClock:
    """A clock that moves only when it is told to, or when somebody sleeps on it."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._slept = 0.0
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC, as set."""
        return self._now_ms

    def monotonic(self) -> float:
        """Seconds since this clock was made, by its own time."""
        return self._slept

    def sleep(self, seconds: float) -> None:
        """Move the clock on at once instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`."""
        with self._lock:
            self._now_ms += round(seconds * 1000)
            self._slept += seconds


def ms_to_datetime(ms: int) -> datetime:
    """Epoch milliseconds as an aware UTC datetime."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def ms_to_text(ms: int) -> str:
    """Epoch milliseconds as people read them: `2024-12-31 23:00:00 UTC`."""
    try:
        text = ms_to_datetime(ms).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{ms:,} ms since 1970"  # no year of ours
    return f"{text}.{ms % 1000:03d} UTC" if ms % 1000 else f"{text} UTC"
