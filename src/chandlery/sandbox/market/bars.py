"""Simulated candles as whole numbers: prices in ticks, volumes in lot steps, quotes in granules.

A granule is one tick times one lot step, so that `quote` is exactly the sum of price times
quantity. Whole numbers are what lets small candles sum exactly to large ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

SUMMED: Final = ("volume", "quote", "trades", "taker_volume", "taker_quote")


@dataclass(frozen=True, slots=True)
class Bars:
    """Candles of one length on an even grid, one per array element; all arrays have one shape.

    Where `alive` is false nothing was traded at all (an outage, or before the listing): there is
    no candle, and the four prices repeat the last close. An alive candle without trades is flat.
    """

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    quote: Ints
    trades: Ints
    taker_volume: Ints
    taker_quote: Ints
    alive: Flags

    def __len__(self) -> int:
        return self.open.size

    def rows(self, which: slice | Flags | Ints) -> Bars:
        """Some of the candles."""
        return Bars(*(getattr(self, name)[which] for name in _NAMES))

    def flat(self) -> Bars:
        """The same candles in one dimension."""
        return Bars(*(getattr(self, name).reshape(-1) for name in _NAMES))

    def fold(self, starts: Ints) -> Bars:
        """Sum candles into larger ones; group `i` runs from `starts[i]` up to `starts[i + 1]`.

        Every candle must be alive and every group must hold at least one.
        """
        if not starts.size:
            return self.rows(slice(0, 0))
        ends = np.append(starts[1:], len(self)) - 1
        volume, quote, trades, taker_volume, taker_quote = (
            np.add.reduceat(getattr(self, name), starts) for name in SUMMED
        )
        return Bars(
            self.open[starts],
            np.maximum.reduceat(self.high, starts),
            np.minimum.reduceat(self.low, starts),
            self.close[ends],
            volume,
            quote,
            trades,
            taker_volume,
            taker_quote,
            np.ones(starts.size, dtype=np.bool_),
        )

    @staticmethod
    def join(parts: Sequence[Bars]) -> Bars:
        """One run of candles after the other."""
        if len(parts) == 1:
            return parts[0]
        return Bars(*(np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES))


_NAMES: Final = tuple(field.name for field in fields(Bars))
