"""Whom we ask, and with what manners: the two tables that a sender is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from chandlery.transport.retry import RetryPolicy

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Service:
    """One service on the network and what people need to know when it does not answer."""

    name: str
    urls: Sequence[str] = field(repr=False)
    """Base URLs, best first. They may have a path; another is tried when one does not serve."""
    setting: str
    """The environment variable that sets the base URLs, for messages."""
    if_blocked: str = ""
    """One sentence: what to do when this machine's address is not served."""
    weight_header: str = ""
    """The answer's header that says how much of the budget is used, if there is one."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the network, and the largest answer to accept."""

    connect: float = 5.0
    read: float = 15.0
    """Between two pieces of an answer. Binance itself gives up after ten."""
    whole: float = 60.0
    """For a whole answer, against servers that trickle."""
    most_bytes: int = 64 * MEGABYTE
    """After decompression. The largest real answer, the list of all symbols, has about ten."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a caller wants to be served: how often to try, how long to wait, who goes first."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeouts: Timeouts = field(default_factory=Timeouts)
    background: bool = False
    """Background work leaves a reserve of the budget to interactive callers."""
    patience: float = 90.0
    """Seconds this caller waits for a budget that is used up or frozen, before `RateLimited`."""
    pool_size: int = 32
    """Connections kept open per host."""


MANNERS: Final = Manners()
