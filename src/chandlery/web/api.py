"""The REST interface under `/api/v1`."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Final, cast

import orjson
from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.web.answers import (
    CandlesAnswer,
    ErrorAnswer,
    MarketCapsAnswer,
    SeriesAnswer,
    StatusAnswer,
)
from chandlery.web.candle_json import candles_json
from chandlery.web.errors import NotKept
from chandlery.web.query import END_OF_TIME_MS, CandlesQuery, StatusQuery
from chandlery.web.recent import Body, RecentBodies, tagged
from chandlery.web.source import CandleSource, HeldSeries, current_source, kept_series

CACHED_LIMIT: Final = 1000
"""Longer answers are made anew each time: they are rare, and large to keep."""
ATTRIBUTION: Final = {
    "text": "Data provided by CoinGecko",
    "url": "https://www.coingecko.com",
}

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Market data", description="What is kept, exactly as it was sent.")],
    abp_responses={"503": ErrorAnswer},
)


@api.get("/candles", responses={"200": CandlesAnswer, "404": ErrorAnswer})
def candles(query: CandlesQuery) -> Response:
    """The newest candles of a series.

    Gives the newest `limit` candles whose open time lies in `[since, until)`; walk back in time
    by passing the first open time as `until`. Carries an ETag: send it back as If-None-Match and
    the answer is 304 while nothing has changed.
    """
    source = current_source()
    held = _held(source, query.series)
    decimals = _price_decimals(query.series)

    def make() -> Body:
        found = source.read(query.series, last=query.limit, span=_span(query))
        updated_ms = held.updated_ms if held else None
        return tagged(candles_json(found, price_decimals=decimals, updated_ms=updated_ms))

    if query.limit > CACHED_LIMIT:
        return _with_etag(make())
    key = (query.series, query.limit, query.since, query.until, decimals)
    return _with_etag(_recent().get(key, held, make))


@api.get("/series", responses={"200": SeriesAnswer})
def series() -> Response:
    """The series that are kept."""
    lines = [_series_line(one, held) for one, held in kept_series(current_source()).items()]
    return _json({"series": lines})


@api.get("/market-caps", responses={"200": MarketCapsAnswer})
def market_caps() -> Response:
    """The biggest market caps, as last collected.

    Answered from the store: asking never leads to a call to CoinGecko. Show the attribution near
    the data.
    """
    source = current_source()
    snapshot = source.market_caps()
    error = source.status().market_caps_error
    age_ms = source.clock.now_ms() - snapshot.taken_ms if snapshot else None
    return _json(
        {
            "attribution": ATTRIBUTION,
            "currency": snapshot.currency if snapshot else None,
            "taken_ms": snapshot.taken_ms if snapshot else None,
            "age_ms": age_ms,
            "error": error,
            "coins": _coin_lines(snapshot) if snapshot else [],
        }
    )


@api.get("/status", responses={"200": StatusAnswer})
def status(query: StatusQuery) -> Response:
    """How fresh everything is, and what went wrong last."""
    report = current_source().status()
    if query.brief:
        report = replace(report, series=[], late=[])
    told = {one.name: getattr(report, one.name) for one in fields(report)}
    return _json({"label": current_app.config["LABEL"], **told})


def _held(source: CandleSource, series: Series) -> HeldSeries | None:
    """The catalogue line of a series that is kept. Raises `NotKept`."""
    held = next((line for line in source.catalogue() if line.series == series), None)
    # Filling in wildcards takes its time, and what is stored need not be wanted.
    if held is None and series not in (kept := kept_series(source)):
        raise NotKept(series, kept)
    return held


def _price_decimals(series: Series) -> int | None:
    # Once told it stays: looking through an exchange's thousands of symbols takes its time.
    told: dict[Series, int] = current_app.extensions["price_decimals"]
    if series not in told:
        decimals = current_source().price_decimals(series)
        if decimals is None:
            return None
        told[series] = decimals
    return told[series]


def _recent() -> RecentBodies:
    return cast("RecentBodies", current_app.extensions["recent"])


def _span(query: CandlesQuery) -> Span | None:
    if query.since is None and query.until is None:
        return None
    return Span(query.since or 0, END_OF_TIME_MS if query.until is None else query.until)


def _series_line(series: Series, held: HeldSeries | None) -> dict[str, object]:
    return {
        "series": str(series),
        "exchange": series.exchange,
        "symbol": series.symbol,
        "interval": series.interval.text,
        "price_decimals": _price_decimals(series),
        "candles": held.candles if held else 0,
        "first_ms": held.first_ms if held else None,
        "last_ms": held.last_ms if held else None,
        "updated_ms": held.updated_ms if held else None,
        "revisions": held.revisions if held else 0,
    }


def _coin_lines(snapshot: MarketCapSnapshot) -> list[dict[str, object]]:
    total = sum((coin.market_cap or Decimal(0) for coin in snapshot.coins), Decimal(0))
    return [_coin_line(coin, total) for coin in snapshot.coins]


def _coin_line(coin: MarketCap, total: Decimal) -> dict[str, object]:
    share = None if coin.market_cap is None or not total else coin.market_cap * 100 / total
    return {
        "id": coin.id,
        "symbol": coin.symbol,
        "name": coin.name,
        "rank": coin.rank,
        "price": _text(coin.price),
        "market_cap": _text(coin.market_cap),
        "share_percent": None if share is None else f"{share:.2f}",
        "volume_24h": _text(coin.volume_24h),
        "change_24h_percent": _text(coin.change_24h_percent),
        "last_updated_ms": coin.last_updated_ms,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _json(answer: object) -> Response:
    return Response(orjson.dumps(answer), mimetype="application/json")


def _with_etag(body: Body) -> Response:
    response = Response(body.data, mimetype="application/json")
    response.set_etag(body.etag)
    response.make_conditional(request)
    return response
