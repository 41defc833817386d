"""What every sender asks before it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request, counted in one minute."""

    weight: int
    minute: int
    alone: bool = False
    """Given by a process that counted alone, because the shared count could not be reached."""


class Budget(Protocol):
    """What every sender asks before it sends. Thread-safe."""

    @property
    def limit(self) -> int:
        """Weight per minute that the exchange grants."""

    @limit.setter
    def limit(self, limit: int) -> None: ...

    def acquire(self, weight: int, *, background: bool = False, patience: float = 90) -> Permit:
        """Wait until `weight` may be sent. Each permit must be settled.

        Raises `RateLimited` at once when the wait would be longer than `patience` seconds.
        Whatever the clock's `sleep` raises, to end the waiting, passes through.
        """

    def settle(self, permit: Permit, used: int | None) -> None:
        """The request of `permit` is over; `used` is the weight the exchange says is used."""

    def freeze(self, seconds: float) -> None:
        """Let nobody send for so long; a freeze is never shortened."""

    def align(self, offset_ms: int) -> None:
        """The exchange's clock is so far ahead of ours; its minutes count."""

    def used(self) -> int:
        """Weight used in the running minute, as far as is known."""

    def frozen_seconds(self) -> float:
        """For how long nobody may send; 0 when free."""
