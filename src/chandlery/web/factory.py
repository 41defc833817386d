"""The application factory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from flask import g
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from chandlery.collect.keeper import Keeper
from chandlery.collect.live.follow import Follower
from chandlery.collect.live.hub import LiveHub
from chandlery.web import bodies, errors, metrics
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api import BLUEPRINTS
from chandlery.web.assets import assets
from chandlery.web.guard import access, csrf, headers, login
from chandlery.web.guard.sessions import derived
from chandlery.web.health import health
from chandlery.web.pages import chosen_theme, pages
from chandlery.web.recent import RecentBodies
from chandlery.web.source import CandleSource


def create_app(  # noqa: PLR0913  all by name, most seldom given
    keeper: CandleSource,
    *,
    label: str | None = None,
    hosts: Iterable[str] = (),
    token: str = "",
    queue_length: metrics.QueueLength | None = None,
    hub: LiveHub | None = None,
) -> OpenAPI:
    """A Flask application that shows what `keeper` keeps.

    `label` is a word shown as a badge, such as SANDBOX. `hosts` are names, beside loopback's and
    plain addresses, under which the server may be reached. `token` is asked for when it is not
    empty; then any name is served. `queue_length` tells how many tasks wait at the broker, if
    there is one. `hub` tells of candles as they move; without it one is made, which follows the
    exchange for those who look, if `keeper` can.
    """
    app = OpenAPI(
        "chandlery.web",
        info=Info(title="Chandlery", version=_version(), description=_ABOUT),
        doc_ui=False,
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_model=ErrorAnswer,
        validation_error_callback=errors.bad_parameters,
        static_folder=None,
    )
    app.config["LABEL"] = label
    app.config["MAX_CONTENT_LENGTH"] = _LONGEST_BODY
    app.jinja_env.globals["signed_in"] = lambda: "session" in g
    app.jinja_env.globals["chosen_theme"] = chosen_theme
    app.extensions["source"] = keeper
    app.extensions["hub"] = hub = hub or _hub(keeper, label)
    app.extensions["price_decimals"] = {}
    app.extensions["recent"] = RecentBodies(keeper.clock)
    headers.register(app, hosts=hosts, any_host=bool(token))
    access.register(app, token=token, clock=keeper.clock)
    csrf.register(app, _csrf_key(keeper, token), guarded=bool(token))
    bodies.register(app)
    errors.register(app)
    for part in BLUEPRINTS:
        app.register_api(part)
    for blueprint in (assets, health, pages):
        app.register_blueprint(blueprint)
    if token:
        login.register(app)
    metrics.register(app, keeper, _version(), queue_length, hub)
    return app


def _hub(keeper: CandleSource, label: str | None) -> LiveHub:
    follow = partial(Follower, keeper, keeps=keeper.keeps) if isinstance(keeper, Keeper) else None
    return LiveHub(keeper, follow, label=label)


def _csrf_key(keeper: CandleSource, token: str) -> Callable[[], bytes]:
    """From the token, so that a new one ends what the old one began; else from the store."""
    if token:
        return partial(derived, token, "csrf")
    return partial(keeper.secret, "csrf")


_LONGEST_BODY = 10_000
"""Bytes of a request; what people ask for is short."""
_ABOUT = (
    "Exchange candles and market caps as Chandlery keeps them. Prices and volumes are decimal "
    "text with the exchange's own digits; times are epoch milliseconds, UTC."
)


def _version() -> str:
    try:
        return version("chandlery")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
