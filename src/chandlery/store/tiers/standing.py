"""What stands in the lake begins to count: in one transaction, whoever wrote it there."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import sqlalchemy as sa

from chandlery.candles.series import Series
from chandlery.candles.span import Span, subtract
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.lake.cold import Cold
from chandlery.store.ledger import table as ledger_table
from chandlery.store.records import Entry
from chandlery.store.series_table import Counted
from chandlery.store.sql import candle_sql as sql


def count(
    conn: sa.Connection, cold: Cold, series: Series, row: Counted, span: Span
) -> tuple[Counted, int]:
    """Enter `span` as a part; the row with its counters then, and how many candles are new.

    All that the lake has there will be read from now on: also what a process that died had
    written and not entered. Time is not called empty any more in which one of them stands.
    The caller has locked the series, and saves the row.
    """
    unknown = subtract([span], part_table.parts(conn, row.id, span))
    part_table.add(conn, row.id, span)
    if not unknown:
        return row, 0
    stand = cold.read(series, unknown, columns=("open_time", "known_ms", "source"))
    opens = stand["open_time"].dt.epoch("ms")
    bounds = {"series_id": row.id, "start": span.start, "end": span.end}
    hot = pl.Series(conn.execute(sql.CLOSED_OPENS, bounds).scalars().all(), dtype=pl.Int64)
    unseen = ~opens.is_in(hot.implode())
    new = opens.filter(unseen)
    if len(new):
        known_ms, source = stand.filter(unseen).select("known_ms", "source").row(-1)
        given = Entry(span, "stored", known_ms, source, "")
        ledger_table.fill(conn, row.id, series.interval, new, given)
    grown = series_table.grown(row, new.to_list())
    return replace(grown, cold=row.cold + len(opens)), len(new)
