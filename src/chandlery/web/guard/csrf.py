"""Actions: whatever changes something must come from our own page, or carry a bearer token.

A browser lets every page on the network send requests here, with the session's cookie or a
remembered password in them. But no other page can read ours, so none knows the value that stands
in `<meta name="csrf">`; and no script of another page can claim to come from this origin.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, abort, g, request

HEADER: Final = "X-Chandlery-Token"
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_FOREIGN: Final = (
    "This came from another page ({origin}), and only the page of this server may change "
    "something. Behind a proxy, let it pass the Host header on."
)
_PROOF: Final = (
    f"To change something, send the page's own proof as the header {HEADER}: it is the content of "
    '<meta name="csrf"> in every page; reload the page if it is old. A program with the token '
    "sends 'Authorization: Bearer TOKEN' in place of it."
)


def register(app: Flask, key: Callable[[], bytes], *, guarded: bool) -> None:
    """Refuse actions without proof; give templates `csrf_value()`.

    `key` is asked when it is first needed. `guarded` says that a token is needed for everything:
    then `access` has said in `g.admitted` as whom the request was let in; else everybody is.
    """
    known: list[bytes] = []

    def value() -> str:
        admitted = g.get("admitted") if guarded else "anybody"
        if admitted is None:
            return ""
        if not known:
            known.append(key())
        return hmac.new(known[0], admitted.encode(), "sha256").hexdigest()

    @app.before_request
    def check_action() -> None:
        if request.method in READS or g.get("is_bearer"):
            return
        if request.routing_exception is not None and not guarded:
            return  # 404 or 405: nothing that could act
        refuse_foreign()
        proof = value()
        given = request.headers.get(HEADER, "")
        # No proof at all is expected where one is not let in yet: at the login.
        if proof and not hmac.compare_digest(given.encode(), proof.encode()):
            abort(403, _PROOF)

    app.jinja_env.globals["csrf_value"] = value


def refuse_foreign() -> None:
    """403 for what a browser sends on behalf of another page; programs say no origin."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        # The browser's own word. It is only given over TLS and on loopback.
        own = site == "same-origin"
    else:
        # By host alone: with a proxy in front of us the scheme differs.
        own = origin is None or urlsplit(origin).netloc == request.host
    if not own:
        abort(403, _FOREIGN.format(origin=origin or site))
