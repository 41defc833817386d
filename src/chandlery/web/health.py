"""`/healthz`: whether the server is there and can read its store."""

from __future__ import annotations

from flask import Blueprint, Response

from chandlery.web.source import current_source

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """`ok`, or 503 with the reason when the store cannot be read."""
    current_source().catalogue()
    return Response("ok\n", mimetype="text/plain")
