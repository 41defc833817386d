"""`exchangeInfo`: the symbols and their rules, in the form that the exchange sends in 2026."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from chandlery.errors import Refused
from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always
from chandlery.sandbox.binance.query import Query
from chandlery.sandbox.binance.refusals import BAD_COMBINATION, BAD_STATUS, BAD_VALUE, refused
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.sources.rendering import amount
from chandlery.sandbox.sources.source import Status

STATUSES: Final = ("TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY")
_PERMISSIONS: Final = re.compile(r'[A-Z0-9_]+|\["[A-Z0-9_]+"(,"[A-Z0-9_]+")*\]')
_BY_DEFAULT: Final = ("SPOT", "MARGIN", "LEVERAGED")
_GROUPS: Final = tuple(f"TRD_GRP_{number:03d}" for number in range(4, 12))


def answer_exchange_info(asking: Asking) -> bytes:
    """Everything, or the symbols asked for."""
    query = asking.query
    symbols = query.symbols()
    wanted = _permissions(query)
    show_sets = query.choice("showPermissionSets", ("true", "false"), _bad("showPermissionSets"))
    status = query.choice("symbolStatus", STATUSES, refused(BAD_STATUS))
    query.done()
    if symbols is not None and (wanted or status):
        raise refused(BAD_COMBINATION)
    listed = (
        [asking.listing(symbol) for symbol in symbols]
        if symbols is not None
        else [
            (listing, state)
            for listing, state in asking.listed().values()
            if status in {None, state} and set(permission_set(listing)) & set(wanted or _BY_DEFAULT)
        ]
    )
    shown = [describe(each, state, show_sets=show_sets != "false") for each, state in listed]
    return orjson.dumps(_whole(asking, shown))


def _permissions(query: Query) -> list[str] | None:
    text = query.text("permissions", (_PERMISSIONS, r'^(\["[A-Z0-9_]+"(,"[A-Z0-9_]+")*\])$'))
    if text is None:
        return None
    return list(orjson.loads(text)) if text.startswith("[") else [text]


def _bad(name: str) -> Refused:
    return refused(BAD_VALUE, name)


def _whole(asking: Asking, symbols: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": asking.time(asking.now_ms + asking.skew_ms),
        "rateLimits": [
            rate("REQUEST_WEIGHT", "MINUTE", 1, asking.weight_limit),
            rate("ORDERS", "SECOND", 10, 100),
            rate("ORDERS", "DAY", 1, 200_000),
            rate("RAW_REQUESTS", "MINUTE", 5, 300_000),
        ],
        "exchangeFilters": [],
        "symbols": symbols,
    }


def rate(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    """One entry of `rateLimits`."""
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def permission_set(listing: Listing) -> list[str]:
    """Who may trade the symbol."""
    return ["SPOT", *(["MARGIN"] if listing.margin else []), *_GROUPS]


def describe(listing: Listing, status: Status, *, show_sets: bool = True) -> dict[str, Any]:
    """One symbol, in the exchange's order of keys."""
    return {
        "symbol": listing.symbol,
        "status": status,
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [
            "LIMIT",
            "LIMIT_MAKER",
            "MARKET",
            "STOP_LOSS",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        **dict.fromkeys(_ALLOWED, True),
        "isSpotTradingAllowed": status == "TRADING",
        "isMarginTradingAllowed": listing.margin and status == "TRADING",
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [permission_set(listing)] if show_sets else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": [
            "EXPIRE_TAKER",
            "EXPIRE_MAKER",
            "EXPIRE_BOTH",
            "DECREMENT",
            "TRANSFER",
        ],
    }


_ALLOWED: Final = (
    "icebergAllowed",
    "ocoAllowed",
    "otoAllowed",
    "opoAllowed",
    "quoteOrderQtyMarketAllowed",
    "allowTrailingStop",
    "cancelReplaceAllowed",
    "amendAllowed",
    "pegInstructionsAllowed",
)


_SAME_FOR_ALL: Final[dict[str, dict[str, Any]]] = {
    "ICEBERG_PARTS": {"limit": 100},
    "TRAILING_DELTA": {
        "minTrailingAboveDelta": 10,
        "maxTrailingAboveDelta": 2000,
        "minTrailingBelowDelta": 10,
        "maxTrailingBelowDelta": 2000,
    },
    "PERCENT_PRICE_BY_SIDE": {
        "bidMultiplierUp": "5",
        "bidMultiplierDown": "0.2",
        "askMultiplierUp": "5",
        "askMultiplierDown": "0.2",
        "avgPriceMins": 5,
    },
    "MAX_NUM_ORDERS": {"maxNumOrders": 200},
    "MAX_NUM_ORDER_LISTS": {"maxNumOrderLists": 20},
    "MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": 5},
    "MAX_NUM_ORDER_AMENDS": {"maxNumOrderAmends": 10},
}
_FILTER_ORDER: Final = (
    "PRICE_FILTER",
    "LOT_SIZE",
    "ICEBERG_PARTS",
    "MARKET_LOT_SIZE",
    "TRAILING_DELTA",
    "PERCENT_PRICE_BY_SIDE",
    "NOTIONAL",
    "MAX_NUM_ORDERS",
    "MAX_NUM_ORDER_LISTS",
    "MAX_NUM_ALGO_ORDERS",
    "MAX_NUM_ORDER_AMENDS",
)


def _filters(listing: Listing) -> list[dict[str, Any]]:
    own = _own_filters(listing)
    return [
        {"filterType": name, **(own.get(name) or _SAME_FOR_ALL[name])} for name in _FILTER_ORDER
    ]


def _own_filters(listing: Listing) -> dict[str, dict[str, Any]]:
    tick, step = amount(1, listing.tick), amount(1, listing.step)
    return {
        "PRICE_FILTER": {
            "minPrice": tick,
            "maxPrice": amount(100_000_000, listing.tick),
            "tickSize": tick,
        },
        "LOT_SIZE": {"minQty": step, "maxQty": amount(900_000_000, listing.step), "stepSize": step},
        "MARKET_LOT_SIZE": {
            "minQty": "0.00000000",
            "maxQty": amount(10_000_000, listing.step),
            "stepSize": "0.00000000",
        },
        "NOTIONAL": {
            "minNotional": "0.00010000" if listing.quote == "BTC" else "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
    }


EXCHANGE_INFO: Final[Endpoints] = {"exchangeInfo": Endpoint(always(20), answer_exchange_info)}
