"""How far a task is: what its work tells, turned into figures for people; and how it is stopped."""

from __future__ import annotations

import threading
from typing import Final

from chandlery.clock import Clock, ms_to_text
from chandlery.collect.collect import Progress
from chandlery.store import TaskProgress

BEGINNING: Final = "Finds out what is missing."


class Abandoned(Exception):
    """Raised out of the work of a task that shall stop."""


class Gauge:
    """The listener of a task's work. Thread-safe; tells nobody by itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._last: Progress | None = None
        self._stopped = threading.Event()

    def __call__(self, progress: Progress) -> None:
        """Take note. Raises `Abandoned` once the work shall stop."""
        self._last = progress
        if self._stopped.is_set():
            raise Abandoned

    def stop(self) -> None:
        """End the work when it tells next how far it is; what is whole by then is kept."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether it shall stop."""
        return self._stopped.is_set()

    def progress(self) -> TaskProgress:
        """How far it is now."""
        last = self._last
        if last is None:
            return TaskProgress()
        seconds = max(self._clock.monotonic() - self._began, 0.001)
        left = seconds * (1 - last.share) / last.share if last.share else None
        return TaskProgress(
            last.candles,
            round(last.candles / last.share) if last.share else None,
            last.fetched_bytes,
            last.reached_ms,
            round(last.candles / seconds),
            None if left is None else round(left * 1000),
        )

    def words(self) -> str:
        """The same for people."""
        last = self._last
        if last is None:
            return BEGINNING
        return f"{last.share:.0%} done, at {ms_to_text(last.reached_ms)}."
