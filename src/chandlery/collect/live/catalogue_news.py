"""When the store got candles of the series that somebody looks at, from whichever process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from chandlery.candles.series import Series
from chandlery.clock import Clock


class Line(Protocol):
    """One line of the catalogue."""

    @property
    def series(self) -> Series:
        """Which series."""

    @property
    def updated_ms(self) -> int | None:
        """When candles of this series, the forming one included, were last kept."""


class Shelf(Protocol):
    """Where candles are kept, by whatever process."""

    @property
    def clock(self) -> Clock:
        """The time by which ages are told."""

    def catalogue(self) -> Sequence[Line]:
        """What is stored. Raises `StoreError`."""


def kept_times(catalogue: Sequence[Line], watched: Collection[Series]) -> dict[Series, int]:
    """When each of the watched series was last kept.

    One that has no line itself is shown as sums of a shorter one of its symbol: then the newest
    of these counts.
    """
    own = {line.series: line.updated_ms for line in catalogue if line.updated_ms is not None}
    found = {series: own.get(series, _parts_ms(own, series)) for series in watched}
    return {series: ms for series, ms in found.items() if ms is not None}


def _parts_ms(own: dict[Series, int], whole: Series) -> int | None:
    times = (
        ms
        for one, ms in own.items()
        if (one.exchange, one.symbol) == (whole.exchange, whole.symbol)
        and one.interval.typical_ms < whole.interval.typical_ms
    )
    return max(times, default=None)
