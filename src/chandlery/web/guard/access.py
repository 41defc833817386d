"""The token: with one set, everything but `/healthz` is for those who carry it.

Programs carry the token itself, browsers a session that began with it; see `login`.
"""

from __future__ import annotations

import hmac
import math
import threading
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.exceptions import TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from chandlery.clock import Clock
from chandlery.web.guard.csrf import HEADER, READS
from chandlery.web.guard.sessions import Sessions

_OPEN: Final = "/healthz"
_LOGIN: Final = frozenset({"login.form", "login.sign_in", "assets.asset"})
"""What a person needs who is not let in yet: the form, and what it looks like."""
_WRONG_PER_MINUTE: Final = 30
_MINUTE_SECONDS: Final = 60.0
_CHALLENGE: Final = 'Basic realm="Chandlery", charset="UTF-8"'
"""Lets a program ask for user and password. By hand, because Flask leaves out the quotes."""
_NO_DIALOG: Final = 'Bearer realm="Chandlery"'
"""For browsers, which would ask for a password in a window of their own."""
_HOW: Final = (
    "This page asks for its token (CHANDLERY_TOKEN): sign in at /login, give it as the password of "
    "any user, or send 'Authorization: Bearer TOKEN'."
)

_TOO_MANY: Final = "Too many wrong tokens within a minute. Wait, or send the right one."


def register(app: Flask, *, token: str, clock: Clock) -> None:
    """Let in only requests that carry `token` or a session; an empty token lets everybody in.

    It comes as a bearer token or as the password of any user. Others get 401, and those who try
    wrong ones 429 after the thirtieth within a minute, by whomever; the right one always works.
    A browser that opens a page is sent to the login.
    """
    if not token:
        return
    doorman, sessions = Doorman(token, clock), Sessions(token, clock)
    app.extensions["doorman"], app.extensions["sessions"] = doorman, sessions

    @app.before_request
    def check_token() -> AnyResponse | None:
        if request.path == _OPEN or request.endpoint in _LOGIN:
            return None
        g.is_bearer = _is_bearer()
        session = None if g.is_bearer else sessions.current()
        if session is not None:
            g.admitted = g.session = session
            return None
        if "Authorization" not in request.headers:
            return _asked()
        doorman.check(_given())
        g.admitted = "password"
        if request.method not in READS and not g.is_bearer and HEADER not in request.headers:
            # A browser adds a remembered password to what a foreign page sends here, too.
            abort(403, "To change something, send the token as 'Authorization: Bearer TOKEN'.")
        return None

    sessions.register(app)
    app.after_request(_guarded)


class Doorman:
    """Knows the token, and how many have tried wrong ones."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._secret = token.encode()
        self._wrong = _WrongTries(clock)

    def check(self, given: bytes) -> None:
        """Raises `Unauthorized` for a wrong token, `TooManyRequests` when there were too many."""
        # Bytes, because texts can be compared in constant time only when they are ASCII.
        if not hmac.compare_digest(given, self._secret):
            wait = self._wrong.count()
            raise TooManyRequests(_TOO_MANY, retry_after=wait) if wait else Unauthorized(_HOW)


def _asked() -> AnyResponse:
    """To the login, for a person who opens a page. Raises `Unauthorized` for all others.

    No guess at all is no wrong try: a person must be asked even while others guess.
    """
    is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if not is_page or request.path.startswith("/api/v1/"):
        raise Unauthorized(_HOW)
    target = urlencode({"next": request.full_path.rstrip("?")})
    return redirect(f"/login?{target}", HTTPStatus.SEE_OTHER)


def _guarded(response: Response) -> Response:
    """The answer with what a guarded page adds to it."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = _NO_DIALOG if _is_browser() else _CHALLENGE
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
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _is_browser() -> bool:
    return "Mozilla/" in request.headers.get("User-Agent", "")
