"""The application factory."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from chandlery.web import access, errors, headers, metrics
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api import BLUEPRINTS
from chandlery.web.assets import assets
from chandlery.web.health import health
from chandlery.web.pages import pages
from chandlery.web.recent import RecentBodies
from chandlery.web.source import CandleSource


def create_app(
    keeper: CandleSource,
    *,
    label: str | None = None,
    hosts: Iterable[str] = (),
    token: str = "",
    queue_length: metrics.QueueLength | None = None,
) -> OpenAPI:
    """A Flask application that shows what `keeper` keeps.

    `label` is a word shown as a badge, such as SANDBOX. `hosts` are names, beside loopback's and
    plain addresses, under which the server may be reached. `token` is asked for when it is not
    empty; then any name is served. `queue_length` tells how many tasks wait at the broker, if
    there is one.
    """
    app = OpenAPI(
        "chandlery.web",
        info=Info(title="Chandlery", version=_version(), description=_ABOUT),
        doc_ui=False,
        validation_error_model=ErrorAnswer,
        validation_error_callback=errors.bad_parameters,
        static_folder=None,
    )
    app.config["LABEL"] = label
    app.extensions["source"] = keeper
    app.extensions["price_decimals"] = {}
    app.extensions["recent"] = RecentBodies(keeper.clock)
    headers.register(app, hosts=hosts, any_host=bool(token))
    access.register(app, token=token, clock=keeper.clock)
    errors.register(app)
    for part in BLUEPRINTS:
        app.register_api(part)
    for blueprint in (assets, health, pages):
        app.register_blueprint(blueprint)
    metrics.register(app, keeper, _version(), queue_length)
    return app


_ABOUT = (
    "Exchange candles and market caps as Chandlery keeps them. Prices and volumes are decimal "
    "text with the exchange's own digits; times are epoch milliseconds, UTC."
)


def _version() -> str:
    try:
        return version("chandlery")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
