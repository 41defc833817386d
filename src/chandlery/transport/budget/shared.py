"""A budget that all processes of one IP address share, and what happens while they cannot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from chandlery.clock import Clock
from chandlery.errors import Unreachable
from chandlery.transport.budget.memory import MinuteBudget
from chandlery.transport.budget.moments import Moments
from chandlery.transport.budget.place import Place
from chandlery.transport.budget.protocol import Permit
from chandlery.transport.budget.rule import Known, Moment, Standing
from chandlery.transport.budget.waiting import wait_for

T = TypeVar("T")

ALONE: Final = 0.25
"""The part of the budget that a process uses by itself while it cannot count with the others.

Four such processes stay within the budget unseen; with more, each still believes the used-weight
header, which counts them all.
"""
LOOK_EVERY: Final = 5.0
"""Seconds between two looks at whether the shared place is back."""

log = logging.getLogger(__name__)


class SharedBudget:
    """The budget of one IP address, for all its processes; the account is kept at a `place`.

    Each process remembers what it has learnt of the account. While the place cannot be reached it
    counts alone, from there on and with a quarter of the budget; when the place is back, it brings
    along what it knows, so that a place that has lost its memory is no licence to begin anew.
    """

    def __init__(
        self,
        place: Place,
        clock: Clock,
        *,
        limit: int = 6000,
        share: float = 0.98,
        reserve: float = 0.02,
    ) -> None:
        self._place = place
        self._clock = clock
        self._share = share
        self._reserve = reserve
        self._own_limit = limit
        self._moments = Moments(clock)
        self._alone = MinuteBudget(clock, limit=limit, share=share * ALONE, reserve=reserve * ALONE)
        self._away = False
        self._next_look = 0.0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """Weight per minute: the lowest that any process has stated within the last minutes."""
        return self._standing().limit

    @limit.setter
    def limit(self, limit: int) -> None:
        # What is already known from others is not taken for a limit of our own, which would
        # outlive theirs.
        if limit != self._alone.limit:
            self._own_limit = self._alone.limit = limit
            self._standing()

    def acquire(self, weight: int, *, background: bool = False, patience: float = 90) -> Permit:
        """Wait until `weight` may be sent; see `Budget`."""
        return wait_for(lambda: self._attempt(weight, background=background), self._clock, patience)

    def settle(self, permit: Permit, used: int | None) -> None:
        """Take a request out of flight and believe the exchange if it counts more than we do."""

        def settled() -> bool:
            self._place.settle(self._moments.now(), permit, used)
            return True

        if permit.alone or not self._at_place(settled):
            self._alone.settle(permit, used)

    def freeze(self, seconds: float) -> None:
        """Let nobody send for so long; a freeze is never shortened."""
        self._alone.freeze(seconds)
        moment = self._moments.now()
        self._at_place(lambda: self._place.freeze(moment, round(seconds * 1000)))

    def align(self, offset_ms: int) -> None:
        """Count by the minutes of a clock that is so far ahead of ours."""
        self._moments.offset_ms = offset_ms
        self._alone.align(offset_ms)

    def used(self) -> int:
        """Weight used in the running minute, as far as is known."""
        return self._standing().used

    def frozen_seconds(self) -> float:
        """For how long nobody may send; 0 when free."""
        return self._standing().frozen_ms / 1000

    def _attempt(self, weight: int, *, background: bool) -> Permit | float:
        share = self._share - (self._reserve if background else 0.0)
        moment = self._moments.now()
        known = self._known(moment)
        standing = self._at_place(lambda: self._place.take(moment, known, weight, share))
        if standing is None:
            return self._attempt_alone(weight, background=background)
        self._alone.learn(moment, standing)
        return Permit(weight, moment.minute) if standing.granted else moment.wait(standing)

    def _attempt_alone(self, weight: int, *, background: bool) -> Permit | float:
        answer = self._alone.attempt(weight, background=background)
        return replace(answer, alone=True) if isinstance(answer, Permit) else answer

    def _standing(self) -> Standing:
        moment = self._moments.now()
        known = self._known(moment)
        standing = self._at_place(lambda: self._place.look(moment, known))
        if standing is None:
            return self._alone.standing(moment)
        self._alone.learn(moment, standing)
        return standing

    def _known(self, moment: Moment) -> Known:
        here = self._alone.standing(moment)
        return Known(self._own_limit, here.used, here.frozen_ms)

    def _at_place(self, ask: Callable[[], T]) -> T | None:
        """What the place answers, or None while it is away."""
        if not self._worth_asking():
            return None
        try:
            answer = ask()
        except Unreachable as error:
            self._went_away(error)
            return None
        self._came_back()
        return answer

    def _worth_asking(self) -> bool:
        if not self._away:
            return True
        with self._lock:
            now = self._clock.monotonic()
            if now < self._next_look:
                return False
            # One thread looks; the others go on meanwhile.
            self._next_look = now + LOOK_EVERY
            return True

    def _went_away(self, error: Unreachable) -> None:
        with self._lock:
            self._next_look = self._clock.monotonic() + LOOK_EVERY
            known, self._away = self._away, True
        if not known:
            log.warning(
                "The shared request budget at %s cannot be used (%s). "
                "Until it can, this process counts alone and uses a quarter of the budget.",
                self._place.shown,
                error,
            )

    def _came_back(self) -> None:
        if not self._away:
            return
        with self._lock:
            known, self._away = not self._away, False
        if not known:
            log.warning("The shared request budget at %s is back.", self._place.shown)
