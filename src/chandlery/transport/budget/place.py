"""Where the account of a shared budget is kept, as the budget sees it."""

from __future__ import annotations

from typing import Protocol

from chandlery.transport.budget.protocol import Permit
from chandlery.transport.budget.rule import Known, Moment, Standing


class Place(Protocol):
    """Every verb of the rule, done at once for all processes.

    All raise `Unreachable` when the place cannot be used, after a second or two at the most.
    Thread-safe; works in the child of a fork.
    """

    shown: str
    """Which place, for people: without user and password."""

    def take(self, moment: Moment, known: Known, weight: int, share: float) -> Standing:
        """Count `weight` if it fits."""

    def look(self, moment: Moment, known: Known) -> Standing:
        """How things stand."""

    def settle(self, moment: Moment, permit: Permit, used: int | None) -> None:
        """Take a request out of flight."""

    def freeze(self, moment: Moment, length_ms: int) -> None:
        """Let nobody send for so long."""
