"""Waiting for a permit: one loop for every budget."""

from __future__ import annotations

from collections.abc import Callable

from chandlery.clock import Clock
from chandlery.errors import RateLimited
from chandlery.transport.budget.protocol import Permit


def wait_for(ask: Callable[[], Permit | float], clock: Clock, patience: float) -> Permit:
    """The permit that `ask` gives in the end; until then it gives the seconds to wait.

    Raises `RateLimited` at once when the wait would be longer than `patience` seconds.
    """
    ends = clock.monotonic() + patience
    while not isinstance(answer := ask(), Permit):
        if clock.monotonic() + answer > ends:
            msg = "the request budget of this address is used up or frozen"
            raise RateLimited(msg, retry_after=answer)
        clock.sleep(answer)
    return answer
