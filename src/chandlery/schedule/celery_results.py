"""Celery's results in a database as JSON that people can read, never as pickled bytes."""

from __future__ import annotations

import os
import random
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from celery.backends.database import DatabaseBackend
from celery.utils.log import get_logger
from sqlalchemy import orm

from chandlery.schedule.celery_places import place
from chandlery.schedule.celery_words import Outage
from chandlery.schedule.results_table import GROUPS, TASKS, make_tables, open_results, reason

_FIRST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 3.0
_REGISTRY: Final = orm.registry()
_LOG: Final = get_logger(__name__)


class _Row:
    """What Celery expects of a class of rows."""

    @classmethod
    def configure(cls, schema: object = None, name: object = None) -> None:
        """Celery's settings of schema and table name do not count here."""


class TaskRow(_Row):
    """One task and its result."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id

    def to_dict(self) -> dict[str, Any]:
        """By column."""
        return {name: getattr(self, name) for name in TASKS.columns.keys() if name != "id"}  # noqa: SIM118


class GroupRow(_Row):
    """One group of tasks."""

    def __init__(self, taskset_id: str, result: bytes) -> None:
        self.taskset_id = taskset_id
        self.result = result

    def to_dict(self) -> dict[str, Any]:
        """By column."""
        return {name: getattr(self, name) for name in ("taskset_id", "result", "date_done")}


_REGISTRY.map_imperatively(TaskRow, TASKS)
_REGISTRY.map_imperatively(GroupRow, GROUPS)


class Sessions:
    """The sessions of one process; a forked one opens its own connections."""

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        self._engine: sa.Engine | None = None
        self._ready = False
        self._lock = threading.Lock()
        _OPEN.add(self)

    def open(self) -> orm.Session:
        """A session on tables that are there. Raises `BadSetting`, and SQLAlchemy's errors."""
        with self._lock:
            if self._engine is None:
                self._engine = open_results(self._url, make=True)
            if not self._ready:
                make_tables(self._engine)
                self._ready = True
            return orm.Session(self._engine)

    def forget(self) -> None:
        """Open new connections from now on, after the server has gone."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()

    def forked(self) -> None:
        """Leave the parent's connections alone."""
        self._lock = threading.Lock()
        if self._engine is not None:
            self._engine.dispose(close=False)


_OPEN: Final[weakref.WeakSet[Sessions]] = weakref.WeakSet()


def _forget_connections() -> None:
    for sessions in list(_OPEN):
        sessions.forked()


os.register_at_fork(after_in_child=_forget_connections)


class ResultsBackend(DatabaseBackend):
    """Keeps results in `celery_taskmeta`; waits for a database that is away."""

    task_cls = TaskRow
    taskset_cls = GroupRow
    extended_result = False  # else Celery would put its own class of rows in place of ours

    def __init__(self, *, app: Any, url: str, **options: Any) -> None:  # noqa: ANN401  as Celery calls it
        parsed = sa.make_url(url)
        self._place = place(parsed)
        self._sessions = Sessions(parsed)
        self._away = Outage(_LOG)
        super().__init__(app=app, url=url, **options)

    def as_uri(self, include_password: bool = False) -> str:  # noqa: FBT001, FBT002  as Celery calls it
        """Where results are, for people; with their password for other processes."""
        return str(self.url) if include_password else self._place

    def ResultSession(self, session_manager: object = None) -> orm.Session:  # noqa: ARG002, N802  Celery's name
        """A session. Raises `BadSetting` when the table is another program's."""
        return self._sessions.open()

    def exception_safe_to_retry(self, exc: BaseException) -> bool:
        """Whether the database was away, locked, or had the row already."""
        return isinstance(
            exc,
            sa.exc.OperationalError
            | sa.exc.InterfaceError
            | sa.exc.IntegrityError
            | sa.exc.TimeoutError
            | orm.exc.StaleDataError,
        ) or (isinstance(exc, sa.exc.DBAPIError) and exc.connection_invalidated)

    def _ensure_retryable(self, func: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Do it as soon as the database lets us; a result is never given up."""
        for name in ("fallback_exc", "fallback_msg", "max_retries"):
            options.pop(name, None)
        wait = _FIRST_WAIT
        while True:
            try:
                done = func(*args, **options)
            except sa.exc.SQLAlchemyError as error:
                if not self.exception_safe_to_retry(error):
                    raise
                if wait > _FIRST_WAIT:
                    self._away.began(
                        f"The database of results {self._place} is away; waiting for it "
                        f"({reason(error)})"
                    )
                self._sessions.forget()
            else:
                self._away.ended(f"The database of results {self._place} is back")
                return done
            time.sleep(wait * random.uniform(0.7, 1.0))  # noqa: S311  no secret
            wait = min(2 * wait, _LONGEST_WAIT)

    def _update_result(
        self,
        task: TaskRow,
        result: Any,  # noqa: ANN401  any JSON
        state: str,
        traceback: str | None = None,
        request: Any = None,  # noqa: ANN401  as Celery calls it
    ) -> None:
        """Fill in a row; where an error of ours says all, there is no traceback."""
        module = result.get("exc_module") if isinstance(result, dict) else None
        if str(module).partition(".")[0] == "chandlery":
            traceback = None
        super()._update_result(task, result, state, traceback=traceback, request=request)

    def _decode_stored_result(self, payload: str | None) -> Any:  # noqa: ANN401  any JSON
        """JSON or nothing: Celery's own would take bytes for pickled ones."""
        return None if payload is None else self.decode(payload)
