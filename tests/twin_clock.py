"""A clock that the sandbox exchange keeps step with, so that a month passes in seconds."""

from __future__ import annotations

from chandlery.clock import FrozenClock
from chandlery.sandbox import Sandbox


class TwinClock(FrozenClock):
    """Ours and the sandbox's clock in step: who waits here moves both on."""

    def __init__(self, box: Sandbox, now_ms: int) -> None:
        super().__init__(now_ms)
        self.box = box
        box.clock.freeze(now_ms)

    def advance(self, seconds: float) -> None:
        """Move both clocks."""
        super().advance(seconds)
        self.box.clock.advance(seconds)


class WrongClock(TwinClock):
    """The same, but what this machine takes for the time can be set; the exchange's stays true."""

    off_ms = 0
    """How far this machine's clock is ahead of the exchange's."""

    def now_ms(self) -> int:
        """Epoch milliseconds, as this machine's clock has been set."""
        return super().now_ms() + self.off_ms
