"""Errors as answers: JSON under `/api` and for who asks for it, else text; with what to do next."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

import orjson
from flask import Flask, Response, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from chandlery.candles.series import Series
from chandlery.errors import (
    InputError,
    KeptBySettings,
    NotWanted,
    RemoteError,
    StoreError,
    UnknownSeries,
    UnknownTask,
    nearest,
    printable,
    shown,
)
from chandlery.web.negotiation import wants_json
from chandlery.web.queries.reading import QUERIES

log = logging.getLogger(__name__)

_WORDS: Final = {
    "missing": "is needed",
    "extra_forbidden": "there is no such parameter",
    "int_parsing": "is not a whole number",
    "model_type": "is no JSON object; send one with 'Content-Type: application/json'",
}
"""Plainer than pydantic's own."""
_BODY: Final = "body"
"""The name of what is wrong as a whole."""
_MOST_GOT: Final = 200
_TELLING: Final = {"Allow", "Retry-After"}
"""Headers that tell a client what to do about an error."""


class NotKept(UnknownSeries):
    """A series was asked for that is neither stored nor wanted; `kept` are those that are."""

    def __init__(self, series: Series, kept: Iterable[Series]) -> None:
        self.kept = [str(one) for one in kept]
        super().__init__(str(series), nearest(str(series), self.kept))


def register(app: Flask) -> None:
    """Let `app` answer errors in this way."""
    app.register_error_handler(NotKept, _not_kept)
    app.register_error_handler(InputError, _input_error)
    for kind in (UnknownTask, NotWanted):
        app.register_error_handler(kind, _not_there)
    app.register_error_handler(KeptBySettings, _conflict)
    app.register_error_handler(RemoteError, _remote_error)
    app.register_error_handler(StoreError, _store_error)
    app.register_error_handler(HTTPException, _http_error)


def bad_parameters(error: ValidationError) -> Response:
    """422 with each parameter: what came, what is wrong, what is allowed."""
    parameters = [_parameter(error.title, detail) for detail in error.errors()]
    listed = "; ".join(f"{one['name']}: {one['problem']}" for one in parameters)
    return _answer(422, "bad_parameters", listed, parameters=parameters)


def _parameter(model: str, detail: ErrorDetails) -> dict[str, str | None]:
    fields = QUERIES[model].model_fields
    name = printable(str(detail["loc"][0])) if detail["loc"] else _BODY
    missing = detail["type"] == "missing"
    known = fields[name].description if name in fields else None
    return {
        "name": name,
        "got": None if missing or name == _BODY else _got(detail["input"]),
        "problem": _WORDS.get(detail["type"]) or _problem(detail["msg"]),
        "allowed": known or f"the parameters {', '.join(fields)}",
    }


def _problem(message: str) -> str:
    return printable(message.removeprefix("Value error, "))


def _got(value: object) -> str:
    """What came, on one line; JSON may hold halves of characters, which no answer can."""
    return printable(value[:_MOST_GOT]) if isinstance(value, str) else shown(value, _MOST_GOT)


def _not_kept(error: NotKept) -> Response:
    return _answer(404, "unknown_series", str(error), kept=error.kept)


def _input_error(error: InputError) -> Response:
    return _answer(422, "bad_request", str(error))


def _not_there(error: InputError) -> Response:
    return _answer(404, "not_found", str(error))


def _conflict(error: InputError) -> Response:
    return _answer(409, "kept_by_settings", str(error))


def _remote_error(error: RemoteError) -> Response:
    return _answer(502, "exchange_unavailable", str(error))


def _store_error(error: StoreError) -> Response:
    log.warning("%s %s: %s", request.method, request.path, error)
    answer = _answer(503, "store_unavailable", str(error))
    answer.headers["Retry-After"] = "5"
    return answer


def _http_error(error: HTTPException) -> Response:
    code = (error.name or "error").lower().replace(" ", "_")
    answer = _answer(error.code or 500, code, error.description or error.name)
    answer.headers.extend((name, text) for name, text in error.get_headers() if name in _TELLING)
    return answer


def _answer(status: int, code: str, message: str, **more: object) -> Response:
    if not request.path.startswith("/api/v1/") and not wants_json():
        return Response(f"{message}\n", status, mimetype="text/plain")
    body = orjson.dumps({"error": {"code": code, "message": message, **more}})
    return Response(body, status, mimetype="application/json")
