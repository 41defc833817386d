"""Recorded answers of CoinGecko, all the way to the pie's values."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import create_app


@pytest.mark.parametrize("name", ["top10_2024-01-27", "top10_2026-02-27", "top5_2024-03-27"])
def test_pie(name: str, recorded: Path, tmp_path: Path) -> None:
    """Every coin of the recording is there with its name, exact value and share, biggest first."""
    path = recorded / "coingecko" / f"coins_markets_usd_{name}.json"
    body = json.loads(path.read_bytes(), parse_float=Decimal)
    expected = sorted(body, key=lambda coin: -coin["market_cap"])
    total = sum(coin["market_cap"] for coin in expected)
    with Sandbox(coingecko_replay=(path,)) as box:
        settings = read_settings(home=tmp_path, coingecko_url=box.coingecko_url)
        with Keeper(settings) as keeper:
            assert keeper.refresh_market_caps() is None
            shown = create_app(keeper).test_client().get("/api/v1/market-caps").get_json()
    coins = shown["coins"]
    assert [coin["name"] for coin in coins] == [coin["name"] for coin in expected]
    assert [Decimal(coin["market_cap"]) for coin in coins] == [c["market_cap"] for c in expected]
    for coin, recorded_coin in zip(coins, expected, strict=True):
        share = Decimal(recorded_coin["market_cap"]) * 100 / total
        assert abs(Decimal(coin["share_percent"]) - share) <= Decimal("0.005")
    assert shown["attribution"]["text"] == "Data provided by CoinGecko"
