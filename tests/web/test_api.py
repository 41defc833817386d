"""The REST interface: what it answers, and what it says when it cannot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient

from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.errors import StoreLocked
from chandlery.web import create_app
from chandlery.web.answers.status import SeriesState, StatusAnswer
from tests.web.fake_keeper import BTC, NOW_MS, PEPE, FakeKeeper, keeper_with_candles, snapshot

CANDLES = f"/api/v1/candles?series={BTC}"
HOUR_MS = 3_600_000


@pytest.fixture
def keeper() -> FakeKeeper:
    """Two kept series."""
    return keeper_with_candles(60)


@pytest.fixture
def client(keeper: FakeKeeper) -> FlaskClient:
    """A client of the application."""
    return create_app(keeper, label="SANDBOX").test_client()


def answer(client: FlaskClient, path: str) -> dict[str, Any]:
    """The JSON body of a success."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_candles_are_exact(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Every value arrives as the text of the kept decimal, digit for digit."""
    body = answer(client, CANDLES)
    assert body["columns"] == list(SCHEMA)
    kept = keeper.candles[BTC].frame
    for index, row in enumerate(kept.iter_rows(named=True)):
        sent = dict(zip(body["columns"], body["rows"][index], strict=True))
        for name in DECIMAL_COLUMNS:
            assert sent[name] == f"{row[name]:f}"
        assert sent["trades"] == row["trades"]
        assert sent["open_time"] == int(row["open_time"].timestamp() * 1000)
        assert sent["close_time"] == round(row["close_time"].timestamp() * 1000)


def test_candles_tell_what_they_are(client: FlaskClient) -> None:
    """The answer names its series, decimals, age and how many rows are unfinished."""
    body = answer(client, CANDLES)
    del body["rows"], body["columns"]
    assert body == {
        "series": "binance:BTCUSDT:1h",
        "exchange": "binance",
        "symbol": "BTCUSDT",
        "interval": "1h",
        "price_decimals": 2,
        "updated_ms": NOW_MS,
        "unfinished": 1,
        "derived_from": None,
        "incomplete": [],
        "has_older": False,
    }


def test_limit_takes_the_newest(client: FlaskClient) -> None:
    """A limit keeps the newest candles, ascending."""
    whole, part = answer(client, CANDLES)["rows"], answer(client, f"{CANDLES}&limit=3")["rows"]
    assert part == whole[-3:]


def test_since_and_until(client: FlaskClient) -> None:
    """Since is included, until is not, in milliseconds and in ISO text alike."""
    first = NOW_MS - NOW_MS % HOUR_MS - 10 * HOUR_MS
    by_ms = answer(client, f"{CANDLES}&since={first}&until={first + 3 * HOUR_MS}")
    assert [row[0] for row in by_ms["rows"]] == [first + n * HOUR_MS for n in range(3)]
    assert by_ms["unfinished"] == 0
    texts = "since=2024-12-31T14:00:00Z&until=2024-12-31 18:00:00%2B01:00"
    assert answer(client, f"{CANDLES}&{texts}")["rows"] == by_ms["rows"]


@pytest.mark.parametrize("text", ["2024-12-31T14:00", "2024-12-31T14:00:00Z", "1735653600000"])
def test_time_forms(client: FlaskClient, text: str) -> None:
    """A time without zone is UTC."""
    rows = answer(client, f"{CANDLES}&since={text}")["rows"]
    assert rows[0][0] == 1_735_653_600_000


def test_missing_column_is_null(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A column that an exchange lacks is null, not an invented zero."""
    bare = keeper.candles[BTC].frame.with_columns(pl.lit(None, SCHEMA["trades"]).alias("trades"))
    keeper.candles[BTC] = replace(keeper.candles[BTC], frame=bare)
    assert answer(client, f"{CANDLES}&limit=1")["rows"][0][8] is None


def test_wanted_but_empty_series(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A series that is wanted and has no candles yet is an empty answer and no error."""
    keeper.candles.clear()
    body = answer(client, CANDLES)
    assert (body["rows"], body["updated_ms"], body["unfinished"]) == ([], None, 0)


@pytest.mark.parametrize(
    ("query", "name", "word"),
    [
        ("", "series", "needed"),
        ("series=BTCUSDT", "series", "EXCHANGE:SYMBOL:INTERVAL"),
        ("series=binance:BTCUSDT:7h", "series", "1m is a minute"),
        ("series=binance:BTCUSDT:1h&limit=0", "limit", "1"),
        ("series=binance:BTCUSDT:1h&limit=-5", "limit", "1"),
        ("series=binance:BTCUSDT:1h&limit=5001", "limit", "5000"),
        ("series=binance:BTCUSDT:1h&limit=many", "limit", "whole number"),
        ("series=binance:BTCUSDT:1h&since=yesterday", "since", "'yesterday' is not a time"),
        ("series=binance:BTCUSDT:1h&since=99999999999999999", "since", "9999"),
        ("series=binance:BTCUSDT:1h&since=2025-01-02&until=2025-01-01", "until", "later"),
        ("series=binance:BTCUSDT:1h&until=0&since=0", "until", "later"),
        ("series=binance:BTCUSDT:1h&limt=5", "limt", "no such parameter"),
    ],
)
def test_bad_parameters(client: FlaskClient, query: str, name: str, word: str) -> None:
    """422 names the parameter, what is wrong with it, and what is allowed."""
    response = client.get(f"/api/v1/candles?{query}")
    assert response.status_code == 422
    error = response.get_json()["error"]
    assert error["code"] == "bad_parameters"
    (fault,) = error["parameters"]
    assert fault["name"] == name
    assert word in fault["problem"]
    assert word in error["message"]
    assert fault["allowed"]


def test_unknown_series(client: FlaskClient) -> None:
    """404 names the series that are kept."""
    response = client.get("/api/v1/candles?series=binance:PEPEUSDC:1m")
    assert response.status_code == 404
    error = response.get_json()["error"]
    assert error["kept"] == [str(BTC), str(PEPE)]
    assert str(PEPE) in error["message"]


def test_store_error(client: FlaskClient, keeper: FakeKeeper) -> None:
    """503 in plain words, with when to come back, while the store cannot be used."""
    keeper.store_error = StoreLocked("Another process holds the store.")
    for path in (CANDLES, "/api/v1/series", "/api/v1/status", "/healthz", "/api/v1/market-caps"):
        response = client.get(path)
        assert response.status_code == 503
        assert "Another process holds the store." in response.text
        assert response.headers["Retry-After"] == "5"


def test_unknown_path_is_json(client: FlaskClient) -> None:
    """Programs get JSON also where nothing is."""
    response = client.get("/api/v1/nothing")
    assert response.status_code == 404
    assert response.get_json()["error"]["code"] == "not_found"


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    """405 carries Allow."""
    response = client.post("/api/v1/candles")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_etag(client: FlaskClient, keeper: FakeKeeper) -> None:
    """The same candles are 304; one changed digit is a new answer."""
    first = client.get(CANDLES)
    same = client.get(CANDLES, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    kept = keeper.candles[BTC]
    close = pl.col("close") + pl.lit(Decimal("0.00000001"))
    moved = kept.frame.with_columns(close.cast(SCHEMA["close"]))
    keeper.candles[BTC] = replace(kept, frame=moved)
    changed = client.get(CANDLES, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_settled_candles_are_read_once(client: FlaskClient, keeper: FakeKeeper) -> None:
    """While the catalogue does not move, a repeated question does not read the candles again."""
    keeper.updated_ms = NOW_MS - 60_000
    bodies = {client.get(CANDLES).data for _ in range(3)}
    assert (keeper.reads, len(bodies)) == (1, 1)
    keeper.updated_ms = NOW_MS - 30_000
    assert client.get(CANDLES).get_json()["updated_ms"] == NOW_MS - 30_000
    assert keeper.reads == 2


def test_fresh_candles_are_always_read(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Candles kept within the last second are read again each time: more may share the moment."""
    client.get(CANDLES)
    client.get(CANDLES)
    assert keeper.reads == 2


def test_series(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Wanted series come first, in the order of the settings, also without candles."""
    del keeper.candles[BTC]
    lines = answer(client, "/api/v1/series")["series"]
    assert [line["series"] for line in lines] == [str(BTC), str(PEPE)]
    assert (lines[0]["candles"], lines[0]["last_ms"]) == (0, None)
    assert (lines[1]["candles"], lines[1]["price_decimals"]) == (59, 8)


def test_stored_series_that_is_no_longer_wanted(client: FlaskClient, keeper: FakeKeeper) -> None:
    """What is stored can be read, wanted or not."""
    keeper.wanted = [PEPE]
    lines = answer(client, "/api/v1/series")["series"]
    assert [line["series"] for line in lines] == [str(PEPE), str(BTC)]
    assert answer(client, CANDLES)["rows"]


def test_market_caps(client: FlaskClient) -> None:
    """Exact values, shares of the whole, age, and the attribution that CoinGecko asks for."""
    body = answer(client, "/api/v1/market-caps")
    assert body["attribution"] == {
        "text": "Data provided by CoinGecko",
        "url": "https://www.coingecko.com",
    }
    assert (body["currency"], body["age_ms"], body["error"]) == ("usd", 61_000, None)
    coins = body["coins"]
    assert [coin["market_cap"] for coin in coins[:2]] == ["1853041372303", "402160114762.25"]
    assert [coin["share_percent"] for coin in coins[:2]] == ["64.85", "14.07"]
    total = sum((Decimal(coin["share_percent"]) for coin in coins), Decimal(0))
    assert abs(total - 100) <= Decimal("0.05")


def test_market_caps_without_value(client: FlaskClient, keeper: FakeKeeper) -> None:
    """A coin whose value CoinGecko does not give has neither value nor share."""
    coins = snapshot().coins
    keeper.caps = replace(snapshot(), coins=(replace(coins[0], market_cap=None), coins[1]))
    first, second = answer(client, "/api/v1/market-caps")["coins"]
    assert (first["market_cap"], first["share_percent"]) == (None, None)
    assert second["share_percent"] == "100.00"


def test_market_caps_while_coingecko_is_away(client: FlaskClient, keeper: FakeKeeper) -> None:
    """The last known values stay, with the reason why they are not newer; or nothing is known."""
    keeper.caps_error = "CoinGecko answered 429"
    body = answer(client, "/api/v1/market-caps")
    assert (len(body["coins"]), body["error"]) == (10, "CoinGecko answered 429")
    keeper.caps = None
    body = answer(client, "/api/v1/market-caps")
    assert (body["coins"], body["taken_ms"], body["age_ms"]) == ([], None, None)


def test_status(client: FlaskClient, keeper: FakeKeeper) -> None:
    """Freshness of every series, and the last error of the exchange."""
    keeper.exchange_error = "no route to the exchange"
    body = answer(client, "/api/v1/status")
    assert body["exchange_error"] == "no route to the exchange"
    assert (body["now_ms"], body["label"]) == (NOW_MS, "SANDBOX")
    assert (body["healthy"], body["late"], body["due_jobs"]) == (True, [], 2)
    assert body["series"][0] == {
        "series": str(BTC),
        "candles": 59,
        "last_open_ms": 1_735_686_000_000,
        "updated_ms": NOW_MS,
        "lag_ms": 123_000,
        "revisions": 0,
        "wanted": True,
        "ended": False,
        "late": False,
        "unserved_ms": NOW_MS + 60_000,
        "succeeded_ms": NOW_MS - 1_000,
        "due_ms": NOW_MS + 60_000,
        "failures": 0,
        "error": None,
        "error_kind": None,
    }


def test_status_keeps_its_description(client: FlaskClient) -> None:
    """The status holds exactly the fields that the description promises, at every depth."""
    body = answer(client, "/api/v1/status")
    assert set(body) == set(StatusAnswer.model_fields)
    assert set(body["series"][0]) == set(SeriesState.model_fields)
    StatusAnswer.model_validate(body)


def test_brief_status(client: FlaskClient) -> None:
    """The page asks for a status without the series, which may be thousands."""
    body = answer(client, "/api/v1/status?brief=true")
    whole = answer(client, "/api/v1/status")
    assert body == whole | {"series": [], "late": []}


def test_openapi(client: FlaskClient) -> None:
    """The description lists every path of the interface, and the page of it needs no script."""
    spec = answer(client, "/api/v1/openapi.json")
    assert set(spec["paths"]) >= {
        f"/api/v1/{name}" for name in ("candles", "series", "market-caps", "status")
    }
    parameters = spec["paths"]["/api/v1/candles"]["get"]["parameters"]
    asked = {"series", "limit", "since", "until", "forming", "format"}
    assert {one["name"] for one in parameters} == asked


def test_docs(client: FlaskClient) -> None:
    """The page of the interface names every path and parameter, without inline script or style."""
    page = client.get("/api/docs").text
    for word in ("/api/v1/market-caps", "share_percent", "binance:BTCUSDT:1h", "until"):
        assert word in page
    assert "<br/>" not in page
    assert "<script>" not in page
    assert "style=" not in page
