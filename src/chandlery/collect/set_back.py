"""This machine's clock is set back: what was done before must not wait until it is late again."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from chandlery.clock import Clock
from chandlery.collect.jobs import Job

_SLACK_MS: Final = 2_000
"""Less does no harm, and is what clocks are corrected by all the time."""


class SetBack:
    """Notices it when the wall clock falls behind the monotonic one. Thread-safe.

    Due times are reckoned from when a run began, by this machine's clock at that time. A clock set
    back by less than has passed since then would put the next run off by as much; by more, and the
    run lies in the future, which `due_ms` takes care of. One run sets it right.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = clock.now_ms(), clock.monotonic()
        self._doubtful: dict[str, int | None] = {}
        """Jobs that were done before the clock was set, and when their last run began."""

    def amended(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs in the order in which to do them; those at once whose due time is in doubt."""
        planned = list(jobs)
        with self._lock:
            if self._was_set_back():
                self._doubtful = {job.name: job.state.started_ms for job in planned}
            if not self._doubtful:
                return planned
            amended = sorted(map(self._amended, planned), key=lambda job: job.order)
            names = {job.name for job in amended}
            self._doubtful = {name: at for name, at in self._doubtful.items() if name in names}
            return amended

    def _was_set_back(self) -> bool:
        (before_ms, before), now = self._seen, (self._clock.now_ms(), self._clock.monotonic())
        self._seen = now
        # A machine that has slept finds its wall clock ahead, never behind.
        return now[0] - before_ms < (now[1] - before) * 1000 - _SLACK_MS

    def _amended(self, job: Job) -> Job:
        started_ms = job.state.started_ms
        if job.name not in self._doubtful:
            return job
        if started_ms is None or self._doubtful[job.name] != started_ms:
            del self._doubtful[job.name]  # it was done since
            return job
        if job.ended:
            return job
        # Later than its last run began, so that it counts as one that has not been served.
        return replace(job, due_ms=min(job.due_ms, started_ms + 1))
