"""What the blueprints share: how one is made and how it answers, and which series it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from chandlery.candles.series import Series
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.errors import NotKept
from chandlery.web.recent import Body
from chandlery.web.source import CandleSource, HeldSeries, current_source, kept_series

if TYPE_CHECKING:
    from chandlery.collect.keeper import Keeper


def blueprint(name: str, tag: str, about: str) -> APIBlueprint:
    """A part of the interface, named in the description by `tag`."""
    return APIBlueprint(
        name,
        __name__,
        url_prefix="/api/v1",
        abp_tags=[Tag(name=tag, description=about)],
        abp_responses={"503": ErrorAnswer},
    )


def as_json(answer: object, status: int = 200) -> Response:
    """An answer that is made anew each time."""
    return Response(orjson.dumps(answer), status, mimetype="application/json")


def with_etag(body: Body, mimetype: str = "application/json") -> Response:
    """The body with its tag, or 304 for those who have it already."""
    response = Response(body.data, mimetype=mimetype)
    response.set_etag(body.etag)
    response.make_conditional(request)
    return response


def held_series(source: CandleSource, series: Series) -> HeldSeries | None:
    """The catalogue line of a series that is kept, None before its first. Raises `NotKept`."""
    held = next((line for line in source.catalogue() if line.series == series), None)
    # Filling in wildcards takes its time, and what is stored need not be wanted.
    if held is None and series not in (kept := kept_series(source)):
        raise NotKept(series, kept)
    return held


def price_decimals(series: Series) -> int | None:
    """Digits after the point of a price, if the exchange has told."""
    # Once told it stays: looking through an exchange's thousands of symbols takes its time.
    told = cast("dict[Series, int]", current_app.extensions["price_decimals"])
    if series not in told:
        decimals = current_source().price_decimals(series)
        if decimals is None:
            return None
        told[series] = decimals
    return told[series]


def current_keeper() -> Keeper:
    """The keeper behind this request, for views that do more than read candles."""
    return cast("Keeper", current_app.extensions["source"])
