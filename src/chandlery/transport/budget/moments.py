"""The asker's clocks: what time it is at the exchange, and on this machine's steady clock."""

from __future__ import annotations

import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

from chandlery.clock import Clock
from chandlery.transport.budget.rule import Moment


class Moments:
    """Says when it is, for one process; `offset_ms` is how far the exchange's clock is ahead."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset_ms = 0

    def now(self) -> Moment:
        """This moment."""
        return Moment(
            exchange_ms=self._clock.now_ms() + self.offset_ms,
            steady_ms=round(self._clock.monotonic() * 1000),
            machine=_machine(),
        )


@cache
def _machine() -> str:
    """Where the steady clock counts: all processes of one boot of one machine read the same one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return platform.node() or "here"
