"""Sessions: a signed cookie for a browser that has given the token, good in every process."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from flask import Flask, Response, g, request
from itsdangerous import BadSignature, TimestampSigner

from chandlery.clock import Clock

LIFE_SECONDS: Final = 14 * 86_400
"""A session that is not used for so long has ended."""
_RENEW_SECONDS: Final = 86_400


def derived(token: str, purpose: str) -> bytes:
    """A key for one purpose, which tells nothing of the token and changes with it."""
    return hmac.digest(token.encode(), f"chandlery {purpose}".encode(), "sha256")


class Sessions:
    """Begins, recognizes, renews and ends the sessions of one application.

    Nothing is stored: the cookie holds a random id and when it was signed. Its key comes from the
    token, so every process knows the session, and another token ends them all. The name of the
    cookie comes from the token too: browsers share cookies between the ports of a machine.
    """

    def __init__(self, token: str, clock: Clock) -> None:
        self.cookie: Final = f"chandlery_{derived(token, 'name').hex()[:8]}"
        self._signer = _ClockedSigner(derived(token, "session"), clock)

    def register(self, app: Flask) -> None:
        """Let every answer renew a session that is a day old."""
        app.after_request(self._renew)

    def begin(self, response: Response) -> None:
        """Give the browser a session of its own."""
        self._set(response, secrets.token_urlsafe(18))

    def end(self, response: Response) -> None:
        """Let the browser forget its session."""
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="Strict")

    def current(self) -> str | None:
        """The id of the session that the request carries, if it is good."""
        given = request.cookies.get(self.cookie, "")
        try:
            signed, moment = self._signer.unsign(given, LIFE_SECONDS, return_timestamp=True)
        except BadSignature:
            return None
        age = self._signer.get_timestamp() - round(moment.timestamp())
        g.session_to_renew = signed.decode() if age > _RENEW_SECONDS else None
        return signed.decode()

    def _renew(self, response: Response) -> Response:
        id_ = g.pop("session_to_renew", None)
        if id_ is not None and self.cookie not in response.headers.get("Set-Cookie", ""):
            self._set(response, id_)
        return response

    def _set(self, response: Response, id_: str) -> None:
        response.set_cookie(
            self.cookie,
            self._signer.sign(id_).decode(),
            max_age=LIFE_SECONDS,
            path="/",
            secure=is_https(),
            httponly=True,
            samesite="Strict",
        )


class _ClockedSigner(TimestampSigner):
    """The signer, by our clock."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        super().__init__(key, salt="chandlery.session", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Seconds since 1970."""
        return self._clock.now_ms() // 1000


def is_https() -> bool:
    """Whether the browser speaks TLS, with us or with a proxy in front of us.

    Whoever claims it without a proxy only keeps a cookie of his own from being sent.
    """
    return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
