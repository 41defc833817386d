"""What people open in a browser: the page itself and the description of the interface."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask_openapi3.openapi import OpenAPI

from chandlery.web.api.market_caps import ATTRIBUTION
from chandlery.web.assets import Page, built_page
from chandlery.web.guard.headers import policy
from chandlery.web.source import current_source, kept_series

pages = Blueprint("pages", __name__, template_folder="templates")

NOT_BUILT = (
    "The page has not been built. Run `make setup` in the checkout, or install the wheel, "
    "which carries it. The interface under /api/v1 works without it: see /api/docs.\n"
)


@pages.get("/")
def index() -> Response:
    """The page: a shell with everything that does not move, filled by the front end."""
    series = [str(series) for series in kept_series(current_source())]
    asked = request.args
    # The newest candles are asked for while the script is still on its way.
    soon = None if "at" in asked or "bar" in asked else asked.get("series", *series[:1])
    return _shell("home", attribution=ATTRIBUTION, series=series, soon=soon)


@pages.get("/coverage")
def coverage() -> Response:
    """The page that says, day by day, how much of a series is there."""
    return _shell("coverage", series=[str(one) for one in kept_series(current_source())])


@pages.get("/jobs")
def jobs() -> Response:
    """The page of the work: what runs, what comes next, what ran."""
    return _shell("jobs", series=[str(one) for one in kept_series(current_source())])


@pages.get("/market")
def market() -> Response:
    """The biggest coins: now, at any kept date, and over time."""
    return _shell("market", attribution=ATTRIBUTION)


@pages.get("/api/docs")
def docs() -> Response:
    """The OpenAPI description for people, made here so that no script is needed."""
    page = built_page("plain")
    return _told("docs", page, spec=_spec(), resolve=_resolve)


@pages.get("/api/v1/openapi.json")
def openapi() -> dict[str, Any]:
    """The OpenAPI description for programs."""
    return _spec()


def _shell(entry: str, **told: object) -> Response:
    """A page with an entry of its own; what moves in it is filled in by its script."""
    page = built_page(entry)
    if page is None:
        return Response(NOT_BUILT, 503, mimetype="text/plain")
    return _told(entry, page, label=current_app.config["LABEL"], **told)


def _told(template: str, page: Page | None, **told: object) -> Response:
    response = make_response(render_template(f"{template}.html", page=page, **told))
    if page:
        allowed = policy(style=page.style, script=page.early)
        response.headers["Content-Security-Policy"] = allowed
    return response


def chosen_theme() -> str | None:
    """Light or dark, where somebody has chosen it in this browser; else the system decides."""
    chosen = request.cookies.get("theme")
    return chosen if chosen in {"light", "dark"} else None


def _spec() -> dict[str, Any]:
    return cast("dict[str, Any]", cast("OpenAPI", current_app).api_doc)


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a `$ref` points at, or the schema itself."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    name = reference.rsplit("/", 1)[1]
    return cast("dict[str, Any]", _spec()["components"]["schemas"][name])
