"""What ran, and what runs again and again, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from flask import Response
from pydantic import TypeAdapter, ValidationError

from chandlery.collect.health import is_held
from chandlery.collect.jobs import Job
from chandlery.errors import BadSpan
from chandlery.store import RunRecord
from chandlery.web.answers.runs import JobsAnswer, RunsAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper
from chandlery.web.queries.reading import Time
from chandlery.web.queries.tasks import RunsQuery

runs_api = blueprint("runs", "Runs", "What ran, runs and will run.")

_TIME: Final[TypeAdapter[int]] = TypeAdapter(Time)
_COUNTS: Final = ("new", "unchanged", "revised", "requests")


@runs_api.get("/runs", responses={"200": RunsAnswer})
def runs(query: RunsQuery) -> Response:
    """What ran, newest first, and what came of it. The newest ten thousand runs are kept."""
    table = current_keeper().store.runs
    before = None
    if query.before is not None:
        before = table.place(query.before) or (_time_ms(query.before), "")
    found = table.ended(
        series=query.series or None, outcome=query.outcome, before=before, limit=query.limit + 1
    )
    lines = [_run_line(one) for one in found[: query.limit]]
    return as_json({"runs": lines, "has_more": len(found) > query.limit})


@runs_api.get("/jobs", responses={"200": JobsAnswer})
def jobs() -> Response:
    """What runs again and again: when it is due, who is at it, how it went last."""
    keeper = current_keeper()
    now_ms = keeper.clock.now_ms()
    return as_json({"now_ms": now_ms, "jobs": [_job_line(one, now_ms) for one in keeper.jobs()]})


def _time_ms(text: str) -> int:
    try:
        return _TIME.validate_python(text)
    except ValidationError as error:
        msg = f"before: '{text}' is neither the id of a run that is kept nor a time."
        raise BadSpan(msg) from error


def _run_line(run: RunRecord) -> dict[str, object]:
    report: Mapping[str, object] = orjson.loads(run.report_json)
    return {
        "id": run.id,
        "series": run.series,
        "asked": report.get("asked"),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "outcome": run.outcome,
        "error": report.get("error"),
        "error_kind": report.get("error_kind"),
        **{name: report.get(name) for name in _COUNTS},
    }


def _job_line(job: Job, now_ms: int) -> dict[str, object]:
    state = job.state
    running = is_held(state, now_ms=now_ms)
    return {
        "name": job.name,
        "due_ms": None if job.ended else job.due_ms,
        "running": running,
        "holder": state.holder if running else None,
        "started_ms": state.started_ms,
        "succeeded_ms": state.succeeded_ms,
        "failures": state.failures,
        "error": state.error,
        "error_kind": state.error_kind,
    }
