"""What the embedded loop has to say: one line per change of state, not one per try."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chandlery.collect.jobs import Job
from chandlery.collect.runner import Done
from chandlery.schedule.probes import is_outage, service_of

Tell = Callable[[str], None]

STORE: Final = "the store"
_LISTED: Final = 5


class News:
    """Turns a stream of outcomes into lines. Thread-safe.

    Of what is in `failing` the failure has been told already.
    """

    def __init__(self, tell: Tell, failing: Iterable[str]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._failing = set(failing)
        self._known: set[str] | None = None
        self._ended: set[str] = set()
        self._collected: Counter[str] = Counter()
        self._new: Counter[str] = Counter()

    def planned(self, jobs: Iterable[Job]) -> None:
        """Tell which series have joined or ended since the last plan."""
        series = {job.name: job.ended for job in jobs if job.series is not None}
        ended = {name for name, ended in series.items() if ended}
        with self._lock:
            known, self._known = self._known, set(series)
            # One that ended is asked once more after each listing, which is no news.
            newly = ended - self._ended
            self._ended |= ended
        if known is None:
            return
        self._tell_of(sorted(series.keys() - known), "joined")
        self._tell_of(sorted(newly), "ended, since it is no longer traded; what is kept stays")

    def done(self, job: Job, done: Done) -> None:
        """Tell what became of a job, if that is new."""
        service = service_of(job.name)
        if done.skipped is not None:
            return
        if done.failure is not None:
            about = service if is_outage(done.failure) else job.name
            self.failed(about, str(done.failure))
        else:
            self.recovered(service, "answers again")
            self.recovered(job.name, "is current again")
        if done.report is None or not (done.report.kept.new or done.report.kept.revised):
            return
        kept = done.report.kept
        with self._lock:
            self._ended.discard(job.name)
        revised = f", {kept.revised} revised" if kept.revised else ""
        if job.named or revised:
            self._tell(f"{job.name}: {kept.new} new{revised}")
        else:
            with self._lock:
                self._collected[service] += 1
                self._new[service] += kept.new

    def summed_up(self) -> None:
        """Tell of the series of patterns together, since a line for each would be too many."""
        with self._lock:
            collected, self._collected = self._collected, Counter()
            new, self._new = self._new, Counter()
        for service, count in collected.items():
            self._tell(f"{service}: {count:,} series collected, {new[service]:,} new candles")

    def failed(self, name: str, why: str) -> None:
        """Tell of a failure, unless it has been told."""
        with self._lock:
            if name in self._failing:
                return
            self._failing.add(name)
        self._tell(f"{name}: {why} Trying on.")

    def recovered(self, name: str, how: str) -> None:
        """Tell that a failure is over, if there was one."""
        with self._lock:
            if name not in self._failing:
                return
            self._failing.discard(name)
        self._tell(f"{name}: {how}.")

    def _tell_of(self, names: Sequence[str], what: str) -> None:
        if len(names) > _LISTED:
            self._tell(f"{len(names):,} series, {names[0]} among them: {what}.")
            return
        for name in names:
            self._tell(f"{name}: {what}.")
