"""Wanted series: those that people asked to keep, beside those of the settings."""

from __future__ import annotations

import sqlalchemy as sa

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import WANTED


class WantedTable:
    """The series that are kept because somebody asked for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self) -> tuple[Series, ...]:
        """All of them, the oldest wish first."""
        wanted = sa.select(WANTED.c.series).order_by(WANTED.c.since_ms, WANTED.c.series)
        with self._database.reading() as conn:
            return tuple(Series.parse(text) for text in conn.execute(wanted).scalars())

    def add(self, series: Series) -> bool:
        """Want a series from now on; False when it was wanted already."""
        wish = (
            self._database.backend.insert(WANTED)
            .values(series=str(series), since_ms=self._clock.now_ms())
            .on_conflict_do_nothing()
            .returning(WANTED.c.series)
        )
        with self._database.writing() as conn:
            return conn.execute(wish).one_or_none() is not None

    def remove(self, series: Series) -> bool:
        """Want it no more; False when it was not wanted. What is stored of it stays."""
        gone = sa.delete(WANTED).where(WANTED.c.series == str(series)).returning(WANTED.c.series)
        with self._database.writing() as conn:
            return conn.execute(gone).one_or_none() is not None
