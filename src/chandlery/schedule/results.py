"""Reading the results of Celery's tasks, without Celery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from chandlery.errors import BadSetting, StoreUnreachable, UnknownResult
from chandlery.schedule.celery_places import place, results_url
from chandlery.schedule.results_table import TASKS, has_tables, open_results, reason
from chandlery.settings import Settings, without_secrets

_FINISHED: Final = ("SUCCESS", "FAILURE", "REVOKED")
_ROWS: Final = {"columns", "rows", "rows_left_out"}


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One finished task."""

    id: str
    task: str
    state: str
    done_ms: int
    error: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    """What was asked, got and kept; empty when the task never began."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[int | str, ...], ...] = ()
    """The collected rows in Binance's form, if they are kept."""
    rows_left_out: int = 0

    @property
    def series(self) -> str | None:
        """The series that was collected, if it was such a task."""
        series = self.report.get("series")
        return None if series is None else str(series)

    def as_dict(self) -> dict[str, Any]:
        """All of it in plain types."""
        first = {"id": self.id, "task": self.task, "state": self.state, "done_ms": self.done_ms}
        rest = {"rows_left_out": self.rows_left_out, "columns": self.columns, "rows": self.rows}
        return {**first, **self.report, "error": self.error, **rest}


def read_results(settings: Settings, *, last: int) -> list[TaskResult]:
    """The newest finished tasks, newest first; none when none was ever kept.

    Raises `BadSetting` when results are kept where they cannot be listed, or the table is another
    program's, and `StoreUnreachable`.
    """
    finished = sa.select(*_COLUMNS).where(TASKS.c.status.in_(_FINISHED))
    newest = finished.order_by(TASKS.c.date_done.desc(), TASKS.c.id.desc()).limit(last)
    return _read(settings, newest)


def read_result(settings: Settings, id_: str) -> TaskResult:
    """One finished task, by its id or the beginning of it. Raises what `read_results` does.

    And `UnknownResult`, also when several ids begin so.
    """
    begins = TASKS.c.task_id.startswith(id_, autoescape=True)
    asked = sa.select(*_COLUMNS).where(begins, TASKS.c.status.in_(_FINISHED)).limit(2)
    found = _read(settings, asked)
    exact = [one for one in found if one.id == id_] or found
    if len(exact) != 1:
        raise UnknownResult(id_, several=len(exact) > 1)
    return exact[0]


def results_place(settings: Settings) -> str:
    """Where results are kept, for people."""
    url = results_url(settings)
    return without_secrets(settings.result_backend) if url is None else place(url)


_COLUMNS: Final = (
    TASKS.c.task_id,
    TASKS.c.name,
    TASKS.c.status,
    TASKS.c.result,
    TASKS.c.date_done,
    TASKS.c.args,
    TASKS.c.kwargs,
)


def _read(settings: Settings, query: sa.Select[Any]) -> list[TaskResult]:
    url = results_url(settings)
    if url is None:
        raise BadSetting(
            f"Results are kept in {results_place(settings)}, which cannot be listed. For a list, "
            "set CHANDLERY_RESULT_BACKEND to a database: db+postgresql+psycopg://… or db+sqlite://…"
        )
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return []
    engine = open_results(url, make=False)
    try:
        if not has_tables(engine):
            return []
        with engine.connect() as conn:
            return [_result(row) for row in conn.execute(query)]
    except sa.exc.OperationalError as error:
        raise StoreUnreachable(
            f"The database of results {place(url)} does not let us in. Check that it runs, and "
            f"CHANDLERY_RESULT_BACKEND. ({reason(error)})"
        ) from error
    except sa.exc.DBAPIError as error:
        raise BadSetting(
            f"Results cannot be read from {place(url)}: {reason(error)}. "
            "Check CHANDLERY_RESULT_BACKEND."
        ) from error
    finally:
        engine.dispose()


def _result(row: sa.Row[Any]) -> TaskResult:
    said = json.loads(row.result or "null")
    report, error = _parts(said) if isinstance(said, dict) else ({}, None)
    if row.status == "REVOKED":
        error = "nobody took it in time" if error == "expired" else error
    if "series" not in report:
        report = {**_asked(row), **report}
    return TaskResult(
        id=row.task_id,
        task=row.name or "",
        state=row.status,
        done_ms=_ms(row.date_done),
        error=error,
        report={name: value for name, value in report.items() if name not in _ROWS},
        columns=tuple(report.get("columns", ())),
        rows=tuple(map(tuple, report.get("rows", ()))),
        rows_left_out=report.get("rows_left_out", 0),
    )


def _parts(said: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The report, and the error if there was one, which Celery keeps in a form of its own."""
    if "exc_type" not in said:
        return said, said.get("error") or said.get("skipped")
    words = said.get("exc_message")
    words = words if isinstance(words, list) else [words]
    report = words[1] if len(words) > 1 and isinstance(words[1], dict) else {}
    return report, str(words[0] if words and words[0] else said["exc_type"])


def _asked(row: sa.Row[Any]) -> dict[str, Any]:
    """The series that a task was to collect, when its result does not say so."""
    args, words = json.loads(row.args or "null"), json.loads(row.kwargs or "null")
    series = args[0] if isinstance(args, list) and args else None
    series = words.get("series", series) if isinstance(words, dict) else series
    return {"series": series} if isinstance(series, str) else {}


def _ms(done: datetime | None) -> int:
    return 0 if done is None else int(done.replace(tzinfo=UTC).timestamp() * 1000)
