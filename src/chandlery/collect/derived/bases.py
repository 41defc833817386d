"""Which intervals can be had of a symbol: those that are stored, and sums of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from typing import Final, NamedTuple, Protocol, TypeVar

from chandlery.candles.interval import INTERVALS, Interval
from chandlery.candles.resample import check_multiple
from chandlery.candles.series import Series
from chandlery.errors import BadSpan

_NEEDS_ANCHOR: Final = "3d"

Symbol = tuple[str, str]
"""An exchange and one of its symbols."""


class Line(Protocol):
    """What counts of a line of the catalogue."""

    @property
    def series(self) -> Series:
        """Which series."""

    @property
    def candles(self) -> int:
        """How many closed candles are stored."""


L = TypeVar("L", bound=Line)


class Shown(NamedTuple):
    """An interval that can be shown of a symbol."""

    interval: Interval
    derived: bool
    """Whether its candles are sums."""


def base_of(series: Series, lines: Iterable[L]) -> L | None:
    """The stored series of whose candles those of `series` are best summed; None without one.

    Of all smaller ones that divide it and reach equally far, the largest, which has the fewest
    candles; two reach equally far when they differ by less than one candle of `series`.
    """
    parent = series.interval
    able = [
        line
        for line in lines
        if line.series.symbol == series.symbol
        and line.series.exchange == series.exchange
        and line.candles
        and divides(line.series.interval, parent)
    ]
    if not able:
        return None
    most = max(_reach_ms(line) for line in able)
    far = (line for line in able if _reach_ms(line) > most - parent.typical_ms)
    return max(far, key=lambda line: line.series.interval.typical_ms)


def divides(child: Interval, parent: Interval) -> bool:
    """Whether candles of `parent` length are sums of those of `child` length."""
    try:
        check_multiple(child, parent)
    except BadSpan:
        return False
    return True


def shown(
    lines: Iterable[Line], anchored: Container[Series] = ()
) -> Mapping[Symbol, tuple[Shown, ...]]:
    """All intervals of every symbol of the catalogue, shortest first.

    `anchored` are the series from whose first candle on the grid of 3d candles is known.
    """
    stored: dict[Symbol, dict[Interval, Series]] = defaultdict(dict)
    for line in lines:
        if line.candles:
            series = line.series
            stored[series.exchange, series.symbol][series.interval] = series
    return {symbol: tuple(_shown(held, anchored)) for symbol, held in stored.items()}


def _shown(held: Mapping[Interval, Series], anchored: Container[Series]) -> Iterable[Shown]:
    for interval in INTERVALS:
        if interval in held:
            yield Shown(interval, derived=False)
        elif any(
            interval in _SUMS[one] and (interval.text != _NEEDS_ANCHOR or series in anchored)
            for one, series in held.items()
        ):
            yield Shown(interval, derived=True)


def _reach_ms(line: Line) -> int:
    return line.candles * line.series.interval.typical_ms


_SUMS: Final = {
    child: frozenset(parent for parent in INTERVALS if divides(child, parent))
    for child in INTERVALS
}
"""Of each interval those that are sums of it."""
