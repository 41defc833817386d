"""Which closed candles were changed, and when: what was published before does not show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

from chandlery.candles.interval import Interval


@dataclass(frozen=True, slots=True)
class Revised:
    """One change of one candle, at a time of the exchange's clock."""

    symbol: str
    interval: str
    open_ms: int
    at_ms: int


class Revisions:
    """All changes in the order made. "The first n are known" names a state of the exchange.

    Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._made: tuple[Revised, ...] = ()

    def __len__(self) -> int:
        return len(self._made)

    def add(self, revised: Revised) -> None:
        """Note one change, for everybody who asks from now on."""
        # A new tuple, because the serving threads may be walking through the old one.
        self._made = (*self._made, revised)

    def known_at(self, ms: int) -> int:
        """How many had been made by a time."""
        return sum(1 for _ in takewhile(lambda each: each.at_ms <= ms, self._made))

    def of(self, symbol: str, interval: Interval, known: int | None = None) -> dict[int, int]:
        """How often each candle of a series was changed, by open time; among the first `known`."""
        series = (symbol, interval.text)
        made = self._made[:known]
        return Counter(each.open_ms for each in made if (each.symbol, each.interval) == series)
