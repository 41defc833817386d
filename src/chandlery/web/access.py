"""The token: with one set, everything but `/healthz` is for those who carry it."""

from __future__ import annotations

import hmac
import math
import threading
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, abort, request
from werkzeug.exceptions import TooManyRequests, Unauthorized

from chandlery.clock import Clock

_OPEN: Final = "/healthz"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WRONG_PER_MINUTE: Final = 30
_MINUTE_SECONDS: Final = 60.0
_CHALLENGE: Final = 'Basic realm="Chandlery", charset="UTF-8"'
"""Lets a browser ask for user and password. By hand, because Flask leaves out the quotes."""
_HOW: Final = (
    "This page asks for its token (CHANDLERY_TOKEN): give it as the password of any user, or send "
    "'Authorization: Bearer TOKEN'."
)

_TOO_MANY: Final = "Too many wrong tokens within a minute. Wait, or send the right one."


def register(app: Flask, *, token: str, clock: Clock) -> None:
    """Let in only requests that carry `token`; an empty token lets everybody in.

    It comes as a bearer token or as the password of any user. Others get 401, and those who try
    wrong ones 429 after the thirtieth within a minute, by whomever; the right one always works.
    """
    if not token:
        return
    secret = token.encode()
    wrong = _WrongTries(clock)

    @app.before_request
    def check_token() -> None:
        if request.path == _OPEN:
            return
        if "Authorization" not in request.headers:
            # No guess at all: a person who opens the page must be asked even while others guess.
            raise Unauthorized(_HOW)
        # Bytes, because texts can be compared in constant time only when they are ASCII.
        if not hmac.compare_digest(_given(), secret):
            wait = wrong.count()
            raise TooManyRequests(_TOO_MANY, retry_after=wait) if wait else Unauthorized(_HOW)
        if request.method not in _READS and not _is_bearer():
            # A browser adds a remembered password to what a foreign page sends here, too.
            abort(403, "To change something, send the token as 'Authorization: Bearer TOKEN'.")

    app.after_request(_guarded)


def _guarded(response: Response) -> Response:
    """The answer with what a guarded page adds to it."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = _CHALLENGE
    # A cache on the way must not hand out to others what only a token opens.
    if response.cache_control.public:
        response.cache_control.public = False
        response.cache_control.private = True
    return response


class _WrongTries:
    """Counts wrong tokens minute by minute, all together: an attacker has many addresses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began = -math.inf
        self._count = 0

    def count(self) -> int:
        """One more; the seconds to wait when these are too many, else 0."""
        with self._lock:
            now = self._clock.monotonic()
            if now - self._began >= _MINUTE_SECONDS:
                self._began, self._count = now, 0
            self._count += 1
            if self._count <= _WRONG_PER_MINUTE:
                return 0
            return math.ceil(self._began + _MINUTE_SECONDS - now)


def _given() -> bytes:
    """The token that the request carries, right or wrong."""
    if _is_bearer():
        # Flask would take a token with a '=' in it for a list of parameters.
        return (
            request.headers["Authorization"][len("Bearer ") :].strip().encode("latin-1", "replace")
        )
    basic = request.authorization
    return (basic.password or "").encode() if basic and basic.type == "basic" else b""


def _is_bearer() -> bool:
    return request.headers["Authorization"].lower().startswith("bearer ")
