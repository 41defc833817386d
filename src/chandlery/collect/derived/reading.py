"""Derived candles: the newest of any time, with what of them is not whole or not over yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import LATEST_MS
from chandlery.candles.frame import Candles
from chandlery.candles.resample import FORMING, NEWER, Known, Resampled, judged
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.candles.sums import Sums, joined
from chandlery.collect.derived.chunks import MOST_BYTES, Chunks
from chandlery.collect.derived.grid import CHILDREN, Grid
from chandlery.collect.wanted import Wanted
from chandlery.store import Growth, Store

_MARGIN: Final = 4
"""So many candles more than asked: to know whether there are older ones, for what a smaller candle
of the one before takes away from the first, and in place of unfinished ones."""
_ALL: Final = 1 << 30
_GROWING: Final = {FORMING, NEWER}
"""Reasons that pass by themselves, at the end of what is held."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Larger candles of a series that is not kept."""

    candles: Candles
    """As if it were kept: the last `unfinished` ones are not over, or not collected to their end;
    they hold what has been traded so far, the smaller forming candle too."""
    base: Series
    """Of whose candles they are sums."""
    incomplete: list[tuple[int, str]]
    """Open times (epoch ms) of the others that are no sums of all their time, and why."""
    has_older: bool
    """Whether older candles of the asked time were left out."""


class DerivedReader:
    """Sums candles of one store, and remembers the sums; safe from several threads.

    They take `most_bytes` of memory at most; `chunk` smaller candles are remembered together.
    """

    def __init__(
        self, store: Store, *, most_bytes: int = MOST_BYTES, chunk: int = CHILDREN
    ) -> None:
        self._store = store
        self._chunk = chunk
        self.chunks = Chunks(store, most_bytes)

    def read(
        self,
        series: Series,
        base: Series,
        wanted: Wanted,
        *,
        anchor_ms: int | None = None,
        forming: bool = True,
    ) -> Derived:
        """The newest wanted candles of `series` of those in the wanted span, from those of `base`.

        `forming` says whether unfinished ones are among them. `anchor_ms` is any open time of 3d
        candles. Raises `StoreError`.
        """
        grid = Grid(base.interval, series.interval, anchor_ms, self._chunk)
        asked = _Asked(wanted.last or _ALL, wanted.span, forming)
        # The ledger is read before the candles: what it has answered by now is among them.
        answered = self._store.ledger.answered(base)
        stood = self._store.growth.since(base, LATEST_MS)
        if stood is None:
            return Derived(Candles(series), base, [], has_older=False)
        newest = Span(grid.through.floor(stood.last_ms), LATEST_MS)
        growing = self._store.candles.read(base, span=newest)
        sums = self._sums(base, grid, stood, growing, asked)
        last_ms = _edge_ms(growing.closed, -1) or stood.last_ms
        held = Span(stood.first_ms, max(stood.last_ms, last_ms) + 1)
        known = Known(held, answered, _edge_ms(growing.forming, 0))
        made = judged(_part(sums, asked, grid), base.interval, known)
        return _cut(
            series,
            base,
            made,
            asked,
            None if known.forming_ms is None else grid.floor(known.forming_ms),
        )

    def _sums(
        self, base: Series, grid: Grid, stood: Growth, growing: Candles, asked: _Asked
    ) -> Sums:
        """At least all that is asked, and the candles before it."""
        settled = grid.floor(stood.last_ms)
        parts = []
        if asked.span is None or asked.span.end > settled:
            parts = [self._growing_sums(base, grid, stood, growing)]
        start, end = grid.floor(stood.first_ms), settled
        if asked.span is not None:
            start = max(start, grid.floor(grid.ceil(asked.span.start) - 1))
            end = min(settled, asked.span.end)
        needed = count = asked.last + _MARGIN
        while end > start and needed > 0:
            chunk = grid.chunk(max(start, end - count * grid.parent.typical_ms))
            parts.append(self.chunks.sums(base, grid, Span(chunk.start, end), stood))
            needed -= parts[-1].frame.height
            end, count = chunk.start, count * 2  # a long hole is crossed in few steps
        return joined(parts[::-1])

    def _growing_sums(self, base: Series, grid: Grid, stood: Growth, growing: Candles) -> Sums:
        """The candles from the one that holds the last closed smaller one."""
        through = grid.through
        newest = through.sum(growing.frame)
        span = (grid.floor(stood.last_ms), through.floor(stood.last_ms))
        if span[0] == span[1]:
            return grid.rise(newest)
        older = self.chunks.sums(base, through, Span(*span), stood).part(Span(*span))
        return grid.rise(joined([older, newest]))


@dataclass(frozen=True, slots=True)
class _Asked:
    last: int
    span: Span | None
    forming: bool


def _part(sums: Sums, asked: _Asked, grid: Grid) -> Sums:
    """What is asked, and a few candles before it: a smaller one may reach over the edge."""
    if asked.span is not None:
        start = grid.floor(grid.ceil(asked.span.start) - 1)
        sums = sums.part(Span(start, max(asked.span.end, start + 1)))
    return sums.tail(asked.last + _MARGIN)


def _cut(
    series: Series, base: Series, made: Resampled, asked: _Asked, forming_ms: int | None
) -> Derived:
    """`forming_ms` is the open time of the first larger candle in which one still forms."""
    made = made.part(asked.span, None)
    why = dict(made.incomplete.select(pl.col("open_time").dt.epoch("ms"), "reasons").iter_rows())
    opens = made.frame["open_time"].dt.epoch("ms").to_list()
    unfinished = 0
    for open_ms in reversed(opens):
        forms = forming_ms is not None and open_ms >= forming_ms
        if not forms and _GROWING.isdisjoint(why.get(open_ms, ())):
            break
        unfinished += 1
        why[open_ms] = [one for one in why.get(open_ms, ()) if one not in _GROWING]
    frame = made.frame
    if not asked.forming:
        frame, unfinished = frame.head(frame.height - unfinished), 0
    older = frame.height > asked.last
    candles = Candles(series, frame.tail(asked.last), min(unfinished, asked.last))
    given = candles.frame["open_time"].dt.epoch("ms").to_list()
    incomplete = [(ms, ", ".join(why[ms])) for ms in given if why.get(ms)]
    return Derived(candles, base, incomplete, has_older=older)


def _edge_ms(frame: pl.DataFrame, row: int) -> int | None:
    return None if frame.is_empty() else int(frame["open_time"].dt.epoch("ms")[row])
