"""The ledger: what is known of every span of a series, since when, and from which question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.interval import Interval
from chandlery.candles.runs import runs
from chandlery.candles.series import Series
from chandlery.candles.span import Span, cover, merge, subtract
from chandlery.store.ledger import rule
from chandlery.store.records import ANSWERED, Entry
from chandlery.store.series_table import is_series, locked
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import LEDGER, SERIES


class LedgerTable:
    """What is known of each span of open time. What was answered is written with the candles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, series: Series) -> list[Entry]:
        """All entries of `series`, ascending and disjoint."""
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
        return merge(entry.span for entry in self.entries(series) if entry.state in ANSWERED)

    def silent_before(self, quiet_ms: int) -> set[Series]:
        """The series of which the exchange had nothing for `quiet_ms` before the first candle."""
        silent: dict[Series, list[Span]] = {}
        firsts: dict[Series, int] = {}
        with self._database.reading() as conn:
            for *names, first_ms, start, end in conn.execute(_BEFORE, {"quiet_ms": quiet_ms}):
                series = Series(names[0], names[1], Interval.parse(names[2]))
                firsts[series] = first_ms
                silent.setdefault(series, []).append(Span(start, end))
        return {
            series
            for series, spans in silent.items()
            if not subtract([Span(firsts[series] - quiet_ms, firsts[series])], spans)
        }

    @again
    def fail(self, series: Series, failure: Entry) -> None:
        """Write down that a span could not be had (`failed` or `unpublished`), and why.

        Time for which there is an answer is left alone. A failure of time that had failed before
        counts one try more.
        """
        with self._database.writing() as conn:
            row = locked(conn, self._database.backend, series)
            old = _touching(conn, row.id, failure.span)
            _write(conn, row.id, old, rule.overridden(old, rule.failed(old, failure)))


_ENTRY = (
    LEDGER.c.start_ms,
    LEDGER.c.end_ms,
    LEDGER.c.state,
    LEDGER.c.asked_ms,
    LEDGER.c.source,
    LEDGER.c.request,
    LEDGER.c.tries,
    LEDGER.c.error,
)


_BEFORE: Final = sa.text(
    "SELECT exchange, symbol, interval, first_ms, start_ms, end_ms "
    "FROM series JOIN ledger ON ledger.series_id = series.id "
    "AND start_ms < first_ms AND end_ms > first_ms - :quiet_ms "
    "WHERE state IN ('stored', 'empty')"
)

# Written out, for every page is entered: building them with Core takes longer than they run.
_TOUCHING: Final = (
    "FROM ledger WHERE series_id = :series_id AND start_ms <= :end_ms AND end_ms >= :start_ms"
)
_FIND: Final = sa.text(f"SELECT {', '.join(column.name for column in _ENTRY)} {_TOUCHING}")
_REMOVE: Final = sa.text("DELETE FROM ledger WHERE series_id = :series_id AND start_ms = :start_ms")
_COLUMNS: Final = LEDGER.columns.keys()
_ADD: Final = sa.text(
    f"INSERT INTO ledger ({', '.join(_COLUMNS)}) "  # noqa: S608  names are ours
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)


def enter(conn: sa.Connection, series_id: int, entries: Sequence[Entry]) -> None:
    """Write new evidence; see `ledger_rule`. The caller has locked the series."""
    if not entries:
        return
    whole: Span | None = None
    for entry in entries:
        whole = cover(whole, entry.span)
    assert whole is not None  # noqa: S101  there are entries
    old = _touching(conn, series_id, whole)
    _write(conn, series_id, old, rule.overridden(old, entries))


def fill(
    conn: sa.Connection, series_id: int, interval: Interval, opens: pl.Series, given: Entry
) -> None:
    """Where a candle has come after all, its time is not empty any more.

    `opens` (epoch ms, ascending) are closed candles, `given` says when and from where they came;
    its span does not count. The caller has locked the series.
    """
    if opens.is_empty():
        return
    whole = Span(int(opens[0]), interval.next(int(opens[-1])))
    empty = [one.span for one in _touching(conn, series_id, whole) if one.state == "empty"]
    stands = runs(opens, interval) if empty else []
    full = [inside for run in stands for one in empty if (inside := run.intersect(one))]
    enter(conn, series_id, [replace(given, span=span) for span in full])


def of(conn: sa.Connection, series_id: int) -> list[Entry]:
    """All entries of a series, ascending."""
    wanted = sa.select(*_ENTRY).where(LEDGER.c.series_id == series_id).order_by(LEDGER.c.start_ms)
    return [_entry(row) for row in conn.execute(wanted)]


def _touching(conn: sa.Connection, series_id: int, span: Span) -> list[Entry]:
    asked = {"series_id": series_id, "start_ms": span.start, "end_ms": span.end}
    return [_entry(row) for row in conn.execute(_FIND, asked)]


def _write(conn: sa.Connection, series_id: int, old: Iterable[Entry], new: Iterable[Entry]) -> None:
    """Take what is no more out, and put what is new in."""
    before, after = set(old), set(new)
    gone = [{"series_id": series_id, "start_ms": one.span.start} for one in before - after]
    come = [{"series_id": series_id, **_values(one)} for one in after - before]
    if gone:
        conn.execute(_REMOVE, gone)
    if come:
        conn.execute(_ADD, come)


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
        "tries": entry.tries,
        "error": entry.error,
    }
