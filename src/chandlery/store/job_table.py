"""Jobs: when each piece of repeated work was done last, and who is doing it now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from chandlery.store.database import Database
from chandlery.store.records import Finished, JobState, Tallies
from chandlery.store.run_table import RunTable
from chandlery.store.schema import JOB, TALLY

_LONGEST_HOLD_MS: Final = 3_600_000
"""A hold that ends later comes from a clock that was wrong, and does not count."""
_STATE: Final = tuple(JOB.c[name] for name in JobState.__dataclass_fields__)


class JobTable:
    """The state of every job, and the counters that runs add to."""

    def __init__(self, database: Database, runs: RunTable) -> None:
        self._database = database
        self._runs = runs

    def states(self) -> dict[str, JobState]:
        """Every job that was ever done or begun, by name."""
        with self._database.reading() as conn:
            rows = conn.execute(sa.select(*_STATE))
            return {row[0]: JobState(*row) for row in rows}

    def state(self, name: str) -> JobState:
        """One job, as it stands; a new one if it was never begun."""
        with self._database.reading() as conn:
            row = conn.execute(sa.select(*_STATE).where(JOB.c.name == name)).one_or_none()
        return JobState(name) if row is None else JobState(*row)

    def hold(self, name: str, holder: str, *, now_ms: int, until_ms: int) -> bool:
        """Take or renew the job for `holder` until `until_ms`; False when somebody else has it.

        A hold ends by itself, so that a job survives the worker that died over it.
        """
        held = {"holder": holder, "held_until_ms": until_ms}
        until = JOB.c.held_until_ms
        free = sa.or_(
            until.is_(None),
            until <= now_ms,
            until > now_ms + _LONGEST_HOLD_MS,
            JOB.c.holder == holder,
        )
        take = (
            self._database.backend.insert(JOB)
            .values(name=name, offset_ms=0, failures=0, **held)
            .on_conflict_do_update(index_elements=["name"], set_=held, where=free)
            .returning(JOB.c.name)
        )
        with self._database.writing() as conn:
            return conn.execute(take).one_or_none() is not None

    def release(self, name: str, holder: str) -> None:
        """Let go of a job that `holder` has; nothing happens when it has it no more."""
        with self._database.writing() as conn:
            conn.execute(
                sa.update(JOB)
                .where(JOB.c.name == name, JOB.c.holder == holder)
                .values(holder=None, held_until_ms=None)
            )

    def finish(self, finished: Finished, *, job: bool = True) -> None:
        """Write down a run and what it adds to the counters, whole or not at all.

        With `job` it was the run of the job of its name, which now is as it left it and free.
        """
        with self._database.writing() as conn:
            self._runs.write(conn, finished.run)
            if job:
                conn.execute(self._outcome(finished))
            self._add(conn, finished.tallies)

    def tallies(self) -> dict[tuple[str, str], int]:
        """Every counter, by name and label."""
        with self._database.reading() as conn:
            rows = conn.execute(sa.select(TALLY.c.name, TALLY.c.label, TALLY.c.value))
            return {(name, label): value for name, label, value in rows}

    def _outcome(self, finished: Finished) -> sa.Insert:
        run = finished.run
        good = finished.error is None
        first: dict[str, Any] = {
            "started_ms": run.started_ms,
            "succeeded_ms": run.started_ms if good else None,
            "offset_ms": finished.offset_ms if good else 0,
            "failures": 0 if good else 1,
            "error": finished.error,
            "error_kind": finished.error_kind,
            "holder": None,
            "held_until_ms": None,
        }
        kept = set() if good else {"succeeded_ms", "offset_ms"}
        again = {name: value for name, value in first.items() if name not in kept}
        if not good:
            again["failures"] = JOB.c.failures + 1
        return (
            self._database.backend.insert(JOB)
            .values(name=run.series, **first)
            .on_conflict_do_update(index_elements=["name"], set_=again)
        )

    def _add(self, conn: sa.Connection, tallies: Tallies) -> None:
        for (name, label), value in _in_one_order(tallies):
            insert = self._database.backend.insert(TALLY).values(
                name=name, label=label, value=value
            )
            added = {"value": TALLY.c.value + insert.excluded.value}
            conn.execute(insert.on_conflict_do_update(index_elements=["name", "label"], set_=added))


def _in_one_order(tallies: Tallies) -> Iterable[tuple[tuple[str, str], int]]:
    """Two processes that lock the same rows in different orders would wait for each other."""
    return sorted((key, value) for key, value in tallies.items() if value)
