"""Tasks: what people asked for, who is doing it, how far it is and how it ended."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.work.task_records import TaskKind, TaskProgress, TaskRecord, TaskState

_KEEP_ENDED: Final = 500
_LONGEST_HOLD_MS: Final = 3_600_000
"""A hold that ends later comes from a clock that was wrong, and does not count."""
CANCELLED: Final = "Cancelled before it began."

_PROGRESS: Final = ("candles", "expected", "fetched_bytes", "reached_ms", "rate", "left_ms")
_BEFORE: Final = ("id", "kind", "series", "since_ms", "until_ms", "state", "asked_ms")
_COLUMNS: Final = ", ".join(
    (*_BEFORE, "started_ms", "ended_ms", *_PROGRESS, "words", "error", "tries", "stopping")
)
_SET_PROGRESS: Final = ", ".join(f"{name} = :{name}" for name in _PROGRESS)
_NO_PROGRESS: Final = (
    "candles = 0, expected = NULL, fetched_bytes = 0, reached_ms = NULL, rate = NULL, "
    "left_ms = NULL"
)
_LET_GO: Final = "holder = NULL, held_until_ms = NULL"
_HELD: Final = "id = :id AND holder = :holder AND state = 'running'"
_NOT_HELD: Final = (
    "(state = 'queued' OR (state = 'running' AND (held_until_ms IS NULL "
    "OR held_until_ms <= :now_ms OR held_until_ms > :absurd_ms)))"
)
_SAME: Final = (
    "kind = :kind AND series = :series AND COALESCE(since_ms, -1) = :since_key "
    "AND COALESCE(until_ms, -1) = :until_key AND state IN ('queued', 'running')"
)


_ADD: Final = sa.text(
    f"INSERT INTO task ({', '.join(_BEFORE)}, candles, fetched_bytes, words, tries, stopping) "  # noqa: S608  names are ours
    "VALUES (:id, :kind, :series, :since_ms, :until_ms, 'queued', :asked_ms, 0, 0, '', 0, 0) "
    "ON CONFLICT DO NOTHING"
)
_OPEN: Final = sa.text(f"SELECT {_COLUMNS} FROM task WHERE {_SAME}")  # noqa: S608
_ONE: Final = sa.text(f"SELECT {_COLUMNS} FROM task WHERE id = :id")  # noqa: S608
_NEWEST: Final = sa.text(
    f"SELECT {_COLUMNS} FROM task ORDER BY asked_ms DESC, id DESC LIMIT :limit"  # noqa: S608
)
_WAITING: Final = sa.text(f"SELECT 1 FROM task WHERE {_NOT_HELD} LIMIT 1")  # noqa: S608
_CLAIM: Final = sa.text(
    "UPDATE task SET state = 'running', holder = :holder, held_until_ms = :until_ms, "  # noqa: S608
    "started_ms = COALESCE(started_ms, :now_ms), tries = tries + 1 "
    f"WHERE id = (SELECT id FROM task WHERE {_NOT_HELD} ORDER BY asked_ms, id LIMIT 1) "
    f"AND {_NOT_HELD} RETURNING {_COLUMNS}"
)
_RENEW: Final = sa.text(
    f"UPDATE task SET {_SET_PROGRESS}, words = :words, held_until_ms = :until_ms "  # noqa: S608
    f"WHERE {_HELD} RETURNING stopping"
)
_FINISH: Final = sa.text(
    f"UPDATE task SET {_SET_PROGRESS}, state = :state, ended_ms = :ended_ms, words = :words, "  # noqa: S608
    f"error = :error, stopping = 0, {_LET_GO} WHERE {_HELD} RETURNING id"
)
_GIVE_BACK: Final = sa.text(
    f"UPDATE task SET state = 'queued', tries = tries - 1, {_LET_GO} WHERE {_HELD}"  # noqa: S608
)
_CANCEL: Final = sa.text(
    f"UPDATE task SET state = 'cancelled', ended_ms = :now_ms, words = :words, {_LET_GO} "  # noqa: S608
    f"WHERE id = :id AND {_NOT_HELD}"
)
_STOP: Final = sa.text("UPDATE task SET stopping = 1 WHERE id = :id AND state = 'running'")
_RETRY: Final = sa.text(
    f"UPDATE task SET state = 'queued', asked_ms = :now_ms, started_ms = NULL, ended_ms = NULL, "  # noqa: S608
    f"{_NO_PROGRESS}, words = '', error = NULL, tries = 0, stopping = 0 WHERE id = :id AND "
    "state NOT IN ('queued', 'running') AND NOT EXISTS (SELECT 1 FROM task AS other WHERE "
    "other.state IN ('queued', 'running') AND other.kind = task.kind "
    "AND other.series = task.series "
    "AND COALESCE(other.since_ms, -1) = COALESCE(task.since_ms, -1) "
    "AND COALESCE(other.until_ms, -1) = COALESCE(task.until_ms, -1))"
)
_FORGET: Final = sa.text(
    "DELETE FROM task WHERE id IN (SELECT id FROM task WHERE state NOT IN ('queued', 'running') "
    "ORDER BY asked_ms DESC, id DESC LIMIT 1000 OFFSET :keep)"
)


class TaskTable:
    """Every open task and the newest of those that have ended. One holder for each at a time."""

    def __init__(self, database: Database, *, keep_ended: int = _KEEP_ENDED) -> None:
        self._database = database
        self._keep_ended = keep_ended

    def add(
        self, kind: TaskKind, series: str, since_ms: int | None, until_ms: int | None, now_ms: int
    ) -> TaskRecord:
        """Ask for work; the open task of the same, if there is one, else a new one."""
        asked = {"kind": kind, "series": series, "since_ms": since_ms, "until_ms": until_ms}
        same = {"kind": kind, "series": series, "since_key": since_ms, "until_key": until_ms}
        same = {name: -1 if value is None else value for name, value in same.items()}
        while True:
            with self._database.writing() as conn:
                conn.execute(_ADD, asked | {"id": uuid.uuid4().hex, "asked_ms": now_ms})
                conn.execute(_FORGET, {"keep": self._keep_ended})
                row = conn.execute(_OPEN, same).one_or_none()
            # The one that was in the way may have ended in this very moment.
            if row is not None:
                return _record(row)

    def get(self, id_: str) -> TaskRecord | None:
        """One task, or None when there is none of that id."""
        with self._database.reading() as conn:
            row = conn.execute(_ONE, {"id": id_}).one_or_none()
        return None if row is None else _record(row)

    def latest(self, limit: int) -> list[TaskRecord]:
        """At most `limit` tasks, those asked for last first."""
        with self._database.reading() as conn:
            return [_record(row) for row in conn.execute(_NEWEST, {"limit": limit})]

    def is_waiting(self, now_ms: int) -> bool:
        """Whether some task waits for a holder; only reads."""
        with self._database.reading() as conn:
            return conn.execute(_WAITING, _moment(now_ms)).one_or_none() is not None

    @again
    def claim(self, holder: str, *, now_ms: int, until_ms: int) -> TaskRecord | None:
        """Take the task that has waited longest, or whose holder shows no life; None if none does.

        The hold ends by itself at `until_ms`, so that a task survives the process it died with.
        """
        take = {"holder": holder, "until_ms": until_ms, **_moment(now_ms)}
        with self._database.writing(lasting=False) as conn:
            row = conn.execute(_CLAIM, take).one_or_none()
        return None if row is None else _record(row)

    @again
    def renew(
        self, id_: str, holder: str, progress: TaskProgress, words: str, *, until_ms: int
    ) -> bool | None:
        """Write how far it is and hold on; whether it shall stop, None when it was lost."""
        now = {"id": id_, "holder": holder, "words": words, "until_ms": until_ms}
        with self._database.writing(lasting=False) as conn:
            row = conn.execute(_RENEW, now | asdict(progress)).one_or_none()
        return None if row is None else bool(row[0])

    @again
    def finish(  # noqa: PLR0913  what a task ends with
        self,
        id_: str,
        holder: str,
        progress: TaskProgress,
        *,
        state: TaskState,
        words: str,
        error: str | None,
        ended_ms: int,
    ) -> bool:
        """Write down how it ended; False when the holder has lost it."""
        end = {"id": id_, "holder": holder, "state": state, "words": words, "error": error}
        with self._database.writing() as conn:
            row = conn.execute(_FINISH, end | asdict(progress) | {"ended_ms": ended_ms})
            return row.one_or_none() is not None

    def give_back(self, id_: str, holder: str) -> None:
        """Let somebody else go on with it; nothing happens when the holder has lost it."""
        with self._database.writing(lasting=False) as conn:
            conn.execute(_GIVE_BACK, {"id": id_, "holder": holder})

    def cancel(self, id_: str, now_ms: int) -> TaskRecord | None:
        """End a task that nobody does at once, tell the holder of another; as it then stands."""
        with self._database.writing() as conn:
            conn.execute(_CANCEL, {"id": id_, "words": CANCELLED, **_moment(now_ms)})
            conn.execute(_STOP, {"id": id_})
        return self.get(id_)

    def retry(self, id_: str, now_ms: int) -> TaskRecord | None:
        """Queue a task that has ended anew, unless the same is open already; the open one."""
        with self._database.writing() as conn:
            conn.execute(_RETRY, {"id": id_, "now_ms": now_ms})
        task = self.get(id_)
        if task is None or task.is_open:
            return task
        return self.add(task.kind, task.series, task.since_ms, task.until_ms, now_ms)


def _moment(now_ms: int) -> dict[str, int]:
    return {"now_ms": now_ms, "absurd_ms": now_ms + _LONGEST_HOLD_MS}


def _record(row: sa.Row[Any]) -> TaskRecord:
    named = row._asdict()
    named["progress"] = TaskProgress(**{name: named.pop(name) for name in _PROGRESS})
    named["stopping"] = bool(named["stopping"])
    return TaskRecord(**named)
