"""Proof: everything that the catalogue and the ledger say of a series, recounted from its candles.

Only open times are read: of nine years of minutes a hundred milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from chandlery.candles.gaps import places
from chandlery.candles.interval import Interval
from chandlery.candles.runs import holes, runs
from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge, subtract
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.ledger import table as ledger_table
from chandlery.store.records import Entry
from chandlery.store.series_table import Counted
from chandlery.store.sql import candle_sql as sql
from chandlery.store.sql.database import Database
from chandlery.store.tiers.candle_reading import CandleReader, both_opens

_EVER: Final = Span(-sql.EVER, sql.EVER)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the candles of a series themselves say. All is well when nothing is listed."""

    series: Series
    candles: int
    first_ms: int | None
    last_ms: int | None
    lost: tuple[Span, ...] = ()
    """Places without a candle where the ledger says that one is stored."""
    surplus: tuple[Span, ...] = ()
    """Candles where the ledger says that the exchange has none."""
    miscounted: tuple[str, ...] = ()
    """What the catalogue says otherwise than the candles, in words."""
    empty: int = 0
    """Places between the first and the last candle that the exchange has confirmed empty."""
    failed: int = 0
    """Such that were asked in vain, or not published yet."""
    unasked: int = 0
    """Such that nobody has asked about."""

    @property
    def holds(self) -> bool:
        """Whether ledger, catalogue and candles agree."""
        return not (self.lost or self.surplus or self.miscounted)

    @property
    def accounted(self) -> float:
        """Which share of the places is stored or confirmed empty, from 0 to 1."""
        known = self.candles + self.empty
        return known / max(1, known + self.failed + self.unasked)


def prove(database: Database, reader: CandleReader, series: Series) -> Proof:
    """Recount one series. Raises `StoreError` when candles cannot be read at all."""
    with database.reading() as conn:
        row = series_table.found(conn, series)
        if row is None:
            return Proof(series, 0, None, None)
        entries = ledger_table.of(conn, row.id)
        bounds = {"series_id": row.id, "start": _EVER.start, "end": _EVER.end}
        hot = pl.Series(conn.execute(sql.CLOSED_OPENS, bounds).scalars().all(), dtype=pl.Int64)
        parts = part_table.parts(conn, row.id) if row.cold else []
    # What leaves the hot tier after this is in the cold one by now, and counted once.
    opens = both_opens(hot, reader.cold_opens(series, parts) if parts else hot.clear())
    return _compared(series, opens, row, entries)


def recount(database: Database, reader: CandleReader, series: Series, now_ms: int) -> None:
    """Set the catalogue's counters to what the candles of a series say."""
    with database.writing() as conn:
        row = series_table.locked(conn, database.backend, series)
        bounds = {"series_id": row.id, "start": _EVER.start, "end": _EVER.end}
        hot = pl.Series(conn.execute(sql.CLOSED_OPENS, bounds).scalars().all(), dtype=pl.Int64)
        parts = part_table.parts(conn, row.id) if row.cold else []
        opens = both_opens(hot, reader.cold_opens(series, parts) if parts else hot.clear())
        first, last = (int(opens[0]), int(opens[-1])) if len(opens) else (None, None)
        counted = replace(row, candles=len(opens), first_ms=first, last_ms=last)
        series_table.save(conn, counted, now_ms)


def _compared(series: Series, opens: pl.Series, row: Counted, entries: Sequence[Entry]) -> Proof:
    interval = series.interval
    stored = merge(entry.span for entry in entries if entry.state == "stored")
    lost = subtract(stored, runs(opens, interval))
    empty = [entry.span for entry in entries if entry.state == "empty"]
    first, last = (int(opens[0]), int(opens[-1])) if len(opens) else (None, None)
    absent = _absent(opens, interval, entries)
    return Proof(
        series,
        len(opens),
        first,
        last,
        lost=tuple(span for span in lost if _has_place(span, interval)),
        surplus=tuple(_inside(opens, empty, interval)),
        miscounted=tuple(_miscounted(row, opens, first, last)),
        **absent,
    )


def _absent(opens: pl.Series, interval: Interval, entries: Sequence[Entry]) -> dict[str, int]:
    """How many places without a candle there are between the first and the last, by reason."""
    if opens.is_empty():
        return {}
    first = int(opens[0])
    inner = holes(opens, Span(first, int(opens[-1]) + 1), interval)
    counts = dict.fromkeys(("empty", "failed", "unasked"), 0)
    for entry in entries:
        name = "empty" if entry.state == "empty" else "failed"
        if entry.state != "stored":
            inside = (at for hole in inner if (at := hole.intersect(entry.span)) is not None)
            counts[name] += sum(places(at, interval, anchor_ms=first) for at in inside)
    unasked = subtract(inner, [entry.span for entry in entries])
    counts["unasked"] = sum(places(at, interval, anchor_ms=first) for at in unasked)
    return counts


def _has_place(span: Span, interval: Interval) -> bool:
    """Whether a candle would have had room; at the edges of an answer there are shorter bits."""
    if interval.length_ms is None:
        return interval.ceil(span.start) < span.end
    return span.end - span.start >= interval.length_ms


def _inside(opens: pl.Series, empty: Iterable[Span], interval: Interval) -> list[Span]:
    found: list[Span] = []
    for span in empty:
        first = opens.search_sorted(span.start)
        stop = opens.search_sorted(span.end)
        found += runs(opens[int(first) : int(stop)], interval)
    return found


def _miscounted(
    row: Counted, opens: pl.Series, first: int | None, last: int | None
) -> Iterable[str]:
    said: dict[str, tuple[Any, Any]] = {
        "candles": (row.candles, len(opens)),
        "first open time": (row.first_ms, first),
        "last open time": (row.last_ms, last),
    }
    for what, (catalogue, counted) in said.items():
        if catalogue != counted:
            yield f"{what}: the catalogue says {catalogue}, the candles say {counted}"
