"""The market over HTTP: a real keeper, a store filled through its door, and the sandbox's list."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.market import SymbolInfo
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import create_app
from tests.marketcaps.invented import DAY_MS, invented, keep

NOW = 1_763_000_000_000
HOUR_MS = 3_600_000
TIMES = [
    *range(NOW - 30 * DAY_MS, NOW - DAY_MS, 6 * HOUR_MS),
    *range(NOW - DAY_MS, NOW, HOUR_MS),
    NOW - 60_000,
]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A month of market caps, one kept series and a short symbol list."""
    settings = read_settings(home=tmp_path_factory.mktemp("market"), series="binance:ETHUSDT:15m")
    with Keeper(settings, clock=FrozenClock(NOW)) as keeper:
        keep(keeper.store, TIMES)
        listed = [("BTC", "USDT"), ("ETH", "USDT"), ("SOL", "FDUSD"), ("WBTC", "BTC")]
        symbols = [SymbolInfo(base + quote, base, quote, "TRADING") for base, quote in listed]
        keeper.store.symbols.keep("binance", symbols)
        yield keeper


@pytest.fixture(scope="module")
def client(keeper: Keeper) -> FlaskClient:
    """Asks the interface."""
    return create_app(keeper).test_client()


def answer(client: FlaskClient, path: str) -> Any:  # noqa: ANN401
    """What a good answer says."""
    response = client.get(f"/api/v1/market-caps{path}")
    assert response.status_code == 200, response.text
    return response.get_json()


def test_top_and_others(client: FlaskClient) -> None:
    """As many coins as asked for; the others are the exact sum of the rest that is kept."""
    coins = invented(TIMES[-1]).coins
    for top in (2, 10, 50):
        body = answer(client, f"?top={top}")
        assert [one["id"] for one in body["coins"]] == [coin.id for coin in coins[:top]]
        rest = sum((coin.market_cap or Decimal(0) for coin in coins[top:]), Decimal(0))
        assert body["others"] == {"market_cap": str(rest), "coins": 60 - top}
        shares = sum((Decimal(one["share_percent"]) for one in body["coins"]), Decimal(0))
        assert abs(shares - 100) < Decimal("0.3")
    assert len(answer(client, "")["coins"]) == 10


def test_at(client: FlaskClient) -> None:
    """A moment gives the newest snapshot of then, by milliseconds or ISO; before all, nothing."""
    body = answer(client, f"?at={TIMES[5] + 1}")
    assert body["taken_ms"] == TIMES[5]
    assert body["age_ms"] == NOW - TIMES[5]
    caps = [str(coin.market_cap) for coin in invented(TIMES[5]).coins[:10]]
    assert [one["market_cap"] for one in body["coins"]] == caps
    assert answer(client, "?at=2025-11-10T00:00:00Z")["taken_ms"] in TIMES
    before = answer(client, "?at=2001-01-01")
    assert (before["coins"], before["taken_ms"], before["others"]) == ([], None, None)


def test_sparkline_of_our_own(client: FlaskClient) -> None:
    """Where CoinGecko told no sparkline it is the prices of our snapshots of the week before."""
    body = answer(client, "")
    bitcoin = body["coins"][0]
    week = [at for at in TIMES if TIMES[-1] - at < 7 * DAY_MS]
    prices = [f"{invented(at).coins[0].price:f}" for at in week]
    assert set(bitcoin["sparkline"]) <= set(prices)
    assert (bitcoin["sparkline"][0], bitcoin["sparkline"][-1]) == (prices[0], prices[-1])
    assert len(bitcoin["sparkline"]) <= 43
    assert {one["sparkline"] for one in answer(client, f"?at={TIMES[0]}")["coins"]} == {None}


def test_pair(client: FlaskClient) -> None:
    """What is kept comes before what is listed; a coin without a pair has none."""
    pairs = {one["id"]: one["pair"] for one in answer(client, "?top=12")["coins"]}
    assert pairs["ethereum"] == "binance:ETHUSDT:15m"
    assert pairs["bitcoin"] == "binance:BTCUSDT:1h"
    assert pairs["solana"] == "binance:SOLFDUSD:1h"
    assert pairs["tether"] is None


def test_history(client: FlaskClient) -> None:
    """Caps over time of the coins that are biggest at the end, and the exact rest."""
    body = answer(client, "/history?top=3&points=20")
    times = body["times_ms"]
    assert (times[0], times[-1], len(times) <= 20) == (TIMES[0], TIMES[-1], True)
    assert [coin["id"] for coin in body["coins"]] == [c.id for c in invented(NOW).coins[:3]]
    for at, others, kept in zip(times, body["others"], body["kept"], strict=True):
        coins = {coin.id: coin.market_cap or Decimal(0) for coin in invented(at).coins}
        index = times.index(at)
        named = {coin["id"]: coin["caps"][index] for coin in body["coins"]}
        assert named == {key: str(coins[key]) for key in named}
        assert Decimal(others) == sum(coins.values()) - sum(map(Decimal, named.values()))
        assert kept == 60
    short = answer(client, f"/history?since={NOW - DAY_MS}&until={NOW - HOUR_MS}")
    assert short["times_ms"] == [at for at in TIMES if NOW - DAY_MS <= at < NOW - HOUR_MS]
    assert answer(client, "/history?until=1970-01-02") == {
        "times_ms": [],
        "coins": [],
        "others": [],
        "kept": [],
    }


def test_changes(client: FlaskClient) -> None:
    """Walking through all changes backwards from today's ten ends at the ten of the first day."""
    body = answer(client, "/changes?limit=1000")
    assert body["changes"]
    assert not body["has_more"]
    ten = {coin.id for coin in invented(TIMES[-1]).coins[:10]}
    for change in body["changes"]:
        entered, left = ({one["id"] for one in change[key]} for key in ("entered", "left"))
        assert entered <= ten
        order = [coin.id for coin in invented(change["taken_ms"]).coins]
        for one in change["entered"] + change["left"]:
            assert order[one["rank"] - 1] == one["id"]
        ten = (ten - entered) | left
    assert ten == {coin.id for coin in invented(TIMES[0]).coins[:10]}
    newest = answer(client, "/changes?limit=1")
    assert (newest["changes"], newest["has_more"]) == (body["changes"][:1], True)


def test_times(client: FlaskClient) -> None:
    """The first, the last, and how many."""
    first, last = TIMES[0], TIMES[-1]
    assert answer(client, "/times") == {"first_ms": first, "last_ms": last, "count": len(TIMES)}


@pytest.mark.parametrize(
    "path",
    [
        "?top=1",
        "?top=51",
        "?at=yesterday",
        "?tops=3",
        "/history?points=1",
        "/history?points=501",
        "/history?since=2025-01-02&until=2025-01-01",
        "/changes?limit=0",
        "/changes?top=100",
    ],
)
def test_what_cannot_be_asked(client: FlaskClient, path: str) -> None:
    """It is refused with the name of the parameter and what it may be."""
    response = client.get(f"/api/v1/market-caps{path}")
    assert response.status_code == 422
    assert response.get_json()["error"]["message"]


def test_from_the_sandbox(tmp_path: Path) -> None:
    """One request brings the coins with their week; the next minute asks without the week."""
    with Sandbox(now_ms=NOW) as box:
        clock = FrozenClock(NOW)
        settings = read_settings(home=tmp_path, coingecko_url=box.coingecko_url)
        with Keeper(settings, clock=clock) as keeper:
            for _ in range(2):
                assert keeper.refresh_market_caps() is None
                clock.advance(61)
                box.clock.advance(61)
            body = answer(create_app(keeper).test_client(), "?top=50")
        asked = [parse_qs(one.query) for one in box.requests.log("coins/markets")]
    assert [query.get("per_page") for query in asked] == [["100"], ["100"]]
    assert [query.get("sparkline") for query in asked] == [["true"], None]
    assert len(body["coins"]) == 50
    assert all(len(coin["sparkline"]) == 43 for coin in body["coins"])
    assert body["others"]["coins"] > 0
