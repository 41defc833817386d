"""When the exchange trades: from a symbol's listing to its end, but not during outages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from chandlery.candles.span import Span, merge
from chandlery.sandbox.market.bars import Floats, Ints
from chandlery.sandbox.market.dice import dice
from chandlery.sandbox.market.listings import Listing

FIRST_MS: Final = int(datetime(2017, 7, 1, tzinfo=UTC).timestamp()) * 1000
LAST_MS: Final = int(datetime(2050, 1, 1, tzinfo=UTC).timestamp()) * 1000
"""The simulated market exists from FIRST_MS up to LAST_MS; a clock beyond it is refused."""

_OUTAGES_A_YEAR: Final = 3.5
_PLANNED: Final = 0.6
"""Share of outages that begin on a half hour: maintenance."""
_YEAR_MS: Final = 31_557_600_000


def draw_outages(seed: int) -> list[Span]:
    """When the whole exchange stood still: a few times a year, for minutes or hours.

    They begin and end on whole seconds, as the real ones do.
    """
    die = dice(seed, "outages")
    count = int(die.poisson(_OUTAGES_A_YEAR * (LAST_MS - FIRST_MS) / _YEAR_MS))
    starts = die.integers(FIRST_MS // 1000, LAST_MS // 1000, count) * 1000
    lengths = np.clip(np.exp(die.normal(8.6, 0.9, count)), 600, 36_000).astype(np.int64)
    whole_minutes = die.random(count) < _PLANNED
    starts = np.where(whole_minutes, starts - starts % 1_800_000, starts)
    lengths = np.where(whole_minutes, lengths - lengths % 1_800 + 1_800, lengths) * 1000
    return merge(Span(int(a), int(a + n)) for a, n in zip(starts, lengths, strict=True))


class TradingTime:
    """How much of any stretch of time a symbol was open for trading."""

    def __init__(self, listing: Listing, outages: Sequence[Span]) -> None:
        edges = [FIRST_MS, *(edge for gap in outages for edge in (gap.start, gap.end)), LAST_MS]
        self._edges = np.array(edges, dtype=np.float64)
        lengths = np.diff(self._edges)
        lengths[1::2] = 0.0
        self._open = np.concatenate([[0.0], np.cumsum(lengths)])
        self._from = listing.listed_ms
        self._until = listing.ended_ms or LAST_MS

    def open_ms(self, edges: Ints) -> Floats:
        """Milliseconds open for trading between each edge and the next; one fewer than `edges`."""
        inside = np.clip(edges, self._from, self._until).astype(np.float64)
        return np.diff(np.interp(inside, self._edges, self._open))

    def is_open(self, ms: int) -> bool:
        """Whether the symbol trades in the second of `ms`."""
        second = ms - ms % 1000
        return bool(self.open_ms(np.array([second, second + 1000]))[0] > 0)
