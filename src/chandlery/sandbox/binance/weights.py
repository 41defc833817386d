"""What requests cost, minute by minute by the exchange's clock, and what haste leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chandlery.candles.interval import MINUTE_MS

_PATIENCE: Final = 10
"""Requests past a 429 that are forgiven within the minute."""
_FIRST_BAN_MS: Final = 2 * MINUTE_MS
_LONGEST_BAN_MS: Final = 3 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on: 0, 429 or 418, and when to come back."""

    status: int
    used: int
    until_ms: int = 0


class Weights:
    """The used weight of the current minute, and the ban if there is one.

    Whoever sends more than `_PATIENCE` requests after the first 429 of a minute is banned for two
    minutes, then for four and so on up to three days. All of it is the exchange's time: while its
    clock is frozen no minute ends.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._minute = -1
        self._refused = 0
        self._bans = 0
        self._banned_until_ms = 0

    def charge(self, weight: int, now_ms: int) -> Verdict:
        """Count one request."""
        if now_ms < self._banned_until_ms:
            return Verdict(418, self.used, self._banned_until_ms)
        self._turn(now_ms)
        self.used += weight
        if self.used <= self.limit:
            return Verdict(0, self.used)
        self._refused += 1
        if self._refused <= _PATIENCE:
            return Verdict(429, self.used, (self._minute + 1) * MINUTE_MS)
        return self._ban(now_ms)

    def _turn(self, now_ms: int) -> None:
        minute = now_ms // MINUTE_MS
        if minute != self._minute:
            self._minute, self.used, self._refused = minute, 0, 0

    def _ban(self, now_ms: int) -> Verdict:
        length = min(_FIRST_BAN_MS * 2**self._bans, _LONGEST_BAN_MS)
        self._bans += 1
        self._banned_until_ms = now_ms + length
        return Verdict(418, self.used, self._banned_until_ms)

    def forgive(self) -> None:
        """Lift a ban and start counting anew."""
        self.used = self._refused = self._bans = self._banned_until_ms = 0
