"""Jobs: when each piece of repeated work was done last, and who is doing it now."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chandlery.store.records import Finished, JobState, Tallies
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import TALLY
from chandlery.store.work.run_table import RunTable

_LONGEST_HOLD_MS: Final = 3_600_000
"""A hold that ends later comes from a clock that was wrong, and does not count."""
# Written out, for each run needs them: building them with Core takes longer than they run.
_COLUMNS: Final = ", ".join(JobState.__dataclass_fields__)
_ALL: Final = sa.text(f"SELECT {_COLUMNS} FROM job")  # noqa: S608  names are ours
_ONE: Final = sa.text(f"SELECT {_COLUMNS} FROM job WHERE name = :name")  # noqa: S608
_HOLD: Final = sa.text(
    "INSERT INTO job (name, offset_ms, failures, holder, held_until_ms) "
    "VALUES (:name, 0, 0, :holder, :until_ms) ON CONFLICT (name) DO UPDATE "
    "SET holder = excluded.holder, held_until_ms = excluded.held_until_ms "
    "WHERE job.held_until_ms IS NULL OR job.held_until_ms <= :now_ms "
    "OR job.held_until_ms > :absurd_ms OR job.holder = excluded.holder RETURNING name"
)
_RELEASE: Final = sa.text(
    "UPDATE job SET holder = NULL, held_until_ms = NULL WHERE name = :name AND holder = :holder"
)
_FIRST: Final = (
    f"INSERT INTO job ({_COLUMNS}) VALUES (:name, :started_ms, :succeeded_ms, :offset_ms, "  # noqa: S608
    ":failures, :error, :error_kind, NULL, NULL) ON CONFLICT (name) DO UPDATE SET "
    "started_ms = excluded.started_ms, error = excluded.error, error_kind = excluded.error_kind, "
    "holder = NULL, held_until_ms = NULL"
)
_GOOD: Final = sa.text(
    f"{_FIRST}, failures = 0, succeeded_ms = excluded.succeeded_ms, offset_ms = excluded.offset_ms"
)
_BAD: Final = sa.text(f"{_FIRST}, failures = job.failures + 1")
_ADD: Final = sa.text(
    "INSERT INTO tally (name, label, value) VALUES (:name, :label, :value) "
    "ON CONFLICT (name, label) DO UPDATE SET value = tally.value + excluded.value"
)


class JobTable:
    """The state of every job, and the counters that runs add to."""

    def __init__(self, database: Database, runs: RunTable) -> None:
        self._database = database
        self._runs = runs

    def states(self) -> dict[str, JobState]:
        """Every job that was ever done or begun, by name."""
        with self._database.reading() as conn:
            return {row[0]: JobState(*row) for row in conn.execute(_ALL)}

    def state(self, name: str) -> JobState:
        """One job, as it stands; a new one if it was never begun."""
        with self._database.reading() as conn:
            row = conn.execute(_ONE, {"name": name}).one_or_none()
        return JobState(name) if row is None else JobState(*row)

    @again
    def hold(self, name: str, holder: str, *, now_ms: int, until_ms: int) -> bool:
        """Take or renew the job for `holder` until `until_ms`; False when somebody else has it.

        A hold ends by itself, so that a job survives the worker that died over it.
        """
        take = {
            "name": name,
            "holder": holder,
            "until_ms": until_ms,
            "now_ms": now_ms,
            "absurd_ms": now_ms + _LONGEST_HOLD_MS,
        }
        # Not lasting, as all that is written here: after a power cut nobody holds anything, and
        # work that is not written down is only done again.
        with self._database.writing(lasting=False) as conn:
            return conn.execute(_HOLD, take).one_or_none() is not None

    @again
    def release(self, name: str, holder: str) -> None:
        """Let go of a job that `holder` has; nothing happens when it has it no more."""
        with self._database.writing(lasting=False) as conn:
            conn.execute(_RELEASE, {"name": name, "holder": holder})

    @again
    def finish(self, finished: Finished, *, job: bool = True) -> None:
        """Write down a run and what it adds to the counters, whole or not at all.

        With `job` it was the run of the job of its name, which now is as it left it and free.
        """
        tallies = _in_one_order(finished.tallies)
        with self._database.writing(lasting=False) as conn:
            self._runs.write(conn, finished.run)
            if job:
                conn.execute(_GOOD if finished.error is None else _BAD, _outcome(finished))
            if tallies:
                conn.execute(_ADD, tallies)

    @again
    def count(self, tallies: Tallies) -> None:
        """Add to counters what no run has brought."""
        with self._database.writing(lasting=False) as conn:
            conn.execute(_ADD, _in_one_order(tallies))

    def tallies(self) -> dict[tuple[str, str], int]:
        """Every counter, by name and label."""
        with self._database.reading() as conn:
            rows = conn.execute(sa.select(TALLY.c.name, TALLY.c.label, TALLY.c.value))
            return {(name, label): value for name, label, value in rows}


def _outcome(finished: Finished) -> dict[str, object]:
    run = finished.run
    good = finished.error is None
    return {
        "name": run.series,
        "started_ms": run.started_ms,
        "succeeded_ms": run.started_ms if good else None,
        "offset_ms": finished.offset_ms if good else 0,
        "failures": 0 if good else 1,
        "error": finished.error,
        "error_kind": finished.error_kind,
    }


def _in_one_order(tallies: Tallies) -> list[dict[str, object]]:
    """Two processes that lock the same rows in different orders would wait for each other."""
    return [
        {"name": name, "label": label, "value": value}
        for (name, label), value in sorted(tallies.items())
        if value
    ]
