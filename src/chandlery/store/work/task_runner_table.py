"""Task runners: which processes do tasks now, so that a page can say when none does."""

from __future__ import annotations

import sqlalchemy as sa

from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import TASK_RUNNER

_UNTIL = TASK_RUNNER.c.alive_until_ms
_LONGEST_MS = 3_600_000
"""A life that ends later comes from a clock that was wrong, and does not count."""


class TaskRunnerTable:
    """The runners that have shown life."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def show_life(self, id_: str, *, now_ms: int, until_ms: int) -> None:
        """The runner `id_` lives until then, if nothing else is heard; the dead are forgotten."""
        life = (
            self._database.backend.insert(TASK_RUNNER)
            .values(id=id_, alive_until_ms=until_ms)
            .on_conflict_do_update(index_elements=["id"], set_={"alive_until_ms": until_ms})
        )
        with self._database.writing(lasting=False) as conn:
            conn.execute(life)
            conn.execute(sa.delete(TASK_RUNNER).where(~_alive(now_ms)))

    def leave(self, id_: str) -> None:
        """The runner `id_` has ended."""
        with self._database.writing(lasting=False) as conn:
            conn.execute(sa.delete(TASK_RUNNER).where(TASK_RUNNER.c.id == id_))

    def count(self, now_ms: int) -> int:
        """How many are alive."""
        alive = sa.select(sa.func.count()).select_from(TASK_RUNNER).where(_alive(now_ms))
        with self._database.reading() as conn:
            return int(conn.execute(alive).scalar_one())


def _alive(now_ms: int) -> sa.ColumnElement[bool]:
    return _UNTIL.between(now_ms + 1, now_ms + _LONGEST_MS)
