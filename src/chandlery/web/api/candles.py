"""Candles over HTTP."""

from __future__ import annotations

from typing import Final, cast

from flask import Response, current_app

from chandlery.candles.span import Span
from chandlery.web.answers.candles import CandlesAnswer
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api.shared import blueprint, held_series, price_decimals, with_etag
from chandlery.web.candle_json import candles_json
from chandlery.web.query import END_OF_TIME_MS, CandlesQuery
from chandlery.web.recent import Body, RecentBodies, tagged
from chandlery.web.source import current_source

CACHED_LIMIT: Final = 1000
"""Longer answers are made anew each time: they are rare, and large to keep."""

candles_api = blueprint("candles", "Candles", "What is kept, exactly as it was sent.")


@candles_api.get("/candles", responses={"200": CandlesAnswer, "404": ErrorAnswer})
def candles(query: CandlesQuery) -> Response:
    """The newest candles of a series.

    Gives the newest `limit` candles whose open time lies in `[since, until)`; walk back in time
    by passing the first open time as `until`. Carries an ETag: send it back as If-None-Match and
    the answer is 304 while nothing has changed.
    """
    source = current_source()
    held = held_series(source, query.series)
    decimals = price_decimals(query.series)

    def make() -> Body:
        found = source.read(query.series, last=query.limit, span=_span(query))
        updated_ms = held.updated_ms if held else None
        return tagged(candles_json(found, price_decimals=decimals, updated_ms=updated_ms))

    if query.limit > CACHED_LIMIT:
        return with_etag(make())
    key = (query.series, query.limit, query.since, query.until, decimals)
    return with_etag(_recent().get(key, held, make))


def _recent() -> RecentBodies:
    return cast("RecentBodies", current_app.extensions["recent"])


def _span(query: CandlesQuery) -> Span | None:
    if query.since is None and query.until is None:
        return None
    return Span(query.since or 0, END_OF_TIME_MS if query.until is None else query.until)
