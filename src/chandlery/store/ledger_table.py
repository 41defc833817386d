"""The ledger: which spans of a series the exchange has answered, when, and to which question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge
from chandlery.store.database import Database
from chandlery.store.records import Entry
from chandlery.store.schema import LEDGER, SERIES
from chandlery.store.series_table import is_series


class LedgerTable:
    """What is known of each span of open time. Written by `CandleTable.keep` alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, series: Series) -> list[Entry]:
        """All entries of `series`, ascending, disjoint and not touching."""
        wanted = (
            sa.select(*_ENTRY)
            .join(SERIES, SERIES.c.id == LEDGER.c.series_id)
            .where(is_series(series))
            .order_by(LEDGER.c.start_ms)
        )
        with self._database.reading() as conn:
            return [_entry(row) for row in conn.execute(wanted)]

    def answered(self, series: Series) -> list[Span]:
        """The spans that the exchange has answered in full, ascending, as few as can be."""
        return merge(entry.span for entry in self.entries(series))


_ENTRY = (
    LEDGER.c.start_ms,
    LEDGER.c.end_ms,
    LEDGER.c.state,
    LEDGER.c.asked_ms,
    LEDGER.c.source,
    LEDGER.c.request,
)


# Written out, for every page is entered: building them with Core takes longer than they run.
_TOUCHING: Final = (
    "FROM ledger WHERE series_id = :series_id AND state = :state "
    "AND start_ms <= :end_ms AND end_ms >= :start_ms"
)
_FIND: Final = sa.text(f"SELECT {', '.join(column.name for column in _ENTRY)} {_TOUCHING}")
_REMOVE: Final = sa.text(f"DELETE {_TOUCHING}")
_COLUMNS: Final = LEDGER.columns.keys()
_ADD: Final = sa.text(
    f"INSERT INTO ledger ({', '.join(_COLUMNS)}) "  # noqa: S608  names are ours
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)


def enter(conn: sa.Connection, series_id: int, entry: Entry) -> None:
    """Write `entry`, made one with all entries that it overlaps or touches.

    The merged entry carries the newest evidence. So a series that is topped up every hour has one
    entry, not one per hour. The caller has locked the series.
    """
    touching = {"series_id": series_id, **_values(entry)}
    old = [_entry(row) for row in conn.execute(_FIND, touching)]
    if old:
        conn.execute(_REMOVE, touching)
    conn.execute(_ADD, {"series_id": series_id, **_values(_union([*old, entry]))})


def _union(entries: list[Entry]) -> Entry:
    """One entry for all of them, which hang together; of equally new evidence the last counts."""
    newest = max(reversed(entries), key=lambda entry: entry.asked_ms)
    (span,) = merge(entry.span for entry in entries)
    return Entry(span, newest.state, newest.asked_ms, newest.source, newest.request)


def _entry(row: Sequence[Any]) -> Entry:
    start, end, *evidence = row
    return Entry(Span(start, end), *evidence)


def _values(entry: Entry) -> dict[str, object]:
    return {
        "start_ms": entry.span.start,
        "end_ms": entry.span.end,
        "state": entry.state,
        "asked_ms": entry.asked_ms,
        "source": entry.source,
        "request": entry.request,
    }
