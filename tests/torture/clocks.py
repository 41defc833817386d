"""Clocks of machines to which something happens, beside an exchange whose time is right."""

from __future__ import annotations

import random
from typing import Final

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.clock import StoppableClock
from chandlery.sandbox import Sandbox
from tests.twin_clock import TwinClock, WrongClock

WRONG_BY_MS: Final = (
    0,
    0,
    999,
    -1_800_000,
    -HOUR_MS,
    HOUR_MS,
    -5 * HOUR_MS,
    9 * HOUR_MS,
    -3 * DAY_MS,
    3 * DAY_MS,
    -20_000 * DAY_MS,
    20_000 * DAY_MS,
)
"""How far a clock is set ahead: from a second to half a century, either way."""


class RestlessClock(WrongClock):
    """Is set anew whenever somebody looks at it, at random, until it is calm."""

    def __init__(self, box: Sandbox, now_ms: int, seed: int) -> None:
        super().__init__(box, now_ms)
        self.dice = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
        self.settings = 0
        self.calm = False

    def now_ms(self) -> int:
        """Epoch milliseconds, as this machine's clock has been set just now."""
        if not self.calm and self.dice.random() < 0.1:
            self.off_ms = self.dice.choice(WRONG_BY_MS)
            self.settings += 1
        return super().now_ms()


class SleepingClock(TwinClock):
    """Of a machine that can be suspended: its monotonic clock stands still meanwhile."""

    def __init__(self, box: Sandbox, now_ms: int) -> None:
        super().__init__(box, now_ms)
        self._asleep = 0.0

    def suspend(self, seconds: float) -> None:
        """Let the world go on without this machine."""
        self._asleep += seconds
        self.advance(seconds)

    def monotonic(self) -> float:
        """Seconds that this machine was awake."""
        return super().monotonic() - self._asleep


class CreepingClock(TwinClock):
    """Goes on by a little whenever somebody looks at it, so that work takes time."""

    step_s = 0.0

    def now_ms(self) -> int:
        """Epoch milliseconds, a little later each time."""
        if self.step_s:
            self.advance(self.step_s)
        return super().now_ms()


class SetClock(StoppableClock):
    """The machine's own time, but what it takes for the time of day can be set."""

    off_ms = 0

    def now_ms(self) -> int:
        """Epoch milliseconds, as the clock has been set."""
        return super().now_ms() + self.off_ms
