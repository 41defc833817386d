"""Candles go in and come out: the main door of the store."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.errors import BadCandles, BadSpan
from chandlery.store import candle_sql as sql
from chandlery.store import ledger_table, series_table
from chandlery.store.compare import Change, compare
from chandlery.store.database import Database
from chandlery.store.records import Entry, Kept
from chandlery.store.rows import fetched, stored, unstored
from chandlery.store.schema import CANDLE
from chandlery.store.series_table import Counted

_ROWS_AT_ONCE: Final = 20_000
"""Bounds the memory of a large `keep`; all slices are still one transaction."""


class CandleTable:
    """The candles of every series, and the older versions of those that changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql.KeyedSql.of(database.backend.words)

    def keep(
        self, candles: Candles, *, answered: Span | None, source: str, request: str = ""
    ) -> Kept:
        """Write a page, whole or not at all; writing it again changes nothing.

        `answered` is the span of open times of which the page has every closed candle; it goes
        into the ledger, with `source` and `request` as evidence. Stored forming candles in it that
        the page lacks are removed. Where two versions of a candle meet, the newer row wins whole
        and the older one goes to the revisions; a forming candle never replaces a closed one.

        Raises `StoreError`, and `BadCandles` when `answered` covers a candle that still forms.
        """
        _refuse_answer_about_the_future(candles, answered)
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, candles.series)
            now_ms = self._clock.now_ms()  # after the wait for the lock: versions follow in time
            if answered is not None:
                _forget_forming(conn, row, answered)
                entry = Entry(answered, "answered", now_ms, source, request)
                ledger_table.enter(conn, row.id, entry)
            row, kept = self._keep_rows(conn, row, candles, source=source, now_ms=now_ms)
            series_table.save(conn, row, now_ms)
        return kept

    def read(
        self,
        series: Series,
        *,
        last: int | None = None,
        span: Span | None = None,
        forming: bool = True,
    ) -> Candles:
        """The stored candles whose open times lie in `span`, of these the `last` ones, ascending.

        Forming candles come at the end, marked as unfinished, or not at all. A series that the
        store does not have is empty. Raises `BadSpan` when `last` is below one, and `StoreError`.
        """
        if last is not None and last < 1:
            msg = f"The number of last candles must be at least 1; asked was {last}."
            raise BadSpan(msg)
        asked = series_table.named(series) | {
            "start": span.start if span else -sql.EVER,
            "end": span.end if span else sql.EVER,
            "last": sql.EVER if last is None else last,
            "forming": int(forming),
            "never": -sql.EVER,
        }
        with self._database.reading() as conn:
            rows = conn.execute(sql.READ, asked).all()
        closed = sum(row[-1] for row in rows)
        frame = unstored(fetched([row[:-1] for row in reversed(rows)]))
        return Candles(series, frame, len(rows) - closed)

    def last_opens(self, series: Series, count: int) -> list[int]:
        """The open times (epoch ms) of the newest `count` closed candles, ascending."""
        asked = series_table.named(series) | {"last": count}
        with self._database.reading() as conn:
            return [open_ms for (open_ms,) in conn.execute(sql.LAST_OPENS, asked)][::-1]

    def revisions(self, series: Series) -> pl.DataFrame:
        """Older versions of closed candles, by open time and then oldest first.

        The columns of SCHEMA, then `replaced_ms` and `known_ms` (Int64, epoch milliseconds: until
        and since when this version was the stored one) and `source` (String).
        """
        with self._database.reading() as conn:
            rows = conn.execute(sql.REVISIONS, series_table.named(series)).all()
        return unstored(fetched(rows, ["replaced_ms", "known_ms", "source"]))

    def _keep_rows(
        self, conn: sa.Connection, row: Counted, candles: Candles, *, source: str, now_ms: int
    ) -> tuple[Counted, Kept]:
        kept = Kept()
        for page in stored(candles).iter_slices(_ROWS_AT_ONCE):
            change = compare(page, self._there(conn, row, page))
            self._apply(conn, row, change, source=source, now_ms=now_ms)
            row = series_table.counted(row, change)
            kept += change.kept
        return row, kept

    def _there(
        self, conn: sa.Connection, row: Counted, page: pl.DataFrame
    ) -> dict[int, sa.Row[Any]]:
        opens = page["open_ms"].to_list()
        if not _any_there(conn, row, opens):
            return {}
        return {found[0]: found for found in conn.execute(self._sql.there, self._keyed(row, opens))}

    def _apply(
        self, conn: sa.Connection, row: Counted, change: Change, *, source: str, now_ms: int
    ) -> None:
        if change.revised_ms:
            aside = self._keyed(row, change.revised_ms) | {"now_ms": now_ms}
            conn.execute(self._sql.put_aside, aside)
        if not change.rows.is_empty():
            fixed = {"series_id": row.id, "known_ms": now_ms, "source": source}
            self._database.backend.upsert(conn, CANDLE, change.rows, fixed)

    def _keyed(self, row: Counted, open_ms: list[int]) -> dict[str, object]:
        return {"series_id": row.id, "keys": self._database.backend.keys(open_ms)}


def _any_there(conn: sa.Connection, row: Counted, opens: list[int]) -> bool:
    """Whether any candle lies between these ascending open times: in new history none does."""
    between = {"series_id": row.id, "first": opens[0], "last": opens[-1]}
    return conn.execute(sql.ANY_THERE, between).first() is not None


def _forget_forming(conn: sa.Connection, row: Counted, answered: Span) -> None:
    """Remove forming rows before the answer's own are written, of which none forms in its span."""
    conn.execute(
        sql.FORGET_FORMING,
        {"series_id": row.id, "start": answered.start, "end": answered.end},
    )


def _refuse_answer_about_the_future(candles: Candles, answered: Span | None) -> None:
    """An answered span must end where candles begin to form, or they would never be asked again."""
    if answered is None or not candles.unfinished:
        return
    first = int(candles.forming["open_time"].dt.epoch("ms")[0])
    if answered.end > first:
        msg = (
            f"{candles.series}: the answered span ({answered}) covers a candle that still forms. "
            "It must end at the open time of the first one."
        )
        raise BadCandles(msg)
