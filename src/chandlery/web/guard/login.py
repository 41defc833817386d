"""The login: a browser gives the token once, and has a session from then on."""

from __future__ import annotations

from typing import Final, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, make_response, redirect, request
from flask import render_template as render
from werkzeug.exceptions import HTTPException

from chandlery.web.assets import built_page
from chandlery.web.guard.access import Doorman
from chandlery.web.guard.headers import policy
from chandlery.web.guard.sessions import Sessions

login = Blueprint("login", __name__, template_folder="templates")

_SEE_OTHER: Final = 303


def register(app: Flask) -> None:
    """Serve the login; only where a token is asked for."""
    app.register_blueprint(login)


@login.get("/login")
def form() -> Response:
    """The form; whoever is let in already goes on to the page at once."""
    target = _own_path(request.args.get("next", ""))
    if _sessions().current() is not None:
        return _to(target)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        # After a click on a link elsewhere the browser holds the cookie back, once: asked again
        # by our own page it sends it, if there is one.
        return _page("welcome.html", target)
    return _page("login.html", target)


@login.post("/login")
def sign_in() -> Response:
    """A session for the right token; else the form again, with what is wrong."""
    target = _own_path(request.form.get("next", ""))
    try:
        _doorman().check(request.form.get("token", "").encode())
    except HTTPException as refused:
        response = _page("login.html", target, wrong=True, too_many=refused.code == 429)  # noqa: PLR2004
        response.status_code = refused.code or 401
        response.headers.extend(
            (name, text) for name, text in refused.get_headers() if name == "Retry-After"
        )
        return response
    response = _to(target)
    _sessions().begin(response)
    return response


@login.post("/logout")
def sign_out() -> Response:
    """End the session in this browser."""
    response = Response(status=204)
    _sessions().end(response)
    return response


def _page(template: str, target: str, **told: object) -> Response:
    label = current_app.config["LABEL"]
    page = built_page("plain")
    response = make_response(render(template, page=page, label=label, target=target, **told))
    allowed = policy(form_action="'self'", style=page.style if page else "")
    response.headers["Content-Security-Policy"] = allowed
    # With none, the browser would not say from where the form comes.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_path(text: str) -> str:
    """`text` if it is a path of this server, else the front page: nobody is sent elsewhere."""
    parts = urlsplit(text)
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text
    safe = plain and not (parts.scheme or parts.netloc) and text.isprintable()
    return text if safe and parts.path != "/login" else "/"


def _to(target: str) -> Response:
    return cast("Response", redirect(target, _SEE_OTHER))


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["sessions"])


def _doorman() -> Doorman:
    return cast("Doorman", current_app.extensions["doorman"])
