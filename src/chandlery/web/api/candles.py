"""Candles over HTTP."""

from __future__ import annotations

from typing import Final, cast
from urllib.parse import quote, urlencode

from flask import Response, current_app, request

from chandlery.candles.frame import Candles
from chandlery.web.answers.candles import CandlesAnswer
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api.shared import (
    Shown,
    blueprint,
    current_keeper,
    price_decimals,
    shown_series,
    with_etag,
)
from chandlery.web.candle_forms import FORMS, JSON, asked_form, disposition
from chandlery.web.candle_json import Page, candles_json
from chandlery.web.queries.reading import CandlesQuery
from chandlery.web.recent import Body, RecentBodies, tagged
from chandlery.web.source import CandleSource, current_source

CACHED_LIMIT: Final = 2000
"""Longer answers are made anew each time: they are rare, and large to keep."""
_FORMING: Final = 2
"""So many candles at most are not closed."""

candles_api = blueprint("candles", "Candles", "What is kept, exactly as it was sent.")


@candles_api.get("/candles", responses={"200": CandlesAnswer, "404": ErrorAnswer})
def candles(query: CandlesQuery) -> Response:
    """The newest candles of a series, stored or summed.

    Gives the newest `limit` candles whose open time lies in `[since, until)`, as JSON, CSV, an
    Arrow stream or Parquet, by `format` or `Accept`. The Link header leads to the page before.
    A larger interval than those that are stored is summed exactly from the best of them. Carries
    an ETag: send it back as If-None-Match and the answer is 304 while nothing has changed.
    """
    source = current_source()
    shown = shown_series(source, query.series)
    decimals = price_decimals(query.series)
    form = asked_form(query.format)

    def make() -> Body:
        page = _page(source, query, shown)
        headers = _headers(query, page)
        if form == JSON:
            updated_ms = shown.held.updated_ms if shown.held else None
            data = candles_json(page, price_decimals=decimals, updated_ms=updated_ms)
            return tagged(data, headers=headers)
        file = FORMS[form]
        headers["Content-Disposition"] = disposition(query.series, file.ending)
        data = file.make(page.candles.frame)
        return tagged(data, file.mimetype, headers, packable=file.packable)

    if query.limit > CACHED_LIMIT:
        return with_etag(make())
    asked = (query.series, query.limit, query.since, query.until, query.forming, query.format)
    key = (*asked, form, decimals, shown.base, request.script_root)
    return with_etag(_recent().get(key, shown.held, make))


def _page(source: CandleSource, query: CandlesQuery, shown: Shown) -> Page:
    limit = query.limit
    if shown.base is not None:
        made = current_keeper().derived(
            query.series, last=limit, span=query.span, forming=query.forming
        )
        return Page(made.candles, made.has_older, made.base, made.incomplete)
    # One more tells whether there are older ones.
    found = source.read(query.series, last=limit + 1 + _FORMING, span=query.span)
    if not query.forming:
        found = Candles(query.series, found.closed)
    newest = Candles(query.series, found.frame.tail(limit), min(limit, found.unfinished))
    return Page(newest, has_older=len(found) > limit)


def _headers(query: CandlesQuery, page: Page) -> dict[str, str]:
    told = {"Chandlery-Unfinished": str(page.candles.unfinished)}
    if page.base is not None:
        told["Chandlery-Derived-From"] = quote(str(page.base), safe=":")
    if page.has_older:
        asked = {
            "series": str(query.series),
            "limit": query.limit,
            "since": query.since,
            "until": page.first_ms,
            "forming": None if query.forming else "false",
            "format": query.format,
        }
        older = urlencode({name: value for name, value in asked.items() if value is not None})
        told["Link"] = f'<{request.script_root}{request.path}?{older}>; rel="next"'
    return told


def _recent() -> RecentBodies:
    return cast("RecentBodies", current_app.extensions["recent"])
