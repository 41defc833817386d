"""`/healthz`: its status, and what it tells people and programs."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from chandlery.collect.health import Late
from chandlery.errors import StoreUnreachable
from chandlery.web import create_app
from tests.web.fake_keeper import BTC, NOW_MS, FakeKeeper, keeper_with_candles

JSON = {"Accept": "application/json"}


@pytest.fixture
def keeper() -> FakeKeeper:
    """Two kept series."""
    return keeper_with_candles(5)


@pytest.fixture
def client(keeper: FakeKeeper) -> FlaskClient:
    """A client of the application."""
    return create_app(keeper).test_client()


def late(series: str, error: str | None = "Binance cannot be reached.") -> Late:
    """A series that has been late since a quarter past eleven."""
    return Late(
        series, NOW_MS - 2_823_000, NOW_MS - 6_423_000, 4, error, "Unreachable", running=False
    )


def test_healthy(client: FlaskClient) -> None:
    """While nothing is late the answer is 200 and begins with ok."""
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok: 2 series, none late\n")
    assert response.mimetype == "text/plain"


def test_late(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A late series makes it 503, with since when and why."""
    keeper.late = [late(str(BTC))]
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.text == (
        "late: 1 of 2 series\n"
        "binance:BTCUSDT:1h has been due since 2024-12-31 23:15:00 UTC; "
        "Binance cannot be reached. (4 failures)\n"
    )


def test_never_collected(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A series that never was collected is told as such, and that somebody is at it."""
    keeper.late = [Late(str(BTC), None, None, 0, None, None, running=True)]
    assert client.get("/healthz").text.splitlines()[1] == (
        "binance:BTCUSDT:1h was never collected; it is being collected now"
    )


@pytest.mark.parametrize(("path", "headers"), [("/healthz?format=json", {}), ("/healthz", JSON)])
def test_json(client: FlaskClient, keeper: FakeKeeper, path: str, headers: dict[str, str]) -> None:
    """Programs that ask for JSON get the same as fields."""
    keeper.late = [late(str(BTC))]
    response = client.get(path, headers=headers)
    assert response.status_code == 503
    body = response.get_json()
    assert (body["healthy"], body["series"], body["late"]) == (False, 2, 1)
    assert body["late_series"] == [
        {
            "series": str(BTC),
            "since_ms": NOW_MS - 2_823_000,
            "succeeded_ms": NOW_MS - 6_423_000,
            "failures": 4,
            "error": "Binance cannot be reached.",
            "error_kind": "Unreachable",
            "running": False,
        }
    ]
    assert body["market_caps"] == {"taken_ms": NOW_MS - 61_000, "late": False, "error": None}


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""])
def test_browsers_get_text(client: FlaskClient, accept: str) -> None:
    """Who has no wish, or is a browser, gets text."""
    assert client.get("/healthz", headers={"Accept": accept}).mimetype == "text/plain"


def test_many_are_bounded(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Of many late series the first twenty are named and the others counted."""
    keeper.late = [late(f"binance:S{number:03}USDT:1h", "x" * 5_000) for number in range(800)]
    response = client.get("/healthz")
    lines = response.text.splitlines()
    assert lines[0] == "late: 800 of 800 series"
    assert lines[-1] == "and 780 more"
    assert len(lines) == 22
    assert max(map(len, lines)) < 500
    body = client.get("/healthz", headers=JSON).get_json()
    assert (body["late"], len(body["late_series"])) == (800, 20)


def test_market_caps_are_mentioned(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Late market caps do not make it unhealthy, but are said."""
    keeper.caps_error = "CoinGecko answered 429."
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.text.splitlines()[1] == (
        "market caps: late, the last are of 2025-01-01 00:01:02 UTC; CoinGecko answered 429."
    )


def test_store_away(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Without the store it is 503 in words or in JSON, never a traceback."""
    keeper.store_error = StoreUnreachable("PostgreSQL at 127.0.0.1:5 does not answer.")
    text = client.get("/healthz")
    assert (text.status_code, text.text) == (503, "PostgreSQL at 127.0.0.1:5 does not answer.\n")
    body = client.get("/healthz", headers=JSON)
    assert (body.status_code, body.get_json()["error"]["code"]) == (503, "store_unavailable")
