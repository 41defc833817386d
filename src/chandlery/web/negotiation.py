"""Which form of an answer a client asks for."""

from __future__ import annotations

from flask import request


def wants_json() -> bool:
    """Whether the client would rather have JSON than text: by `?format=json`, or by `Accept`."""
    if request.args.get("format") == "json":
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/plain"]
