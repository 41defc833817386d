"""What the blueprints share: how one is made and how it answers, and which series it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from chandlery.candles.series import Series
from chandlery.collect.derived.bases import base_of
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
        abp_responses={"422": ErrorAnswer, "503": ErrorAnswer},
    )


def as_json(answer: object, status: int = 200) -> Response:
    """An answer that is made anew each time."""
    return Response(orjson.dumps(answer), status, mimetype="application/json")


def with_etag(body: Body) -> Response:
    """The body with its tag, compressed for those who take that, or 304 for those who have it."""
    data, tag = body.data, body.etag
    if body.packable and "gzip" in request.headers.get("Accept-Encoding", ""):
        packed = request.accept_encodings["gzip"] > 0
    else:
        packed = False
    if packed:
        data, tag = body.gzipped, f"{tag}-gzip"
    response = Response(data, mimetype=body.mimetype, headers=dict(body.headers))
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(tag)
    response.make_conditional(request)
    return response


class Shown(NamedTuple):
    """A series that can be shown."""

    held: HeldSeries | None
    """The catalogue line of what is read; None before its first candle."""
    base: Series | None
    """Of which series it is summed; None when it is stored, or to be."""


def shown_series(source: CandleSource, series: Series) -> Shown:
    """How a series can be shown that is kept, or of which a smaller interval is.

    Raises `NotKept`.
    """
    lines = source.catalogue()
    held = next((line for line in lines if line.series == series), None)
    if held is not None and held.candles:
        return Shown(held, None)
    base = base_of(series, lines)
    if base is not None:
        return Shown(base, base.series)
    # Filling in wildcards takes its time, and what is stored need not be wanted.
    if held is None and series not in (kept := kept_series(source)):
        raise NotKept(series, kept)
    return Shown(held, None)


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
