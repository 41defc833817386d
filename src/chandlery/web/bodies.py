"""Bodies of requests: JSON that cannot be read is the sender's fault, whatever is wrong with it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider


class BodyReader(DefaultJSONProvider):
    """Flask's own, for which a body of thousands of brackets would be our error."""

    def loads(self, s: str | bytes, **options: Any) -> Any:  # noqa: ANN401  JSON
        """What the text says. Raises `ValueError`, which leads to a 4xx."""
        try:
            return super().loads(s, **options)
        except RecursionError as error:
            msg = "The body is nested too deeply."
            raise ValueError(msg) from error


def register(app: Flask) -> None:
    """Let `app` read bodies in this way."""
    app.json = BodyReader(app)
