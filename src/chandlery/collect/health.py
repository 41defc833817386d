"""Which kept series are late: the one rule by which every door calls the data fresh or not.

The rule: `/healthz` answers 200 when the store can be read and no kept series is late, else 503.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from chandlery.clock import ms_to_text
from chandlery.collect.due import due_ms
from chandlery.collect.jobs import Job, exchange_of_listing, rhythm_of
from chandlery.settings import Settings
from chandlery.store import JobState

_LONGEST: Final = 300
"""Letters of an error that are shown in a line."""


@dataclass(frozen=True, slots=True)
class Late:
    """A series that should have been collected and was not."""

    series: str
    """Or a pattern such as `binance:*USDT:1h`, while the exchange's symbols are not known."""
    since_ms: int | None
    """When the collection was due that did not come; None when there never was a good one."""
    succeeded_ms: int | None
    """When the last good run began."""
    failures: int
    """How many runs have failed since."""
    error: str | None
    """Why the last one failed; None when nobody tried."""
    error_kind: str | None
    running: bool
    """Whether somebody is collecting it now."""

    def __str__(self) -> str:
        """One line for people: since when it is late, and why."""
        since = (
            "was never collected"
            if self.since_ms is None
            else f"has been due since {ms_to_text(self.since_ms)}"
        )
        times = f" ({self.failures} failures)" if self.failures > 1 else ""
        why = "" if self.error is None else f"; {' '.join(self.error.split())[:_LONGEST]}{times}"
        now = "; it is being collected now" if self.running else ""
        return f"{self.series} {since}{why}{now}"


class Freshness:
    """Judges jobs by the settings at one moment.

    A series is late when its due time passed more than `late_after` seconds ago and no good run
    began since. That due time is the one which the last good run left, so failed runs and their
    retries do not move it. Where there never was a good run, the series is late at once; but one
    that a pattern brought in counts from the last good listing of the symbols. A good run that
    lies more than `late_after` seconds ahead of the clock is from a clock that was wrong, and
    counts as none. Ended series are never late.
    """

    def __init__(self, settings: Settings, jobs: Iterable[Job], *, now_ms: int) -> None:
        self._settings = settings
        self.now_ms = now_ms
        self._late_after_ms = round(settings.late_after * 1000)
        self._jobs = list(jobs)
        self._listings = {
            exchange: job.state for job in self._jobs if (exchange := exchange_of_listing(job.name))
        }

    def unserved_ms(self, job: Job) -> int | None:
        """The first due time of a series that no good run has served; None when none ever was."""
        if job.series is None:
            return None
        good_ms = self._good_ms(job.state)
        if good_ms is None:
            listing = self._listings.get(job.series.exchange)
            return None if job.named or listing is None else self._good_ms(listing)
        rhythm = rhythm_of(self._settings, job.series, named=job.named, refresh=False)
        left = replace(job.state, started_ms=good_ms, failures=0)
        return due_ms(left, rhythm, now_ms=max(self.now_ms, good_ms))

    def late(self) -> list[Late]:
        """Every late series: first those that never were collected, then the longest overdue."""
        found = [
            _late(job.name, job.state, since_ms, self.now_ms)
            for job in self._jobs
            if job.series is not None
            and not job.ended
            and self._is_late(since_ms := self.unserved_ms(job))
        ]
        found += self._unlisted()
        return sorted(found, key=lambda one: (one.since_ms or 0, one.series))

    def overdue(self, state: JobState, every_ms: int) -> bool:
        """Whether something that is done every so often was not done for too long."""
        good_ms = self._good_ms(state)
        return self._is_late(None if good_ms is None else good_ms + every_ms)

    def _unlisted(self) -> list[Late]:
        """Patterns that stand for nothing yet, since the exchange never told its symbols."""
        return [
            _late(str(one), listing, None, self.now_ms)
            for one in self._settings.series
            if one.is_pattern
            and (listing := self._listings.get(one.exchange))
            and listing.succeeded_ms is None
        ]

    def _good_ms(self, state: JobState) -> int | None:
        good_ms = state.succeeded_ms
        if good_ms is None or good_ms > self.now_ms + self._late_after_ms:
            return None
        return good_ms

    def _is_late(self, since_ms: int | None) -> bool:
        return since_ms is None or self.now_ms - since_ms > self._late_after_ms


def is_held(state: JobState, *, now_ms: int) -> bool:
    """Whether somebody is doing the job now."""
    return state.held_until_ms is not None and state.held_until_ms > now_ms


def _late(name: str, state: JobState, since_ms: int | None, now_ms: int) -> Late:
    return Late(
        name,
        since_ms,
        state.succeeded_ms,
        state.failures,
        state.error,
        state.error_kind,
        running=is_held(state, now_ms=now_ms),
    )
