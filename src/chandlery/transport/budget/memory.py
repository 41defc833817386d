"""A budget in memory, for the threads of one process."""

from __future__ import annotations

import threading

from chandlery.clock import Clock
from chandlery.transport.budget import rule
from chandlery.transport.budget.moments import Moments
from chandlery.transport.budget.protocol import Permit
from chandlery.transport.budget.rule import Account, Known, Moment, Standing
from chandlery.transport.budget.waiting import wait_for


class MinuteBudget:
    """A budget for the threads of one process, by fixed minutes of the exchange's clock.

    `share` of the limit is used at all; background callers leave a further `reserve` of it. How
    it counts stands in `rule`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limit: int = 6000,
        share: float = 0.98,
        reserve: float = 0.02,
    ) -> None:
        self._limit = limit
        self._share = share
        self._reserve = reserve
        self._clock = clock
        self._moments = Moments(clock)
        self._lock = threading.Lock()
        self._account = Account()

    @property
    def limit(self) -> int:
        """Weight per minute that the exchange grants."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._lock:
            self._limit = self._account.limit = limit

    def acquire(self, weight: int, *, background: bool = False, patience: float = 90) -> Permit:
        """Wait until `weight` may be sent; see `Budget`."""
        return wait_for(lambda: self.attempt(weight, background=background), self._clock, patience)

    def attempt(self, weight: int, *, background: bool) -> Permit | float:
        """A permit, or the seconds after which it is worth asking again."""
        share = self._share - (self._reserve if background else 0.0)
        moment = self._moments.now()
        with self._lock:
            standing = rule.take(self._account, moment, Known(self._limit), weight, share)
        return Permit(weight, moment.minute) if standing.granted else moment.wait(standing)

    def settle(self, permit: Permit, used: int | None) -> None:
        """Take a request out of flight and believe the exchange if it counts more than we do."""
        with self._lock:
            rule.settle(self._account, self._moments.now(), permit, used)

    def freeze(self, seconds: float) -> None:
        """Let nobody send for so long; a freeze is never shortened."""
        with self._lock:
            rule.freeze(self._account, self._moments.now(), round(seconds * 1000))

    def align(self, offset_ms: int) -> None:
        """Count by the minutes of a clock that is so far ahead of ours."""
        self._moments.offset_ms = offset_ms

    def used(self) -> int:
        """Weight used in the running minute, as far as is known."""
        return self.standing(self._moments.now()).used

    def frozen_seconds(self) -> float:
        """For how long nobody may send; 0 when free."""
        return self.standing(self._moments.now()).frozen_ms / 1000

    def standing(self, moment: Moment) -> Standing:
        """How this budget stands at that moment."""
        with self._lock:
            return rule.look(self._account, moment, Known(self._limit))

    def learn(self, moment: Moment, elsewhere: Standing) -> None:
        """Take up how the same budget stood elsewhere: its limit, what is used, how long frozen."""
        self.limit = elsewhere.limit
        known = Known(elsewhere.limit, elsewhere.used, elsewhere.frozen_ms)
        with self._lock:
            rule.look(self._account, moment, known)
