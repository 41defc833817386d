"""Market caps over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from flask import Response

from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.web.answers.market_caps import MarketCapsAnswer
from chandlery.web.api.shared import as_json, blueprint
from chandlery.web.source import current_source

ATTRIBUTION: Final = {
    "text": "Data provided by CoinGecko",
    "url": "https://www.coingecko.com",
}

market_caps_api = blueprint("market_caps", "Market caps", "The biggest coins, by CoinGecko.")


@market_caps_api.get("/market-caps", responses={"200": MarketCapsAnswer})
def market_caps() -> Response:
    """The biggest market caps, as last collected.

    Answered from the store: asking never leads to a call to CoinGecko. Show the attribution near
    the data.
    """
    source = current_source()
    snapshot = source.market_caps()
    error = source.status().market_caps_error
    age_ms = source.clock.now_ms() - snapshot.taken_ms if snapshot else None
    return as_json(
        {
            "attribution": ATTRIBUTION,
            "currency": snapshot.currency if snapshot else None,
            "taken_ms": snapshot.taken_ms if snapshot else None,
            "age_ms": age_ms,
            "error": error,
            "coins": _coin_lines(snapshot) if snapshot else [],
        }
    )


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
