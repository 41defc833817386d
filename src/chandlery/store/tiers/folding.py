"""Folding: closed candles go from the hot tier to the cold one when there are enough of them.

Crash-safe without a lock: they are written to the lake first and then, in one transaction, taken
out of the hot tier and entered as parts. Whoever dies in between leaves them in both, where they
are the same candles, and the next fold writes them again in the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.lake.cold import Cold
from chandlery.store.lake.form import WARM, fits
from chandlery.store.sql import candle_sql as sql
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.tiers import standing
from chandlery.store.tiers.candle_reading import closed_rows
from chandlery.store.work.permit_table import claim

_BEGINNING: Final = -sql.EVER


@dataclass(frozen=True, slots=True)
class FoldPolicy:
    """When candles are folded, and into how large files."""

    keep_hot: int = 5_000
    """So many of the newest closed candles stay in the hot tier, where charts find them."""
    least: int = 20_000
    """So many at least make a fold: many small files are slow to open."""
    most: int = 40_000
    """So many at most are in memory at once."""
    file_rows: int = 400_000
    """How large compaction makes files."""
    neighbours: int = 4
    """So many small files that lie beside each other are made one."""
    grace_hours: float = 24.0
    """How long files that were replaced stay for those who are reading them."""


DEFAULT: Final = FoldPolicy()


class Folding:
    """Moves candles of one store to its cold tier, and keeps that tidy."""

    def __init__(
        self, database: Database, clock: Clock, cold: Cold | None, policy: FoldPolicy = DEFAULT
    ) -> None:
        self._database = database
        self._clock = clock
        self._cold = cold
        self.policy = policy
        self._remove = sql.KeyedSql.of(database.backend.words).remove

    def is_due(self, series: Series) -> bool:
        """Whether enough candles stand in the hot tier for a fold."""
        if self._cold is None:
            return False
        with self._database.reading() as conn:
            row = series_table.found(conn, series)
        policy = self.policy
        return row is not None and row.candles - row.cold >= policy.keep_hot + policy.least

    def fold(self, series: Series, *, everything: bool = False) -> int:
        """Move what is due, or all but the newest candles, and make files large; how many moved.

        Repeating it does no harm, nor do two at once. Raises `StoreError`.
        """
        moved = 0
        # Candles that do not fit are left where they are, and do not keep this going.
        while self._cold is not None and (everything or self.is_due(series)):
            step = self._step(series, self._cold)
            moved += step
            if step < self.policy.most:
                break
        if moved:
            self.tidy(series)
        return moved

    def tidy(self, series: Series) -> None:
        """Make small files large, and delete what nobody can be reading any more, once a day."""
        if self._cold is None:
            return
        policy = self.policy
        self._cold.compact(series, rows=policy.file_rows, least=policy.neighbours)
        name = f"vacuum {series.exchange} {series.interval.slug}"
        if claim(self._database, name, now_ms=self._clock.now_ms(), every_ms=DAY_MS):
            self._cold.vacuum(series, policy.grace_hours)

    def _step(self, series: Series, cold: Cold) -> int:
        with self._database.reading() as conn:
            row = series_table.found(conn, series)
            if row is None:
                return 0
            cut = {"series_id": row.id, "place": self.policy.keep_hot}
            before = conn.execute(sql.NTH_NEWEST, cut).scalar_one_or_none()
            if before is None:
                return 0
            span = Span(_BEGINNING, before + 1)
            frame = closed_rows(conn, row.id, span, most=self.policy.most)
            parts = part_table.parts(conn, row.id)
        frame = frame.filter(fits(frame))
        if frame.is_empty():
            return 0
        cold.put(series, frame, parts)
        return self._settle(series, frame, cold)

    @again
    def _settle(self, series: Series, frame: pl.DataFrame, cold: Cold) -> int:
        """Take out of the hot tier what is in the lake now, unless it has changed meanwhile."""
        opens = frame["open_time"].dt.epoch("ms")
        span = Span(int(opens[0]), series.interval.next(int(opens[-1])))
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, series)
            hot = closed_rows(conn, row.id, span)
            same = hot.join(frame, on=list(WARM), how="semi", nulls_equal=True)
            if same.is_empty():
                return 0  # somebody else has folded them in between
            counted, _ = standing.count(conn, cold, series, row, span)
            keys = same["open_time"].dt.epoch("ms").to_list()
            self._forget(conn, row.id, keys)
            series_table.save_folded(conn, counted)
        return len(keys)

    def _forget(self, conn: sa.Connection, series_id: int, keys: list[int]) -> None:
        asked = {"series_id": series_id, "keys": self._database.backend.keys(keys)}
        conn.execute(self._remove, asked)
