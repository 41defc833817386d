"""Request weights, and what happens to those who use up more than there is."""

from __future__ import annotations

import pytest

from tests.sandbox.asking import NOW_MS, Asker, asking

MANY = '["' + '","'.join(f"S{number}" for number in range(21)) + '"]'


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", "", 1),
        ("time", "", 1),
        ("exchangeInfo", "", 20),
        ("klines", "symbol=BTCUSDT&interval=1d&limit=1000", 2),
        ("klines", "symbol=WRONG", 2),
        ("uiKlines", "symbol=BTCUSDT&interval=1d&limit=1", 2),
        ("ticker/24hr", "symbol=BTCUSDT", 2),
        ("ticker/24hr", 'symbols=["BTCUSDT","ETHUSDT"]', 2),
        ("ticker/24hr", f"symbols={MANY}", 40),
        ("ticker/24hr", "type=MINI", 80),
        ("ticker", 'symbols=["BTCUSDT","ETHUSDT"]', 8),
        ("ticker/price", "symbol=BTCUSDT", 2),
        ("ticker/price", "", 4),
        ("ticker/bookTicker", "symbol=BTCUSDT", 2),
        ("ticker/bookTicker", "", 4),
        ("depth", "symbol=BTCUSDT", 5),
        ("depth", "symbol=BTCUSDT&limit=101", 25),
        ("depth", "symbol=BTCUSDT&limit=1000", 50),
        ("depth", "symbol=BTCUSDT&limit=9999", 250),
        ("trades", "symbol=BTCUSDT&limit=1", 25),
        ("aggTrades", "symbol=BTCUSDT&limit=1", 4),
        ("avgPrice", "symbol=BTCUSDT", 2),
    ],
)
def test_every_request_costs(own: Asker, path: str, query: str, weight: int) -> None:
    """Each endpoint costs what the exchange says, refused requests too; both headers tell."""
    answer = own.fetch("GET", f"{own.box.binance_url}/api/v3/{path}?{query}")
    assert answer.headers["x-mbx-used-weight"] == str(weight)
    assert answer.headers["x-mbx-used-weight-1m"] == str(weight)
    assert own.box.weight_used == weight


def test_minutes_are_the_clocks() -> None:
    """The count starts anew with each minute of the exchange's clock, not sixty seconds later."""
    with asking(now_ms=NOW_MS // 60_000 * 60_000 + 59_000) as own:
        own.get("ping")
        assert own.get("ping").headers["x-mbx-used-weight-1m"] == "2"
        own.box.clock.advance(1)
        assert own.get("ping").headers["x-mbx-used-weight-1m"] == "1"


def test_too_much_weight() -> None:
    """Over the limit comes 429, with the seconds to the end of the minute and the right text."""
    with asking(now_ms=NOW_MS, weight_limit=41) as own:
        assert [own.get("exchangeInfo").status for _ in range(2)] == [200, 200]
        answer = own.get("klines", symbol="BTCUSDT", interval="1h")
        assert answer.status == 429
        assert answer.headers["retry-after"] == "34"
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        assert answer.headers["x-mbx-used-weight-1m"] == "42"
        assert answer.json() == {
            "code": -1003,
            "msg": "Too much request weight used; current limit is 41 request weight per "
            "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
        }
        own.box.clock.advance(34)
        assert own.get("ping").status == 200


def test_ban_grows() -> None:
    """Who ignores 429 is banned: two minutes, then four, at most three days."""
    with asking(now_ms=NOW_MS, weight_limit=1) as own:
        lengths = []
        for _ in range(13):
            while (answer := own.get("ping")).status != 418:
                pass
            lengths.append(int(answer.headers["retry-after"]))
            until = int(answer.json()["msg"].split("until ")[1].split(".")[0])
            assert until == own.box.clock.now_ms() + lengths[-1] * 1000
            own.box.clock.advance(lengths[-1])
        assert lengths[:3] == [120, 240, 480]
        assert lengths[-1] == 3 * 24 * 3600


def test_ban_holds() -> None:
    """During a ban every request is refused, without counting; after it all is well."""
    with asking(now_ms=NOW_MS, weight_limit=2) as own:
        statuses = [own.get("ping").status for _ in range(14)]
        assert statuses == [200, 200] + [429] * 10 + [418] * 2
        answer = own.get("ping")
        assert answer.json()["msg"].startswith("Way too much request weight used; IP banned until")
        own.box.clock.advance(60)
        assert own.get("ping").status == 418
        own.box.clock.advance(60)
        assert own.get("ping").status == 200
        own.box.forgive()
        assert own.box.weight_used == 0
