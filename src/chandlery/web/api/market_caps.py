"""Market caps over HTTP: now, at an earlier time, over time, and what changed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from flask import Response

from chandlery.collect.market_past import Change, CoinPast, Mover
from chandlery.collect.market_view import MarketView
from chandlery.market import MarketCap
from chandlery.web.answers.market_caps import (
    MarketCapsAnswer,
    MarketChangesAnswer,
    MarketHistoryAnswer,
    MarketTimesAnswer,
)
from chandlery.web.api.shared import as_json, blueprint, current_keeper
from chandlery.web.queries.market import MarketCapsQuery, MarketChangesQuery, MarketHistoryQuery
from chandlery.web.source import current_source

ATTRIBUTION: Final = {
    "text": "Data provided by CoinGecko",
    "url": "https://www.coingecko.com",
}

market_caps_api = blueprint("market_caps", "Market caps", "The biggest coins, by CoinGecko.")


@market_caps_api.get("/market-caps", responses={"200": MarketCapsAnswer})
def market_caps(query: MarketCapsQuery) -> Response:
    """The biggest market caps, as last collected or at an earlier time.

    Answered from the store: asking never leads to a call to CoinGecko. Show the attribution near
    the data.
    """
    source = current_source()
    view = source.market.view(query.top, query.at)
    taken_ms = view.snapshot.taken_ms if view else None
    others = view.others if view else None
    return as_json(
        {
            "attribution": ATTRIBUTION,
            "currency": view.snapshot.currency if view else None,
            "taken_ms": taken_ms,
            "age_ms": None if taken_ms is None else source.clock.now_ms() - taken_ms,
            "error": source.status().market_caps_error,
            "coins": _coin_lines(view) if view else [],
            "others": others and {"market_cap": _text(others.market_cap), "coins": others.coins},
        }
    )


@market_caps_api.get("/market-caps/history", responses={"200": MarketHistoryAnswer})
def history(query: MarketHistoryQuery) -> Response:
    """Market caps over time.

    Every snapshot is kept for two days, one an hour for ninety, one a day for ever.
    """
    found = current_keeper().market.past(query.top, query.since, query.until, query.points)
    return as_json(
        {
            "times_ms": found.times,
            "coins": [_past_line(coin) for coin in found.coins],
            "others": _texts(found.others),
            "kept": found.kept,
        }
    )


@market_caps_api.get("/market-caps/changes", responses={"200": MarketChangesAnswer})
def changes(query: MarketChangesQuery) -> Response:
    """Who entered and who left the biggest, newest first."""
    found, has_more = current_keeper().market.changes(
        query.top, query.since, query.until, query.limit
    )
    return as_json({"changes": [_change_line(one) for one in found], "has_more": has_more})


@market_caps_api.get("/market-caps/times", responses={"200": MarketTimesAnswer})
def times() -> Response:
    """Of which time there are market caps."""
    first_ms, last_ms, count = current_keeper().market.bounds()
    return as_json({"first_ms": first_ms, "last_ms": last_ms, "count": count})


def _coin_lines(view: MarketView) -> list[dict[str, object]]:
    coins = view.snapshot.coins
    total = sum((coin.market_cap or Decimal(0) for coin in coins), Decimal(0))
    return [_coin_line(coin, total) | _beside(coin, view) for coin in coins]


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


def _beside(coin: MarketCap, view: MarketView) -> dict[str, object]:
    sparkline, pair = view.sparklines.get(coin.id, ()), view.pairs.get(coin.id)
    return {
        "sparkline": _texts(sparkline) if len(sparkline) > 1 else None,
        "pair": None if pair is None else str(pair),
    }


def _past_line(coin: CoinPast) -> dict[str, object]:
    told = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
    return {**told, "caps": _texts(coin.caps)}


def _change_line(change: Change) -> dict[str, object]:
    return {
        "taken_ms": change.taken_ms,
        "entered": [_mover_line(one) for one in change.entered],
        "left": [_mover_line(one) for one in change.left],
    }


def _mover_line(mover: Mover) -> dict[str, object]:
    return {"id": mover.id, "name": mover.name, "rank": mover.rank}


def _texts(numbers: Iterable[Decimal | None]) -> list[str | None]:
    return [_text(number) for number in numbers]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
