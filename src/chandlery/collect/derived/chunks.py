"""Sums of closed candles, remembered by chunk while the candles that they were made of stay.

What a chunk was made of is the same while it has as many candles and as many revisions; see
`store/ledger/growth.py`. The counters of the series, read at once, usually say so of all chunks.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.candles.sums import Sums, joined
from chandlery.collect.derived.grid import Grid
from chandlery.store import Growth, Store

MOST_BYTES: Final = 64 << 20
"""So much memory at most for all sums of a keeper."""
_AT_ONCE: Final = 16
"""Chunks summed in one go: of a store without a lake their candles are in memory at once."""


class _Key(NamedTuple):
    base: Series
    grid: Grid
    start_ms: int


@dataclass(slots=True)
class _Chunk:
    """Sums of all of the time from its start to `end`, which is where a larger candle opens."""

    sums: Sums
    end: int
    seen: Growth
    """How the base stood when these sums were known to be right."""
    revisions: int
    """How many older versions its candles had, at the latest, when they were read."""


class Chunks:
    """The sums of any stretch of any series. Safe from several threads."""

    def __init__(self, store: Store, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, _Chunk] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._turns: dict[tuple[Series, Grid], threading.Lock] = {}

    @property
    def bytes(self) -> int:
        """What is remembered takes so much memory."""
        return self._bytes

    def sums(self, base: Series, grid: Grid, span: Span, stood: Growth) -> Sums:
        """The larger candles of all chunks that overlap `span`, up to the one that still grows.

        `stood` is how the base stood before anything else was read of it. The one that still
        grows, which holds its last closed candle, is left out.
        """
        settled = grid.floor(stood.last_ms)
        with self._turn(base, grid):
            wanted = grid.chunks(span.start, min(span.end, settled))
            good = self._good(base, grid, wanted)
            for group in _missing(wanted, good, settled):
                made = self._made(base, grid, group, good.get(group[0]), stood)
                good |= made
                self._keep(base, grid, made)
            # Whoever came between may have seen a later candle close, and gone further.
            whole = Span(wanted[0].start, min(wanted[-1].end, settled))
            return joined([good[one].sums for one in wanted]).part(whole)

    def _turn(self, base: Series, grid: Grid) -> threading.Lock:
        """Who asks for the same sums at the same time waits for those who are making them."""
        with self._lock:
            return self._turns.setdefault((base, grid), threading.Lock())

    def _good(self, base: Series, grid: Grid, wanted: Sequence[Span]) -> dict[Span, _Chunk]:
        """The remembered chunks whose candles are the same as when they were summed."""
        with self._lock:
            keys = [_Key(base, grid, span.start) for span in wanted]
            known = {
                span: self._kept[key]
                for span, key in zip(wanted, keys, strict=True)
                if key in self._kept
            }
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
        return _unchanged(base, known, self._store)

    def _made(
        self, base: Series, grid: Grid, group: Sequence[Span], begun: _Chunk | None, stood: Growth
    ) -> dict[Span, _Chunk]:
        """The sums of neighbouring chunks, the first of which may have been begun before."""
        settled = grid.floor(stood.last_ms)
        span = Span(begun.end if begun else group[0].start, min(group[-1].end, settled))
        # The signs are read before the candles: what comes in between makes the sums newer than
        # their signs, so that they are made once more, and never older.
        revised = self._store.evidence.revised(base, span)
        children = self._store.candles.scan(base, span=span, forming=False)
        sums = grid.sum(children)
        made = {
            one: _Chunk(
                sums.part(one),
                min(one.end, settled),
                stood,
                sum(times for open_ms, times in revised if open_ms in one),
            )
            for one in group
        }
        if begun is not None:
            first = made[group[0]]
            first.sums = joined([begun.sums, first.sums])
            first.revisions += begun.revisions
        return made

    def _keep(self, base: Series, grid: Grid, made: Mapping[Span, _Chunk]) -> None:
        with self._lock:
            for span, chunk in made.items():
                key = _Key(base, grid, span.start)
                old = self._kept.pop(key, None)
                self._bytes += chunk.sums.bytes - (old.sums.bytes if old else 0)
                self._kept[key] = chunk
            while self._bytes > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.sums.bytes


def _missing(
    wanted: Sequence[Span], good: Mapping[Span, _Chunk], settled: int
) -> Iterator[list[Span]]:
    """The chunks that are not there, or not to their end, neighbours together."""
    group: list[Span] = []
    for span in wanted:
        if span in good and good[span].end >= min(span.end, settled):
            continue
        if group and (group[-1].end != span.start or span in good or len(group) == _AT_ONCE):
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _unchanged(base: Series, known: Mapping[Span, _Chunk], store: Store) -> dict[Span, _Chunk]:
    """The chunks whose candles are those of which their sums were made, ascending as given."""
    moments = {chunk.seen.last_ms for chunk in known.values()}
    now = {last_ms: store.growth.since(base, last_ms) for last_ms in moments}
    grown: list[Span] = []
    revised: list[Span] = []
    for span, chunk in known.items():
        growth = now[chunk.seen.last_ms]
        if growth is None or growth.candles - chunk.seen.candles != growth.newer:
            grown.append(span)
        if growth is None or growth.revisions != chunk.seen.revisions:
            revised.append(span)
    counts = _counts(grown, known, lambda span: store.candles.opens(base, span=span))
    changed = {span for span, count in counts.items() if count != known[span].sums.children}
    counts = _counts(revised, known, lambda span: _revisions(base, span, store))
    changed |= {span for span, count in counts.items() if count != known[span].revisions}
    good = {span: chunk for span, chunk in known.items() if span not in changed}
    for chunk in good.values():
        chunk.seen = now[chunk.seen.last_ms] or chunk.seen
    return good


def _counts(
    spans: Sequence[Span], known: Mapping[Span, _Chunk], read: Callable[[Span], pl.Series]
) -> dict[Span, int]:
    """How many of the ascending times that `read` gives lie in each chunk; read in one go."""
    if not spans:
        return {}
    times = read(Span(spans[0].start, known[spans[-1]].end))
    starts = times.search_sorted(pl.Series([one.start for one in spans]))
    ends = times.search_sorted(pl.Series([known[one].end for one in spans]))
    return dict(zip(spans, (ends.cast(pl.Int64) - starts.cast(pl.Int64)).to_list(), strict=True))


def _revisions(base: Series, span: Span, store: Store) -> pl.Series:
    """The open times of all older versions, one for each."""
    found = store.evidence.revised(base, span)
    return pl.Series([ms for ms, times in found for _ in range(times)], dtype=pl.Int64)
