"""USD-M futures over HTTP: the same market as spot, with the limits and words of futures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import urllib3

from tests.sandbox.asking import DAY, HOUR, NOW_MS, Asker, asking

THIS_HOUR = NOW_MS // HOUR * HOUR
K = "symbol=BTCUSDT&interval=1h"
MISSING = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
UNREAD = "Not all sent parameters were read; read '2' parameter(s) but was sent '3'."


@pytest.fixture(scope="module")
def calm() -> Iterator[Asker]:
    """A frozen sandbox with nothing used, shared by tests that use little weight."""
    with asking(seed=1, now_ms=NOW_MS) as asker:
        yield asker


def fapi(asker: Asker, path: str, query: str = "") -> urllib3.BaseHTTPResponse:
    """One GET below /fapi/v1."""
    asker.box.forgive()
    return asker.fetch("GET", f"{asker.box.binance_url}/fapi/v1/{path}?{query}")


def rows(asker: Asker, query: str) -> list[list[Any]]:
    """The rows of a klines answer."""
    answer = fapi(asker, "klines", query)
    assert answer.status == 200, answer.data
    found: list[list[Any]] = orjson.loads(answer.data)
    return found


def test_the_same_market(calm: Asker) -> None:
    """A contract has the candles of its symbol, forming one and all, by the same range rule."""
    assert rows(calm, f"{K}&limit=1000") == calm.rows(symbol="BTCUSDT", interval="1h", limit=1000)
    start = THIS_HOUR - 9 * HOUR
    bounds = {"startTime": start, "endTime": THIS_HOUR - HOUR, "limit": 3}
    expected = calm.rows(symbol="ETHUSDT", interval="1h", **bounds)
    query = f"symbol=ETHUSDT&interval=1h&startTime={start}&endTime={THIS_HOUR - HOUR}&limit=3"
    assert rows(calm, query) == expected
    assert [row[0] for row in expected] == [start, start + HOUR, start + 2 * HOUR]


@pytest.mark.parametrize(("limit", "count"), [("", 500), ("&limit=1500", 1500), ("&limit=7", 7)])
def test_limits(calm: Asker, limit: str, count: int) -> None:
    """There are 500 rows for those who say nothing, and up to 1500 for those who ask."""
    assert len(rows(calm, K + limit)) == count


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        (f"{K}&limit=1501", -1130, "Data sent for parameter 'limit' is not valid."),
        (f"{K}&limit=0", -1130, "Data sent for parameter 'limit' is not valid."),
        ("symbol=BTCUSDT&interval=1s", -1120, "Invalid interval."),
        ("symbol=BTCUSDT&interval=2d", -1120, "Invalid interval."),
        ("symbol=NOPEUSDT&interval=1h", -1121, "Invalid symbol."),
        ("symbol=ETHBTC&interval=1h", -1121, "Invalid symbol."),
        ("interval=1h", -1102, MISSING),
        (f"{K}&timeZone=8", -1104, UNREAD),
    ],
)
def test_refusals(calm: Asker, query: str, code: int, text: str) -> None:
    """Too large a limit is refused and not cut; there is no 1s, no time zone, no pair in BTC."""
    answer = fapi(calm, "klines", query)
    assert (answer.status, answer.json()) == (400, {"code": code, "msg": text})


def test_small_letters(calm: Asker) -> None:
    """Symbols in small letters are understood, unlike on spot."""
    assert rows(calm, "symbol=btcusdt&interval=1d&limit=5") == rows(
        calm, "symbol=BTCUSDT&interval=1d&limit=5"
    )


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", "", 1),
        ("time", "", 1),
        ("exchangeInfo", "", 1),
        ("klines", f"{K}&limit=99", 1),
        ("klines", f"{K}&limit=100", 2),
        ("klines", f"{K}&limit=499", 2),
        ("klines", f"{K}&limit=500", 5),
        ("klines", K, 5),
        ("klines", f"{K}&limit=1000", 5),
        ("klines", f"{K}&limit=1001", 10),
        ("klines", f"{K}&limit=1501", 10),
        ("klines", "symbol=NOPE&interval=1h&limit=1", 1),
    ],
)
def test_weights(calm: Asker, path: str, query: str, weight: int) -> None:
    """A page costs by its limit, refused or not, and one header tells."""
    answer = fapi(calm, path, query)
    assert answer.headers["x-mbx-used-weight-1m"] == str(weight)
    assert "x-mbx-used-weight" not in answer.headers


def test_a_count_of_its_own(own: Asker) -> None:
    """Futures allow 2400 a minute, whatever spot has used; forgiving lifts the ban of both."""
    url = f"{own.box.binance_url}/fapi/v1"
    own.json("time")
    statuses = [own.fetch("GET", f"{url}/klines?limit=1500").status for _ in range(252)]
    assert statuses == [400] * 240 + [429] * 10 + [418] * 2
    answer = own.fetch("GET", f"{url}/time")
    assert (answer.status, answer.json()["code"]) == (418, -1003)
    assert own.box.weight_used == 1
    assert own.get("time").headers["x-mbx-used-weight-1m"] == "2"
    own.box.forgive()
    assert own.fetch("GET", f"{url}/time").headers["x-mbx-used-weight-1m"] == "1"
    assert own.box.weight_used == 0


def test_what_is_too_much(own: Asker) -> None:
    """Over the limit comes 429 until the minute's end, with the limit that was exceeded."""
    url = f"{own.box.binance_url}/fapi/v1/klines?limit=1500"
    answers = [own.fetch("GET", url) for _ in range(241)]
    assert answers[-1].headers["retry-after"] == "34"
    assert "current limit is 2400 request weight" in answers[-1].json()["msg"]
    own.box.clock.advance(34)
    assert own.fetch("GET", url).headers["x-mbx-used-weight-1m"] == "10"


def test_contracts(calm: Asker) -> None:
    """Every symbol in dollars is a perpetual, delisted ones too, with a grant of 2400 a minute."""
    told = fapi(calm, "exchangeInfo").json()
    assert told["rateLimits"][0] == {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": 2400,
    }
    contracts = {each["symbol"]: each for each in told["symbols"]}
    spot = {one["symbol"]: one for one in calm.json("exchangeInfo")["symbols"]}
    assert set(contracts) == {name for name, one in spot.items() if one["quoteAsset"] == "USDT"}
    bitcoin, monero = contracts["BTCUSDT"], contracts["XMRUSDT"]
    assert (bitcoin["status"], bitcoin["contractType"]) == ("TRADING", "PERPETUAL")
    assert (bitcoin["pair"], bitcoin["marginAsset"]) == ("BTCUSDT", "USDT")
    assert (bitcoin["deliveryDate"], bitcoin["pricePrecision"]) == (4_133_404_800_000, 2)
    assert bitcoin["filters"][0] == {
        "filterType": "PRICE_FILTER",
        "minPrice": "0.01",
        "maxPrice": "1000000",
        "tickSize": "0.01",
    }
    assert (monero["status"], monero["deliveryDate"]) == ("SETTLING", 1_708_398_000_000)


def test_time(calm: Asker) -> None:
    """The clock is spot's, and knows no microseconds."""
    url = f"{calm.box.binance_url}/fapi/v1/time"
    answer = calm.fetch("GET", url, {"X-MBX-TIME-UNIT": "MICROSECOND"})
    assert answer.json() == {"serverTime": NOW_MS}
    assert fapi(calm, "ping").json() == {}


def test_faults(own: Asker) -> None:
    """Faults of a path reach futures too."""
    own.box.faults.next("5xx", path="/fapi/v1/klines")
    assert own.get("klines", symbol="BTCUSDT", interval="1h").status == 200
    assert fapi(own, "klines", K).status == 503
    own.box.faults.next("skew", path="time", seconds=90)
    assert fapi(own, "time").json() == {"serverTime": NOW_MS + 90_000}


@pytest.mark.parametrize("path", ["klines2", "", "ticker/24hr", "../api/v3/nothing"])
def test_unknown_paths(calm: Asker, path: str) -> None:
    """What futures serve elsewhere and the sandbox does not have is not found."""
    assert fapi(calm, path).status == 404


def test_replay(tmp_path: Path) -> None:
    """Recorded candles are served as futures, row by row."""
    closes = [THIS_HOUR + number * HOUR for number in range(3)]
    wanted = [
        [ms - HOUR, "1.5", "2.5", "1.0", "2.0", "10.125", ms - 1, "20.5", 4, "5.0", "10.0", "0"]
        for ms in closes
    ]
    path = tmp_path / "FILUSDT-1h-2025-03.csv"
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in wanted))
    with asking(replay=(path,)) as own:
        found = rows(own, "symbol=FILUSDT&interval=1h")
        assert [row[0] for row in found] == [row[0] for row in wanted]
        assert [float(row[5]) for row in found] == [10.125] * 3
        [contract] = fapi(own, "exchangeInfo").json()["symbols"]
        assert (contract["baseAsset"], contract["quantityPrecision"]) == ("FIL", 3)
        assert rows(own, f"symbol=FILUSDT&interval=1h&startTime={THIS_HOUR + DAY}") == []


def test_replay_of_futures(recorded: Path) -> None:
    """A recorded month of real futures is served whole, in pages of 1500, as it stands."""
    path = recorded / "perf/um/FILUSDT-1m-2023-04.csv.gz"
    with asking(replay=(path,)) as own:
        start, count = 1_680_307_200_000, 0
        while page := rows(own, f"symbol=FILUSDT&interval=1m&startTime={start}&limit=1500"):
            count, start = count + len(page), page[-1][0] + 1
        assert count == 43_200
