"""Candles go in and come out: the main door of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import Candles
from chandlery.candles.runs import holes, runs
from chandlery.candles.series import Series
from chandlery.candles.span import Span, subtract
from chandlery.clock import Clock
from chandlery.errors import BadCandles
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.lake.cold import Cold
from chandlery.store.lake.form import WARM
from chandlery.store.ledger import rule as ledger_rule
from chandlery.store.ledger import table as ledger_table
from chandlery.store.records import Entry, Kept
from chandlery.store.series_table import Counted
from chandlery.store.sql import candle_sql as sql
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.rows import stored, stored_frame
from chandlery.store.sql.schema import CANDLE, REVISION
from chandlery.store.tiers.candle_reading import CandleReader
from chandlery.store.tiers.compare import compare

_EVER: Final = Span(-sql.EVER, sql.EVER)
_ROWS_AT_ONCE: Final = 20_000
"""Bounds the memory of a large `keep`; all slices are still one transaction."""


_NONE_COLD: Final = pl.DataFrame(schema=WARM)
"""Made once: a page that has nothing in the cold tier is the usual one."""


class CandleTable(CandleReader):
    """The candles of every series, and the older versions of those that changed."""

    def __init__(self, database: Database, clock: Clock, cold: Cold | None = None) -> None:
        super().__init__(database, cold)
        self._clock = clock
        self._sql = sql.KeyedSql.of(database.backend.words)

    @again
    def keep(
        self, candles: Candles, *, answered: Span | None, source: str, request: str = ""
    ) -> Kept:
        """Write a page, whole or not at all; writing it again changes nothing.

        `answered` is the span of open times of which the page has every closed candle; it goes
        into the ledger, with `source` and `request` as evidence: as stored, and as empty where no
        candle is. Stored forming candles in it that the page lacks are removed. Where two
        versions of a candle meet, the newer row wins whole and the older one goes to the
        revisions; a forming candle never replaces a closed one. Without `answered` the ledger
        learns only that time is not empty in which a candle stands now.

        Raises `StoreError`, and `BadCandles` when `answered` covers a candle that still forms.
        """
        _refuse_answer_about_the_future(candles, answered)
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, candles.series)
            now_ms = self._clock.now_ms()  # after the wait for the lock: versions follow in time
            if answered is not None:
                _forget_forming(conn, row, answered)
            row, kept = self._keep_rows(conn, row, candles, source=source, now_ms=now_ms)
            asked = Entry(answered or _EVER, "stored", now_ms, source, request)
            beside = _beside(candles, answered)
            ledger_table.fill(conn, row.id, candles.series.interval, beside, asked)
            if answered is not None:
                self.enter(conn, row, candles, asked)
            series_table.save(conn, row, now_ms)
        return kept

    def enter(self, conn: sa.Connection, row: Counted, page: Candles, asked: Entry) -> None:
        """Write an answer into the ledger; a hole in it may hold candles of a file.

        The caller has locked the series and written the candles.
        """
        opens = page.closed["open_time"].cast(pl.Int64)
        span = asked.span
        if len(opens) and (opens[0] < span.start or opens[-1] >= span.end):
            opens = opens.filter((opens >= span.start) & (opens < span.end))
        empty: list[Span] = []
        for hole in holes(opens, span, page.series.interval):
            held = runs(self._opens_in(conn, row, page.series, hole), page.series.interval)
            empty += subtract([hole], held)
        ledger_table.enter(conn, row.id, ledger_rule.answered(asked, empty))

    def _opens_in(self, conn: sa.Connection, row: Counted, series: Series, span: Span) -> pl.Series:
        asked = {"series_id": row.id, "start": span.start, "end": span.end}
        hot = conn.execute(sql.CLOSED_OPENS, asked).scalars().all()
        parts = part_table.parts(conn, row.id, span) if row.cold else []
        if not parts:
            return pl.Series(hot, dtype=pl.Int64)
        cold = self.cold_tier().read(series, parts, columns=("open_time",))["open_time"]
        return pl.Series([*cold.dt.epoch("ms"), *hot], dtype=pl.Int64).unique().sort()

    def _keep_rows(
        self, conn: sa.Connection, row: Counted, candles: Candles, *, source: str, now_ms: int
    ) -> tuple[Counted, Kept]:
        kept = Kept()
        for page in stored(candles).iter_slices(_ROWS_AT_ONCE):
            cold = self._there_cold(conn, row, candles.series, page)
            there = _as_stored(cold) | self._there(conn, row, page)
            change = compare(page, there)
            known_ms = self._put_aside(conn, row, change.revised_ms, cold, now_ms=now_ms)
            if not change.rows.is_empty():
                fixed = {"series_id": row.id, "known_ms": known_ms, "source": source}
                self._database.backend.upsert(conn, CANDLE, change.rows, fixed)
            row = series_table.counted(row, change)
            kept += change.kept
        return row, kept

    def _there(
        self, conn: sa.Connection, row: Counted, page: pl.DataFrame
    ) -> dict[int, Sequence[Any]]:
        opens = page["open_ms"].to_list()
        if not _any_there(conn, row, opens):
            return {}
        return {found[0]: found for found in conn.execute(self._sql.there, self._keyed(row, opens))}

    def _there_cold(
        self, conn: sa.Connection, row: Counted, series: Series, page: pl.DataFrame
    ) -> pl.DataFrame:
        """What the cold tier has of the page's times, in the columns of WARM."""
        between = Span(page["open_ms"][0], page["open_ms"][-1] + 1) if page.height else None
        parts = part_table.parts(conn, row.id, between) if row.cold and between else []
        if not parts:
            return _NONE_COLD
        opens = page["open_ms"].implode()
        found = self.cold_tier().read(series, parts)
        return found.filter(pl.col("open_time").dt.epoch("ms").is_in(opens))

    def _put_aside(
        self,
        conn: sa.Connection,
        row: Counted,
        revised_ms: Iterable[int],
        cold: pl.DataFrame,
        *,
        now_ms: int,
    ) -> int:
        """Copy what is replaced to the revisions; the cold tier's where the hot one has none.

        Gives the moment from which the newer versions count. It is later than that of the ones
        before them, also when the clock went back: in the lake the newest known version counts.
        """
        revised = list(revised_ms)
        if not revised:
            return now_ms
        keyed = self._keyed(row, revised)
        hot = {found[0] for found in conn.execute(self._sql.there, keyed)}
        older = cold.filter(pl.col("open_time").dt.epoch("ms").is_in(revised))
        known = (conn.execute(self._sql.newest, keyed).scalar(), older["known_ms"].max())
        now_ms = max(now_ms, *(int(str(ms)) + 1 for ms in known if ms is not None))
        conn.execute(self._sql.put_aside, keyed | {"now_ms": now_ms})
        only_cold = pl.Series([ms for ms in revised if ms not in hot], dtype=pl.Int64)
        old = cold.filter(pl.col("open_time").dt.epoch("ms").is_in(only_cold.implode()))
        if old.height:
            fixed = {"series_id": row.id, "closed": 1, "replaced_ms": now_ms}
            conn.execute(sa.insert(REVISION), [{**one, **fixed} for one in _values(old)])
        return now_ms

    def _keyed(self, row: Counted, open_ms: list[int]) -> dict[str, object]:
        return {"series_id": row.id, "keys": self._database.backend.keys(open_ms)}


def _as_stored(cold: pl.DataFrame) -> dict[int, Sequence[Any]]:
    """Rows of the cold tier as the hot one would give them."""
    if cold.is_empty():
        return {}
    return {row[0]: (*row, 1) for row in stored_frame(cold.drop("known_ms", "source")).rows()}


def _values(cold: pl.DataFrame) -> Iterable[dict[str, Any]]:
    """The rows of WARM as values for Core's INSERT."""
    times = {"open_time": "open_ms", "close_time": "close_ms"}
    whole = cold.with_columns(pl.col(name).dt.epoch("ms") for name in times).rename(times)
    return whole.iter_rows(named=True)


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


def _beside(page: Candles, answered: Span | None) -> pl.Series:
    """The open times of closed candles that the answer does not speak of."""
    opens = page.closed["open_time"].dt.epoch("ms")
    if answered is None or opens.is_empty():
        return opens
    if opens[0] >= answered.start and opens[-1] < answered.end:
        return opens.clear()
    return opens.filter((opens < answered.start) | (opens >= answered.end))


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
