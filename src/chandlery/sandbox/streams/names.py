"""Names of streams: `btcusdt@kline_1m`, `btcusdt@kline_1d@+08:00`, `btcusdt@miniTicker`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from chandlery.candles.interval import HOUR_MS, INTERVALS, Interval

_NAME: Final = re.compile(r"([^@\sA-Z]{1,50})@(?:kline_(\w{2,3})(@\+08:00)?|(miniTicker))")
_INTERVALS: Final = {interval.text: interval for interval in INTERVALS}
_EAST_MS: Final = 8 * HOUR_MS
"""The only other time zone in which candles are streamed."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """What a stream is of. Symbols are in small letters in names, in capitals everywhere else."""

    text: str
    symbol: str
    interval: Interval | None
    """None for the ticker."""
    zone_ms: int = 0

    @property
    def period_ms(self) -> int:
        """How often it is sent."""
        return 1000 if self.interval is None or self.interval.text == "1s" else 2000


def parse_name(text: str) -> StreamName | None:
    """What the name means; None for what is never sent, which the exchange takes without a word."""
    found = _NAME.fullmatch(text)
    if found is None:
        return None
    interval = _INTERVALS.get(found[2] or "")
    if interval is None and found[4] is None:
        return None
    return StreamName(text, found[1].upper(), interval, _EAST_MS if found[3] else 0)
