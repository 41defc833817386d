"""Work that people ask for, over HTTP: asked, looked at, cancelled, tried again."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from chandlery.store import TaskRecord
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.answers.tasks import TaskAnswer, TasksAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper
from chandlery.web.queries.tasks import TaskBody, TaskPath, TasksQuery

tasks_api = blueprint("tasks", "Tasks", "Work that people ask for.")


@tasks_api.get("/tasks", responses={"200": TasksAnswer})
def tasks(query: TasksQuery) -> Response:
    """Work that people asked for: how far it is, and how it ended."""
    keeper = current_keeper()
    now_ms = keeper.clock.now_ms()
    lines = [task_line(one) for one in keeper.store.tasks.latest(query.limit)]
    runners = keeper.store.task_runners.count(now_ms)
    return as_json({"now_ms": now_ms, "runners": runners, "tasks": lines})


@tasks_api.get("/tasks/<string:id>", responses={"200": TaskAnswer, "404": ErrorAnswer})
def task(path: TaskPath) -> Response:
    """One piece of work that somebody asked for."""
    return as_json({"task": task_line(current_keeper().task(path.id))})


@tasks_api.post("/tasks", responses={"202": TaskAnswer, "403": ErrorAnswer, "422": ErrorAnswer})
def ask(body: TaskBody) -> Response:
    """Ask for work. It waits until a process that does tasks takes it.

    While the same work waits or is being done, asking again gives that.
    """
    keeper = current_keeper()
    return _accepted(keeper.ask(body.kind, body.series, since=body.since, until=body.until))


@tasks_api.post(
    "/tasks/<string:id>/cancel",
    responses={"202": TaskAnswer, "403": ErrorAnswer, "404": ErrorAnswer},
)
def cancel(path: TaskPath) -> Response:
    """Cancel a task: at once if nobody is at it, else within two seconds. What came is kept."""
    return _accepted(current_keeper().cancel(path.id))


@tasks_api.post(
    "/tasks/<string:id>/retry",
    responses={"202": TaskAnswer, "403": ErrorAnswer, "404": ErrorAnswer},
)
def retry(path: TaskPath) -> Response:
    """Let a task that has ended wait anew. Nothing that was kept is fetched again."""
    return _accepted(current_keeper().retry(path.id))


def _accepted(task: TaskRecord) -> Response:
    return as_json({"task": task_line(task)}, HTTPStatus.ACCEPTED)


def task_line(task: TaskRecord) -> dict[str, object]:
    """A task as the interface shows it."""
    far = task.progress
    return {
        "id": task.id,
        "kind": task.kind,
        "series": task.series or None,
        "since_ms": task.since_ms,
        "until_ms": task.until_ms,
        "state": task.state,
        "asked_ms": task.asked_ms,
        "started_ms": task.started_ms,
        "ended_ms": task.ended_ms,
        "stopping": task.stopping,
        "progress": {
            "rows": far.candles,
            "expected_rows": far.expected,
            "bytes": far.fetched_bytes,
            "reached_ms": far.reached_ms,
            "rate_rows_s": far.rate,
            "left_s": None if far.left_ms is None else far.left_ms / 1000,
        },
        "words": task.words,
        "error": task.error,
    }
