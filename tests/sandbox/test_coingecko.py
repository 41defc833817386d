"""The CoinGecko of the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from chandlery.errors import BadFile
from chandlery.sandbox import Sandbox
from tests.sandbox.asking import NOW_MS, Asker, asking

KEYS = [
    "id",
    "symbol",
    "name",
    "image",
    "current_price",
    "market_cap",
    "market_cap_rank",
    "fully_diluted_valuation",
    "total_volume",
    "high_24h",
    "low_24h",
    "price_change_24h",
    "price_change_percentage_24h",
    "market_cap_change_24h",
    "market_cap_change_percentage_24h",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath",
    "ath_change_percentage",
    "ath_date",
    "atl",
    "atl_change_percentage",
    "atl_date",
    "roi",
    "last_updated",
]


def coins(ask: Asker, **params: object) -> list[dict[str, Any]]:
    """The rows of a good answer of /coins/markets."""
    answer = ask.gecko("/coins/markets", **{"vs_currency": "usd"} | params)
    assert answer.status == 200, answer.data
    rows: list[dict[str, Any]] = orjson.loads(answer.data)
    return rows


def test_ping(ask: Asker) -> None:
    """The service greets as the real one does, on a port of its own."""
    assert ask.gecko("/ping").json() == {"gecko_says": "(V3) To the Moon!"}


def test_markets(ask: Asker) -> None:
    """Coins come biggest first, ranked, with every field of the real answer."""
    rows = coins(ask, per_page=250)
    assert len(rows) >= 60
    assert all(list(row) == KEYS for row in rows)
    caps = [row["market_cap"] for row in rows if row["market_cap"] is not None]
    assert caps == sorted(caps, reverse=True)
    assert [row["market_cap_rank"] for row in rows[:10]] == list(range(1, 11))
    assert rows[0]["id"] == "bitcoin"
    assert {"tether", "usd-coin"} <= {row["id"] for row in rows[:10]}
    assert len({row["id"] for row in rows}) == len(rows)


def test_prices_follow_the_exchange(ask: Asker) -> None:
    """A coin that the exchange trades has its price."""
    by_id = {row["id"]: row for row in coins(ask)}
    for coin, symbol in (("bitcoin", "BTCUSDT"), ("solana", "SOLUSDT"), ("dogecoin", "DOGEUSDT")):
        price = float(ask.json("ticker/price", symbol=symbol)["price"])
        assert by_id[coin]["current_price"] == pytest.approx(price, rel=0.01)
    cap = by_id["bitcoin"]["current_price"] * by_id["bitcoin"]["circulating_supply"]
    assert by_id["bitcoin"]["market_cap"] == pytest.approx(cap, rel=0.001)
    assert by_id["tether"]["current_price"] == pytest.approx(1, abs=0.002)


def test_nulls(ask: Asker) -> None:
    """Further down some coins lack numbers."""
    unknown = coins(ask, per_page=250)[-1]
    assert unknown["market_cap"] is None
    assert unknown["market_cap_rank"] is None
    assert unknown["total_volume"] is None
    assert unknown["max_supply"] is None


def test_choosing_and_paging(ask: Asker) -> None:
    """Ids, orders and pages are obeyed."""
    assert {row["id"] for row in coins(ask, ids="ethereum,bitcoin")} == {"bitcoin", "ethereum"}
    assert [row["id"] for row in coins(ask, symbols="btc")] == ["bitcoin"]
    whole = coins(ask, per_page=250)
    assert coins(ask, per_page=10, page=2) == whole[10:20]
    assert coins(ask, per_page=250, page=2) == []
    by_id = [row["id"] for row in coins(ask, order="id_asc", per_page=250)]
    assert by_id == sorted(by_id)
    volumes = [row["total_volume"] for row in coins(ask, order="volume_desc")][:20]
    assert volumes == sorted(volumes, reverse=True)


def test_extras(ask: Asker) -> None:
    """Sparklines, changes over windows, other currencies and precisions come when asked for."""
    [row] = coins(ask, ids="bitcoin", sparkline="true", price_change_percentage="1h,7d,1y")
    assert len(row["sparkline_in_7d"]["price"]) == 169
    assert all(
        isinstance(row[f"price_change_percentage_{window}_in_currency"], float)
        for window in ("1h", "7d", "1y")
    )
    [in_bitcoin] = coins(ask, ids="bitcoin", vs_currency="btc", precision="full")
    assert in_bitcoin["current_price"] == pytest.approx(1)
    [coarse] = coins(ask, ids="bitcoin", precision="0")
    assert coarse["current_price"] == round(coarse["current_price"])


@pytest.mark.parametrize(
    ("path", "params", "status", "error"),
    [
        ("/coins/markets", {}, 422, "Missing parameter vs_currency"),
        ("/coins/markets", {"vs_currency": "shells"}, 422, "invalid vs_currency"),
        ("/coins/markets", {"vs_currency": "usd", "per_page": 251}, 422, "per_page"),
        ("/coins/markets", {"vs_currency": "usd", "page": 0}, 422, "page"),
        ("/coins/markets", {"vs_currency": "usd", "precision": "19"}, 422, "precision"),
        ("/nothing", {}, 404, "Incorrect path"),
    ],
)
def test_errors(ask: Asker, path: str, params: dict[str, Any], status: int, error: str) -> None:
    """Refusals have the service's statuses and its plain shape."""
    answer = ask.gecko(path, **params)
    assert answer.status == status
    assert error in answer.json()["error"]


def test_rate_limit() -> None:
    """Over the limit comes 429 with the seconds to wait and the body that was recorded."""
    with asking(now_ms=NOW_MS, coingecko_limit=2) as own:
        assert [own.gecko("/ping").status for _ in range(2)] == [200, 200]
        answer = own.gecko("/ping")
        assert answer.status == 429
        assert answer.headers["retry-after"] == "34"
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["status"]["error_code"] == 429
        own.box.clock.advance(34)
        assert own.gecko("/ping").status == 200


def test_keys_are_accepted(ask: Asker) -> None:
    """Demo and pro keys are taken, in headers and in the query."""
    url = f"{ask.box.coingecko_url}/coins/markets?vs_currency=usd&per_page=1"
    for header in ("x-cg-demo-api-key", "x-cg-pro-api-key"):
        assert ask.fetch("GET", url, {header: "secret"}).status == 200
    assert ask.fetch("GET", f"{url}&x_cg_demo_api_key=secret").status == 200


def test_global(ask: Asker) -> None:
    """The whole market sums its coins; time is in seconds, shares are by symbol, in percent."""
    data = ask.gecko("/global").json()["data"]
    caps = [row["market_cap"] or 0 for row in coins(ask, per_page=250)]
    assert data["total_market_cap"]["usd"] == pytest.approx(sum(caps), rel=1e-3)
    assert data["updated_at"] == NOW_MS // 1000
    assert next(iter(data["market_cap_percentage"])) == "btc"
    assert 20 < data["market_cap_percentage"]["btc"] < 90


@pytest.mark.parametrize("year", [2017, 2018, 2021, 2033])
def test_other_years(year: int) -> None:
    """The service works at any time of the exchange's clock."""
    now_ms = NOW_MS + (year - 2025) * 31_557_600_000 + 200 * 86_400_000
    with asking(now_ms=now_ms) as own:
        assert len(coins(own, price_change_percentage="1y", per_page=250)) >= 60


def test_recorded_body(recorded: Path) -> None:
    """A recorded body is served as it is."""
    path = recorded / "coingecko" / "coins_markets_usd_top10_2026-02-27.json"
    with asking(coingecko_replay=(path,)) as own:
        answer = own.gecko("/coins/markets", vs_currency="usd", per_page=10)
        assert answer.data == path.read_bytes()
        assert own.gecko("/coins/markets", vs_currency="usd", page=2).json() == []


@pytest.mark.parametrize("text", ["{}", "no json", None])
def test_bad_recording(tmp_path: Path, text: str | None) -> None:
    """A recording that is no /coins/markets body is refused with its name."""
    path = tmp_path / "coins.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadFile, match=r"coins\.json"):
        Sandbox(coingecko_replay=(path,))
