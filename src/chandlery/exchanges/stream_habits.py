"""How a stream client behaves: its patience, and how often it may try to connect."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Final

from chandlery.clock import Clock


@dataclass(frozen=True, slots=True)
class StreamHabits:
    """Seconds, unless said otherwise."""

    most_streams: int = 1024
    """Of one connection."""
    silent: float = 30.0
    """Without a message for so long, a connection is given up; it doubles while that goes on."""
    life: float = 23 * 3600.0
    """After so long a connection is replaced, before Binance ends it after 24 hours."""
    open_timeout: float = 10.0
    first_wait: float = 0.5
    """Before the second try; it doubles."""
    longest_wait: float = 15.0
    proven: float = 10.0
    """A connection that has lasted so long is followed by a try at once."""
    attempts: int = 100
    """In five minutes. Binance allows 300 for an address, which other programs may share."""
    command_every: float = 0.3
    """Binance takes five messages a second, pongs among them."""


HABITS: Final = StreamHabits()
_WINDOW_SECONDS: Final = 300.0


class Attempts:
    """The attempts to connect of the last five minutes. For one thread."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._made: deque[float] = deque(maxlen=most)

    def take(self) -> bool:
        """Whether one more may be made now; then it counts as made."""
        now = self._clock.monotonic()
        if len(self._made) == self._made.maxlen and now - self._made[0] < _WINDOW_SECONDS:
            return False
        self._made.append(now)
        return True


def wait_before(habits: StreamHabits, failures: int) -> float:
    """How long to wait after so many failures in a row: doubling, and never all at one moment."""
    if not failures:
        return 0.0
    full = min(habits.longest_wait, habits.first_wait * 2.0 ** min(failures - 1, 20))
    return full * random.uniform(0.5, 1.0)  # noqa: S311  no secret
