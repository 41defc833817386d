"""`/healthz`: whether the store can be read and everything in it is fresh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import orjson
from flask import Blueprint, Response

from chandlery.clock import ms_to_text
from chandlery.collect.status import StatusReport
from chandlery.web.negotiation import wants_json
from chandlery.web.source import current_source

health = Blueprint("health", __name__)

_NAMED: Final = 20
"""So many late series are named; the others are counted."""


@health.get("/healthz")
def healthz() -> Response:
    """200 when the store can be read and no kept series is late, else 503; and why.

    Text for people, JSON when the client asks for it by `Accept` or `?format=json`.
    """
    report = current_source().status()
    code = 200 if report.healthy else 503
    if wants_json():
        return Response(orjson.dumps(_as_dict(report)), code, mimetype="application/json")
    return Response("\n".join(_lines(report)) + "\n", code, mimetype="text/plain")


def _as_dict(report: StatusReport) -> dict[str, object]:
    return {
        "healthy": report.healthy,
        "now_ms": report.now_ms,
        "series": _wanted(report),
        "late": len(report.late),
        "late_series": [asdict(one) for one in report.late[:_NAMED]],
        "market_caps": {
            "taken_ms": report.market_caps_ms,
            "late": report.market_caps_late,
            "error": report.market_caps_error,
        },
    }


def _lines(report: StatusReport) -> Iterator[str]:
    count = _wanted(report)
    if report.healthy:
        yield f"ok: {count} series, none late"
    else:
        yield f"late: {len(report.late)} of {max(count, len(report.late))} series"
    for one in report.late[:_NAMED]:
        yield str(one)
    if len(report.late) > _NAMED:
        yield f"and {len(report.late) - _NAMED} more"
    if report.market_caps_late:
        taken = report.market_caps_ms
        state = "never collected" if taken is None else f"late, the last are of {ms_to_text(taken)}"
        why = f"; {report.market_caps_error}" if report.market_caps_error else ""
        yield f"market caps: {state}{why}"


def _wanted(report: StatusReport) -> int:
    return sum(one.wanted for one in report.series)
