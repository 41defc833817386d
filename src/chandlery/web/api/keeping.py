"""Which series are kept, beside those of the settings, over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.answers.tasks import ForgottenAnswer, KeptAnswer
from chandlery.web.api.series import series_api
from chandlery.web.api.shared import as_json, current_keeper
from chandlery.web.api.tasks import task_line
from chandlery.web.queries.tasks import ForgetQuery, KeepBody

# One path is described as a whole by one blueprint, or the last one of two is all that is told.


@series_api.post(
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


@series_api.delete(
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
