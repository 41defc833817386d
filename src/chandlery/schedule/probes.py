"""Services that do not answer: asked by one job at a time and ever less often, until they do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chandlery.clock import Clock
from chandlery.collect.jobs import Job
from chandlery.errors import Blocked, ChandleryError, Temporary

_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 30.0


def service_of(name: str) -> str:
    """Who is asked by the job of that name: `binance`, `coingecko`."""
    return name.partition(":")[0]


def is_outage(failure: ChandleryError | None) -> bool:
    """Whether the failure is about the whole service, and not about what was asked of it."""
    return isinstance(failure, Temporary | Blocked)


class Probes:
    """Which services are away, and when to try them again.

    Thousands of series must not each wait for the same timeouts, nor each write down its failure.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._away: dict[str, tuple[float, float]] = {}

    def learn(self, name: str, failure: ChandleryError | None) -> None:
        """Take note of how a job ended."""
        service = service_of(name)
        if not is_outage(failure):
            self._away.pop(service, None)
            return
        pause, _ = self._away.get(service, (_FIRST_SECONDS / 2, 0.0))
        pause = min(2 * pause, _LONGEST_SECONDS)
        self._away[service] = (pause, self._clock.monotonic() + pause)

    def allow(self, job: Job, busy: Iterable[str]) -> bool:
        """Whether the job may be tried now, while the `busy` ones are under way."""
        away = self._away.get(service_of(job.name))
        if away is None:
            return True
        under_way = any(service_of(name) == service_of(job.name) for name in busy)
        return not under_way and self._clock.monotonic() >= away[1]
