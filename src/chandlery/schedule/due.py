"""When a series is due again; pure."""

from __future__ import annotations

from typing import Final

from chandlery.candles.interval import DAY_MS, Interval

DELAY_MS: Final = 2_000
"""After a candle's close, until the exchange has settled it."""
REFRESH_MS: Final = 15_000
"""How old the forming candle may get between closes."""


def next_due_ms(interval: Interval, now_ms: int, *, every: float | None = None) -> int:
    """When a series collected at `now_ms` is due again.

    `every` seconds later; without it just after the running candle's close, and before that as
    often as keeps the forming candle fresh.
    """
    if every is not None:
        return now_ms + round(every * 1000)
    # 3d candles close at the end of a day too, only not of each.
    length = interval.length_ms if interval.length_ms and interval.length_ms <= DAY_MS else DAY_MS
    close = now_ms - now_ms % length + length
    return min(close + DELAY_MS, now_ms + REFRESH_MS)
