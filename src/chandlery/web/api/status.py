"""How everything stands, over HTTP."""

from __future__ import annotations

from dataclasses import fields, replace

from flask import Response, current_app

from chandlery.web.answers.status import StatusAnswer
from chandlery.web.api.shared import as_json, blueprint
from chandlery.web.queries.reading import StatusQuery
from chandlery.web.source import current_source

status_api = blueprint("status", "Status", "How fresh everything is, and what goes wrong.")


@status_api.get("/status", responses={"200": StatusAnswer})
def status(query: StatusQuery) -> Response:
    """How fresh everything is, and what went wrong last."""
    report = current_source().status()
    if query.brief:
        report = replace(report, series=[], late=[])
    told = {one.name: getattr(report, one.name) for one in fields(report)}
    return as_json({"label": current_app.config["LABEL"], **told})
