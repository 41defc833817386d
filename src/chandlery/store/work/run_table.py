"""Runs: what was done, when, and with which result."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from typing import Final

import sqlalchemy as sa

from chandlery.candles.series import Series
from chandlery.store.records import RunRecord
from chandlery.store.sql.backend import replacing
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import RUN

_KEEP_NEWEST: Final = 10_000
"""More than a year of hourly runs; a result table that grows for ever fills disks."""

_COLUMNS: Final = RUN.columns.keys()
# Written out, for every run is written: building it with Core takes longer than it runs.
_WRITE: Final = sa.text(
    f"INSERT INTO run ({', '.join(_COLUMNS)}) "  # noqa: S608  names are ours
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) {replacing(RUN)}"
)
_NEWEST_FIRST: Final = (RUN.c.started_ms.desc(), RUN.c.id.desc())


class RunTable:
    """The newest runs."""

    def __init__(self, database: Database, *, keep_newest: int = _KEEP_NEWEST) -> None:
        self._database = database
        self._keep_newest = keep_newest
        self._kept = count()

    def keep(self, run: RunRecord) -> None:
        """Write a run, replacing what was written of the same id, and forget the oldest ones."""
        with self._database.writing() as conn:
            self.write(conn, run)

    def write(self, conn: sa.Connection, run: RunRecord) -> None:
        """The same, in a transaction of others."""
        conn.execute(_WRITE, asdict(run))
        # Looking for old ones takes longer than writing one, so a hundredth more may stand.
        if next(self._kept) % max(1, self._keep_newest // 100) == 0:
            newest = sa.select(RUN.c.id).order_by(*_NEWEST_FIRST)
            surplus = newest.offset(self._keep_newest).limit(self._keep_newest)
            conn.execute(sa.delete(RUN).where(RUN.c.id.in_(surplus)))

    def latest(self, series: Series | None, limit: int) -> list[RunRecord]:
        """At most `limit` runs, newest first; of all series when `series` is None."""
        return self.ended(series=None if series is None else str(series), limit=limit)

    def ended(
        self,
        *,
        series: str | None = None,
        outcome: str | None = None,
        before: tuple[int, str] | None = None,
        limit: int,
    ) -> list[RunRecord]:
        """At most `limit` runs, newest first; of one job, with one outcome, older than a place.

        A place is when a run began and its id; with an empty id it stands before all of its time.
        """
        wanted = sa.select(*(RUN.c[name] for name in RunRecord.__dataclass_fields__))
        if series is not None:
            wanted = wanted.where(RUN.c.series == series)
        if outcome is not None:
            wanted = wanted.where(RUN.c.outcome == outcome)
        if before is not None:
            wanted = wanted.where(sa.tuple_(RUN.c.started_ms, RUN.c.id) < sa.tuple_(*before))
        with self._database.reading() as conn:
            rows = conn.execute(wanted.order_by(*_NEWEST_FIRST).limit(limit))
            return [RunRecord(*row) for row in rows]

    def place(self, id_: str) -> tuple[int, str] | None:
        """Where the run of that id stands among the others; None when there is none."""
        wanted = sa.select(RUN.c.started_ms, RUN.c.id).where(RUN.c.id == id_)
        with self._database.reading() as conn:
            row = conn.execute(wanted).one_or_none()
        return None if row is None else (row[0], row[1])
