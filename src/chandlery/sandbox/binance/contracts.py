"""`exchangeInfo` of USD-M futures: a perpetual on every symbol that is quoted in dollars."""

from __future__ import annotations

from typing import Any, Final

import orjson

from chandlery.sandbox.binance.asking import Asking
from chandlery.sandbox.binance.exchange_info import rate
from chandlery.sandbox.binance.refusals import BAD_SYMBOL, refused
from chandlery.sandbox.market.listings import UNIT, Listing
from chandlery.sandbox.sources.rendering import amount
from chandlery.sandbox.sources.source import Status

_QUOTES: Final = ("USDT", "USDC")
_NEVER_MS: Final = 4_133_404_800_000
"""The delivery date of a perpetual, until it is delisted: 2100-12-25."""
_STATUSES: Final[dict[Status, str]] = {"TRADING": "TRADING", "BREAK": "SETTLING"}
_ORDER_TYPES: Final = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)


def contract(asking: Asking, symbol: str) -> Listing:
    """The contract of that name. Raises `Refused`, -1121."""
    listing, _ = asking.listing(symbol)
    if listing.quote not in _QUOTES:
        raise refused(BAD_SYMBOL)
    return listing


def answer_contracts(asking: Asking) -> bytes:
    """Every contract, whatever its state."""
    asking.query.done()
    listed = [each for each in asking.listed().values() if each[0].quote in _QUOTES]
    return orjson.dumps(
        {
            "timezone": "UTC",
            "serverTime": asking.now_ms + asking.skew_ms,
            "futuresType": "U_MARGINED",
            "rateLimits": [
                rate("REQUEST_WEIGHT", "MINUTE", 1, asking.weight_limit),
                rate("ORDERS", "MINUTE", 1, 1200),
                rate("ORDERS", "SECOND", 10, 300),
            ],
            "exchangeFilters": [],
            "assets": [
                {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"}
                for asset in _QUOTES
            ],
            "symbols": [_describe(listing, status) for listing, status in listed],
        }
    )


def _describe(listing: Listing, status: Status) -> dict[str, Any]:
    """One contract, in the exchange's order of keys."""
    ended = status == "BREAK" and listing.ended_ms is not None
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": listing.ended_ms if ended else _NEVER_MS,
        "onboardDate": listing.listed_ms,
        "status": _STATUSES[status],
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": _digits(listing.tick),
        "quantityPrecision": _digits(listing.step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": _filters(listing),
        "orderTypes": _ORDER_TYPES,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _filters(listing: Listing) -> list[dict[str, Any]]:
    tick, step = _short(1, listing.tick), _short(1, listing.step)
    most, at_market = _short(900_000_000, listing.step), _short(10_000_000, listing.step)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": _short(100_000_000, listing.tick),
            "tickSize": tick,
        },
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": most, "stepSize": step},
        {"filterType": "MARKET_LOT_SIZE", "minQty": step, "maxQty": at_market, "stepSize": step},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
        {"filterType": "MIN_NOTIONAL", "notional": "5"},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": "1.0500",
            "multiplierDown": "0.9500",
            "multiplierDecimal": "4",
        },
    ]


def _short(value: int, unit: int) -> str:
    """Futures write no more digits than are needed."""
    return amount(value, unit).rstrip("0").rstrip(".")


def _digits(unit: int) -> int:
    """Digits after the point of `unit`, a power of ten in 1e-8."""
    return len(str(UNIT // unit)) - 1
