"""What the exchange tells about itself and its symbols."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.asking import NOW_MS, Asker

LIVE_KEYS = [
    "symbol",
    "status",
    "baseAsset",
    "baseAssetPrecision",
    "quoteAsset",
    "quotePrecision",
    "quoteAssetPrecision",
    "baseCommissionPrecision",
    "quoteCommissionPrecision",
    "orderTypes",
    "icebergAllowed",
    "ocoAllowed",
    "otoAllowed",
    "opoAllowed",
    "quoteOrderQtyMarketAllowed",
    "allowTrailingStop",
    "cancelReplaceAllowed",
    "amendAllowed",
    "pegInstructionsAllowed",
    "isSpotTradingAllowed",
    "isMarginTradingAllowed",
    "filters",
    "permissions",
    "permissionSets",
    "defaultSelfTradePreventionMode",
    "allowedSelfTradePreventionModes",
]
"""In the order of the live answer of 2026."""


def names(body: dict[str, Any]) -> list[str]:
    """The symbols of an answer."""
    return [symbol["symbol"] for symbol in body["symbols"]]


def test_whole(ask: Asker) -> None:
    """Without parameters every listed symbol comes, in BREAK or not, with limits and time."""
    body = ask.json("exchangeInfo")
    assert body["timezone"] == "UTC"
    assert body["serverTime"] == NOW_MS
    assert body["exchangeFilters"] == []
    assert [limit["rateLimitType"] for limit in body["rateLimits"]] == [
        "REQUEST_WEIGHT", "ORDERS", "ORDERS", "RAW_REQUESTS",
    ]  # fmt: skip
    statuses = {symbol["symbol"]: symbol["status"] for symbol in body["symbols"]}
    assert statuses["BTCUSDT"] == "TRADING"
    assert statuses["XMRUSDT"] == "BREAK"
    assert len(statuses) >= 12
    assert "TIDEUSDT" not in statuses


def test_symbol(ask: Asker) -> None:
    """One symbol has the live answer's keys in its order, and its own tick."""
    [symbol] = ask.json("exchangeInfo", symbol="BTCUSDT")["symbols"]
    assert list(symbol) == LIVE_KEYS
    assert symbol["permissions"] == []
    assert "SPOT" in symbol["permissionSets"][0]
    filters = {each["filterType"]: each for each in symbol["filters"]}
    assert len(filters) == 11
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert filters["LOT_SIZE"]["stepSize"] == "0.00001000"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"symbols": '["ETHUSDT","BTCUSDT"]'}, ["ETHUSDT", "BTCUSDT"]),
        ({"symbolStatus": "BREAK"}, ["XMRUSDT"]),
        ({"symbolStatus": "HALT"}, []),
        ({"permissions": "LEVERAGED"}, []),
    ],
)
def test_choosing(ask: Asker, params: dict[str, Any], expected: list[str]) -> None:
    """Symbols are chosen by list, by status, by permission."""
    assert names(ask.json("exchangeInfo", **params)) == expected


def test_permissions(ask: Asker) -> None:
    """Permissions are one name or a JSON array of names; margin leaves out what has none."""
    everything = names(ask.json("exchangeInfo"))
    assert names(ask.json("exchangeInfo", permissions="SPOT")) == everything
    assert names(ask.json("exchangeInfo", permissions='["MARGIN","LEVERAGED"]')) == [
        name for name in everything if name != "DCRBTC"
    ]


def test_without_permission_sets(ask: Asker) -> None:
    """The permission sets can be left out."""
    [symbol] = ask.json("exchangeInfo", symbol="BTCUSDT", showPermissionSets="false")["symbols"]
    assert symbol["permissionSets"] == []


def test_no_coin_futures(ask: Asker) -> None:
    """Clients that ask for COIN-M futures too find an exchange without any."""
    answer = ask.fetch("GET", f"{ask.box.binance_url}/dapi/v1/exchangeInfo")
    assert answer.status == 200
    assert answer.json()["symbols"] == []
