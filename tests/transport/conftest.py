"""A sender that waits on a frozen clock, and the pieces to build one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest

from chandlery.clock import Clock, FrozenClock
from chandlery.transport.budget import Budget, MinuteBudget
from chandlery.transport.retry import RetryPolicy
from chandlery.transport.sender import Sender
from chandlery.transport.service import MANNERS, Manners, Service, Timeouts

NOON_MS = 1_700_000_040_000
"""A whole minute."""

QUICK = replace(
    MANNERS,
    retry=RetryPolicy(chance=lambda: 1.0),
    timeouts=Timeouts(most_bytes=100_000),
)
HASTY = replace(QUICK, timeouts=replace(QUICK.timeouts, read=0.4, whole=0.5))
"""For what hangs. Not for the rest: a busy machine may be slow to answer itself."""


SenderFactory = Callable[..., Sender]


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only when somebody sleeps on it."""
    return FrozenClock(NOON_MS)


@pytest.fixture
def sender(clock: FrozenClock) -> Iterator[SenderFactory]:
    """Make a sender to these URLs; it is closed when the test ends."""
    with ExitStack() as stack:

        def make(
            urls: Sequence[str] | str,
            *,
            budget: Budget | None = None,
            manners: Manners = QUICK,
            time: Clock = clock,
        ) -> Sender:
            service = Service(
                name="Exchange",
                urls=urls,
                setting="EXCHANGE_URL",
                if_blocked="Use another host.",
                weight_header="x-used",
            )
            budget = budget or MinuteBudget(time)
            return stack.enter_context(Sender(service, clock=time, budget=budget, manners=manners))

        yield make
