"""Which snapshots of market caps are let go: the older they are, the fewer are needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

ALL_FOR_MS: Final = 2 * DAY_MS
"""Every snapshot is kept for so long."""
HOURLY_FOR_MS: Final = 90 * DAY_MS
"""The first of every hour is kept for so long; after that, for ever, the first of every day."""


def surplus(times: Iterable[int], now_ms: int) -> list[int]:
    """Those of `times` (epoch ms, ascending) that need not be kept any longer at `now_ms`.

    The first snapshot of an hour is also the one that may become the first of its day, so that
    what was kept once is never replaced by a neighbour. Hours and days are those of UTC.
    """
    gone: list[int] = []
    seen: tuple[int, int] | None = None
    for taken_ms in times:
        age_ms = now_ms - taken_ms
        if age_ms <= ALL_FOR_MS:
            break
        length = HOUR_MS if age_ms <= HOURLY_FOR_MS else DAY_MS
        bucket = (length, taken_ms // length)
        if bucket == seen:
            gone.append(taken_ms)
        seen = bucket
    return gone
