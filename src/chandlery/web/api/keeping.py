"""Which series are kept, beside those of the settings, over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.answers.tasks import ForgottenAnswer, KeptAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper
from chandlery.web.api.tasks import task_line
from chandlery.web.queries_tasks import ForgetQuery, KeepBody

keeping_api = blueprint("keeping", "Series", "What is kept, and what could be.")


@keeping_api.post(
    "/series",
    responses={
        "201": KeptAnswer,
        "200": KeptAnswer,
        "403": ErrorAnswer,
        "422": ErrorAnswer,
        "502": ErrorAnswer,
    },
)
def keep(body: KeepBody) -> Response:
    """Keep a series from now on, beside those of the settings; with its history if wanted.

    The exchange is asked whether it has such candles. 200 when the series is kept already.
    """
    keeper = current_keeper()
    series, created = keeper.keep(body.series)
    task = task_line(keeper.ask("backfill", series)) if body.backfill else None
    status = HTTPStatus.CREATED if created else HTTPStatus.OK
    return as_json({"series": str(series), "created": created, "task": task}, status)


@keeping_api.delete(
    "/series",
    responses={
        "200": ForgottenAnswer,
        "403": ErrorAnswer,
        "404": ErrorAnswer,
        "409": ErrorAnswer,
    },
)
def forget(query: ForgetQuery) -> Response:
    """Keep a series no more. What is stored of it stays and can still be read.

    409 for a series of the settings, with where they have it.
    """
    return as_json({"series": str(current_keeper().forget(query.series))})
