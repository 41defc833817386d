"""Coverage: of each day how many candles there should be, and what became of them.

It is counted from the ledger and the catalogue, by arithmetic on spans; no candle is looked at,
but where candles stand of which the ledger does not know, as those of an imported file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.gaps import listed_ms
from chandlery.errors import BadSpan
from chandlery.store import Entry, Growth, Store

COLUMNS: Final = ("stored", "empty", "missing", "failed", "unpublished")
"""What can have become of a place: a candle is held, the exchange has none, nobody asked or what
was held is lost, the answer failed, the archive does not have it yet."""

Ints = npt.NDArray[np.int64]

_MISSING: Final = COLUMNS.index("missing")
_STORED: Final = COLUMNS.index("stored")


@dataclass(frozen=True, slots=True)
class Coverage:
    """One row for each day (or month, of candles longer than a day) of a series' life.

    `starts` are epoch milliseconds; `counts` has the columns of COLUMNS, which add up to what is
    expected; `revised` are candles that changed at the exchange after they were kept.
    """

    series: Series
    bucket: Literal["day", "month"]
    life: Span | None
    """From the first place for a candle to the last close; None when nothing is known."""
    held: Span | None
    """From the first candle that is held to just after the last one opens."""
    listed_ms: int | None
    """Where it begins, if the exchange has said that there is nothing older."""
    starts: Ints
    counts: Ints
    revised: Ints

    def rows(self) -> list[list[int]]:
        """`[start, expected, stored, empty, missing, failed, unpublished, revised]` of each."""
        if not len(self.starts):
            return []
        columns = [self.starts, self.counts.sum(axis=1), *self.counts.T, self.revised]
        rows: list[list[int]] = np.column_stack(columns).tolist()
        return rows

    def totals(self) -> dict[str, int]:
        """The sums of all rows, by name."""
        whole = dict(zip(COLUMNS, self.counts.sum(axis=0).tolist(), strict=True))
        return {"expected": sum(whole.values()), **whole, "revised": int(self.revised.sum())}


def cover(
    series: Series, store: Store, *, now_ms: int, ended: bool = False, zone: str = "UTC"
) -> Coverage:
    """How much of the life of a series is held, by days of the time zone `zone`.

    `ended` says whether the exchange trades the symbol no more: then nothing is expected after
    the last candle. Raises `BadSpan` for a zone that does not exist, `StoreError`.
    """
    # The ledger first: what it has answered by now is among the candles that are counted then.
    entries = store.ledger.entries(series)
    stood = store.growth.since(series, now_ms)
    listed = listed_ms(entries, series.interval)
    bucket: Literal["day", "month"] = "day" if series.interval.typical_ms <= DAY_MS else "month"
    held = Span(stood.first_ms, stood.last_ms + 1) if stood else None
    life = _life(series.interval, stood, listed, now_ms=now_ms, ended=ended)
    edges = _edges(life or Span(now_ms, now_ms + 1), zone, bucket)
    if life is None:
        nothing = np.empty((0, len(COLUMNS)), np.int64)
        return Coverage(series, bucket, None, held, listed, edges[:0], nothing, edges[:0])
    grid = _Places(series.interval, stood.first_ms if stood else life.start)
    pieces = _pieces(edges, entries, life)
    counts = _counted(pieces, grid, len(edges) - 1)
    if stood is not None and counts[:, _STORED].sum() != stood.candles:
        _find_unknown(counts, pieces, series, store, stood)
    revised = np.array([ms for ms, _ in store.evidence.revised(series, life)], np.int64)
    return Coverage(
        series, bucket, life, held, listed, edges[:-1], counts, np.histogram(revised, edges)[0]
    )


def _life(
    interval: Interval, stood: Growth | None, listed: int | None, *, now_ms: int, ended: bool
) -> Span | None:
    starts = [ms for ms in (stood.first_ms if stood else None, listed) if ms is not None]
    if not starts:
        return None
    start = min(starts)
    last = stood.last_ms if stood else start
    end = max(interval.floor(now_ms, anchor_ms=start), interval.next(last) if stood else 0)
    if ended and stood:
        end = interval.next(last)
    return Span(start, end) if start < end else None


def _edges(life: Span, zone: str, bucket: Literal["day", "month"]) -> Ints:
    """Where the days begin that the life touches, and where the last one ends (epoch ms)."""
    every = "1d" if bucket == "day" else "1mo"
    ends = pl.Series([life.start, life.end - 1]).cast(pl.Datetime("ms", "UTC"))
    try:
        first, last = ends.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.truncate(every)
    except (pl.exceptions.PolarsError, ValueError) as error:
        msg = f"There is no time zone {zone!r}. Give its IANA name, such as Europe/Berlin or UTC."
        raise BadSpan(msg) from error
    local = pl.datetime_range(first, last, every, time_unit="ms", eager=True)
    local = local.append(local.tail(1).dt.offset_by(every))
    begins = _in_utc(local, zone)
    # Where clocks go forward at midnight, the day begins an hour later.
    begins = begins.zip_with(begins.is_not_null(), _in_utc(local.dt.offset_by("1h"), zone))
    return begins.dt.epoch("ms").to_numpy().astype(np.int64)


def _in_utc(local: pl.Series, zone: str) -> pl.Series:
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")


class _Places:
    """The grid of a series, and how many of its places lie before a time."""

    def __init__(self, interval: Interval, anchor_ms: int) -> None:
        self._interval = interval
        self._anchor_ms = anchor_ms

    def before(self, times: Ints) -> Ints:
        """Counted from one place of the grid on, always the same."""
        length = self._interval.length_ms
        if length is None:
            months = self._interval.grid(0, int(times.max()) + 1).dt.epoch("ms").to_numpy()
            return np.searchsorted(months, times).astype(np.int64)
        origin = self._interval.floor(self._anchor_ms, anchor_ms=self._anchor_ms)
        return -((origin - times) // length)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A life cut at the edges of days and of the ledger's entries, ascending."""

    starts: Ints
    ends: Ints
    days: Ints
    """Index of the day of each."""
    kinds: Ints
    """Index in COLUMNS of what is known of each."""


def _pieces(edges: Ints, entries: list[Entry], life: Span) -> _Pieces:
    known = [entry for entry in entries if entry.span.intersect(life)]
    starts = np.array([entry.span.start for entry in known], np.int64)
    ends = np.array([entry.span.end for entry in known], np.int64)
    kinds = np.array([COLUMNS.index(entry.state) for entry in known], np.int64)
    cuts = np.unique(np.concatenate([edges, starts, ends, [life.start, life.end]]))
    cuts = cuts[(cuts >= life.start) & (cuts <= life.end)]
    at = np.searchsorted(starts, cuts[:-1], "right") - 1
    found = np.full(len(at), _MISSING, np.int64)
    if known:
        inside = (at >= 0) & (cuts[:-1] < ends[at])
        found[inside] = kinds[at[inside]]
    days = np.searchsorted(edges, cuts[:-1], "right") - 1
    return _Pieces(cuts[:-1], cuts[1:], days.astype(np.int64), found)


def _counted(pieces: _Pieces, grid: _Places, days: int) -> Ints:
    counts = np.zeros((days, len(COLUMNS)), np.int64)
    places = grid.before(pieces.ends) - grid.before(pieces.starts)
    np.add.at(counts, (pieces.days, pieces.kinds), places)
    return counts


def _find_unknown(
    counts: Ints, pieces: _Pieces, series: Series, store: Store, stood: Growth
) -> None:
    """Count the candles that stand where the ledger knows of none, as of an imported file."""
    unsure = (pieces.kinds != _STORED) & (pieces.starts <= stood.last_ms)
    unsure &= pieces.ends > stood.first_ms
    if not unsure.any():
        return
    whole = Span(int(pieces.starts[unsure].min()), int(pieces.ends[unsure].max()))
    opens: Any = store.candles.opens(series, span=whole).to_numpy()
    starts = np.searchsorted(opens, pieces.starts[unsure])
    held = np.searchsorted(opens, pieces.ends[unsure]) - starts
    days, kinds = pieces.days[unsure], pieces.kinds[unsure]
    for day, kind, count in zip(days, kinds, held, strict=True):
        moved = min(int(count), int(counts[day, kind]))  # candles off the grid take no place
        counts[day, kind] -= moved
        counts[day, _STORED] += moved
