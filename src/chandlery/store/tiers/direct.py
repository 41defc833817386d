"""Straight to the cold tier: many candles of time that the store knows nothing of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.lake.cold import Cold
from chandlery.store.lake.form import fits, within_ms
from chandlery.store.records import Kept
from chandlery.store.sql import candle_sql as sql
from chandlery.store.sql.database import Database
from chandlery.store.tiers import standing

_OPEN: Final = "open_time"


class Direct:
    """Writes candles to the lake first and then, in one transaction, into the catalogue."""

    def __init__(self, database: Database, clock: Clock, cold: Cold | None) -> None:
        self._database = database
        self._clock = clock
        self._cold = cold

    def put(
        self, series: Series, fresh: pl.DataFrame, *, source: str, now_ms: int
    ) -> tuple[Kept, pl.DataFrame]:
        """Write what can go there of candles (SCHEMA, ascending) that the store does not have.

        Gives what that did, and the candles that have to go to the hot tier: prices that do not
        fit, and time that is a part already. Raises `StoreError`.
        """
        if self._cold is None or fresh.is_empty():
            return Kept(), fresh
        parts = self._parts(series)
        direct, rest = _divided(fresh, _goes_cold(fresh, parts))
        if direct.is_empty():
            return Kept(), rest
        evidence = (pl.lit(now_ms, pl.Int64).alias("known_ms"), pl.lit(source).alias("source"))
        self._cold.put(series, direct.with_columns(evidence), parts)
        opens = direct[_OPEN].cast(pl.Int64)
        span = Span(int(opens[0]), series.interval.next(int(opens[-1])))
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, series)
            counted, new = standing.count(conn, self._cold, series, row, span)
            bounds = {"series_id": row.id, "start": span.start, "end": span.end}
            conn.execute(sql.FORGET_FORMING, bounds)
            series_table.save(conn, counted, self._clock.now_ms())
        return Kept(new=new), rest

    def _parts(self, series: Series) -> list[Span]:
        with self._database.reading() as conn:
            row = series_table.found(conn, series)
            return part_table.parts(conn, row.id) if row is not None else []


def _divided(frame: pl.DataFrame, chosen: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The chosen candles and the others; copies nothing when all are chosen."""
    if chosen.all():
        return frame, frame.clear()
    return frame.filter(chosen), frame.filter(~chosen)


def _goes_cold(fresh: pl.DataFrame, parts: Sequence[Span]) -> pl.Series:
    """Which of them may go to the lake before they are entered.

    Within a part they would be read at once, and never counted if this process died.
    """
    fit = fits(fresh)
    return fit & ~fresh.select(within_ms(parts)).to_series() if parts else fit
