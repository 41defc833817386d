"""When to try again: a policy, and the count of one request's trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from chandlery.clock import Clock
from chandlery.errors import Temporary


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, how soon and how long to try again after a temporary failure."""

    attempts: int = 4
    first_delay: float = 0.5
    longest_delay: float = 8.0
    deadline: float = 60.0
    """Seconds for all attempts together; time spent waiting for the budget does not count."""
    chance: Callable[[], float] = field(default=SystemRandom().random, repr=False)
    """A number in [0, 1), so that many clients do not come back at the same moment."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures: doubling, between half and the whole of it."""
        whole = min(self.longest_delay, self.first_delay * 2.0 ** min(failures - 1, 32))
        return whole * (0.5 + self.chance() / 2)


class Trials:
    """The trials of one request under a policy."""

    def __init__(self, policy: RetryPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._started = clock.monotonic()
        self._failures = 0
        self.excused = 0.0
        """Seconds spent waiting for the budget."""

    def excuse(self, seconds: float) -> None:
        """Leave out time that was spent waiting for the budget."""
        self.excused += seconds

    def late(self, *, by: float = 0.0) -> bool:
        """Whether the deadline has passed, or will have `by` seconds from now."""
        busy = self._clock.monotonic() - self._started - self.excused
        return busy + by > self._policy.deadline

    def count(self, error: Temporary) -> None:
        """Count a failure; raises `error` when it was the last one allowed."""
        self._failures += 1
        if self._failures >= self._policy.attempts or self.late():
            raise error

    def pause(self, error: Temporary) -> None:
        """Count a failure and wait before the next trial; raises `error` when there is none."""
        self.count(error)
        delay = self._policy.delay(self._failures)
        if self.late(by=delay):
            raise error
        self._clock.sleep(delay)
