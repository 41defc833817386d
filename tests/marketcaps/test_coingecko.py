"""Market caps, over real sockets and from recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.clock import FrozenClock
from chandlery.errors import BadAnswer, BadSpan, Blocked, ChandleryError, RateLimited, Refused
from chandlery.marketcaps.coingecko import CoinGecko
from chandlery.marketcaps.coingecko_wire import key_header, markets_request, read_markets
from chandlery.transport.request import Answer
from tests.transport.scripted import Asked, Play, Scripted, scripted

NOW_MS = 1_700_000_000_000
ASKED = markets_request(currency="usd", per_page=10, page=1, headers={"x-cg-demo-api-key": "CG-k"})
COIN: dict[str, Any] = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "current_price": 65610.10,
    "market_cap": 1312155114762,
    "market_cap_rank": 1,
    "total_volume": 43631967321,
    "price_change_percentage_24h": -2.95991,
    "last_updated": "2026-02-27T22:50:40.941Z",
}


def answered(body: bytes | str, status: int = 200) -> Answer:
    """An answer with this body."""
    text = body if isinstance(body, bytes) else body.encode()
    return Answer(status, {}, text, "http://h/x", NOW_MS, NOW_MS, 0, 0)


def listed(*coins: object) -> Play:
    """A list of coins as the server sends it."""
    return Play(json.dumps(coins).encode())


@contextmanager
def opened(*plays: Play, key: str | None = None) -> Iterator[tuple[CoinGecko, Scripted]]:
    """A client of a server that answers so."""
    with (
        scripted(*plays) as server,
        CoinGecko([server.url + "/api/v3"], key, clock=FrozenClock(NOW_MS)) as client,
    ):
        yield client, server


class TestTop:
    """The biggest coins."""

    def test_one(self) -> None:
        """All fields of a coin, numbers exactly as sent."""
        with opened(listed(COIN)) as (client, _):
            snapshot = client.top(10)
        (coin,) = snapshot.coins
        assert (snapshot.taken_ms, snapshot.currency) == (NOW_MS, "usd")
        assert (coin.id, coin.symbol, coin.name, coin.rank) == ("bitcoin", "btc", "Bitcoin", 1)
        assert coin.price == Decimal("65610.1")
        assert coin.market_cap == Decimal(1312155114762)
        assert coin.volume_24h == Decimal(43631967321)
        assert coin.change_24h_percent == Decimal("-2.95991")
        assert coin.last_updated_ms == 1772232640941

    def test_what_is_asked(self) -> None:
        """Currency, order, page and full precision are asked for."""
        with opened(listed()) as (client, server):
            client.top(25, "EUR")
        url = urlsplit(server.asked[0].target)
        assert url.path == "/api/v3/coins/markets"
        assert parse_qs(url.query) == {
            "vs_currency": ["eur"],
            "order": ["market_cap_desc"],
            "per_page": ["25"],
            "page": ["1"],
            "precision": ["full"],
        }

    def test_biggest_first(self) -> None:
        """The order is by market cap, whatever the order of the answer."""
        caps = {"a": 5, "b": 50, "c": 500}
        coins = [{**COIN, "id": name, "market_cap": cap} for name, cap in caps.items()]
        with opened(listed(*coins)) as (client, _):
            assert [coin.id for coin in client.top(3).coins] == ["c", "b", "a"]

    def test_times_without_a_zone(self) -> None:
        """A time that names no zone is UTC, wherever this machine stands."""
        with opened(listed({**COIN, "last_updated": "1970-01-01T00:00:01"})) as (client, _):
            assert client.top(1).coins[0].last_updated_ms == 1000

    @pytest.mark.parametrize("cap", [None, 0])
    def test_no_market_cap(self, cap: object) -> None:
        """A coin without a market cap is not in the list."""
        with opened(listed({**COIN, "market_cap": cap}, {**COIN, "id": "b"})) as (client, _):
            assert [coin.id for coin in client.top(2).coins] == ["b"]

    def test_nulls(self) -> None:
        """Every number but the market cap may be null."""
        nulls = {
            "current_price": None,
            "market_cap_rank": None,
            "total_volume": None,
            "price_change_percentage_24h": None,
            "last_updated": None,
        }
        with opened(listed({**COIN, **nulls})) as (client, _):
            (coin,) = client.top(1).coins
        numbers = (coin.price, coin.rank, coin.volume_24h, coin.change_24h_percent)
        assert set(numbers) == {None}
        assert coin.last_updated_ms is None

    def test_pages(self) -> None:
        """More coins than fit a page come by several, and a coin on two pages counts once."""

        def script(asked: Asked) -> Play:
            page = int(parse_qs(urlsplit(asked.target).query)["page"][0])
            first = (page - 1) * 249
            coins = [
                {**COIN, "id": f"c{n}", "market_cap": 10**6 - n} for n in range(first, first + 250)
            ]
            return listed(*coins)

        with (
            scripted(script=script) as server,
            CoinGecko([server.url], clock=FrozenClock(NOW_MS)) as client,
        ):
            coins = client.top(400).coins
        assert len(server.asked) == 2
        assert [coin.id for coin in coins] == [f"c{n}" for n in range(400)]

    def test_a_short_page_is_the_last(self) -> None:
        """When there are fewer coins than asked for, no further page is asked."""
        with opened(listed(COIN)) as (client, server):
            assert len(client.top(1000).coins) == 1
        assert len(server.asked) == 1

    @pytest.mark.parametrize("count", [0, -1, 1001])
    def test_count(self, count: int) -> None:
        """A count that makes no list is refused before anything is sent."""
        with opened(listed()) as (client, server), pytest.raises(BadSpan):
            client.top(count)
        assert not server.asked


class TestKeys:
    """Keyless, demo and paid."""

    def test_keyless(self) -> None:
        """Without a key no header is sent."""
        with opened(listed()) as (client, server):
            client.top()
        assert not [name for name in server.asked[0].headers if name.startswith("x-cg")]

    def test_demo(self) -> None:
        """A key goes into the demo header at any host but the paid one."""
        with opened(listed(), key="CG-secret") as (client, server):
            client.top()
        assert server.asked[0].headers["x-cg-demo-api-key"] == "CG-secret"

    def test_paid(self) -> None:
        """The paid host has a header of its own."""
        assert key_header("https://pro-api.coingecko.com/api/v3", "k") == {"x-cg-pro-api-key": "k"}
        assert key_header("https://evil.com/pro-api.coingecko.com", "k") == {
            "x-cg-demo-api-key": "k"
        }

    def test_the_key_is_not_shown(self) -> None:
        """No error shows the key, even when CoinGecko repeats it."""
        play = Play(b'{"error":"bad key CG-secret"}', status=401)
        with opened(play, key="CG-secret") as (client, _), pytest.raises(Refused) as caught:
            client.top()
        assert "CG-secret" not in str(caught.value)
        assert "bad key ***" in str(caught.value)


class TestRefusals:
    """Errors in their three shapes."""

    @pytest.mark.parametrize(
        ("body", "text", "code"),
        [
            ('{"error":"Missing parameter vs_currency"}', "Missing parameter vs_currency", None),
            ('{"status":{"error_code":10002,"error_message":"no key"}}', "no key", 10002),
            ('{"error":{"status":{"error_code":10005,"error_message":"plan"}}}', "plan", 10005),
            ("nothing like it", "nothing like it", None),
            ('{"error":7}', "error", None),
            ("", "empty", None),
        ],
    )
    def test_shapes(self, body: str, text: str, code: int | None) -> None:
        """Each shape gives its text and code."""
        with pytest.raises(Refused, match=text) as caught:
            read_markets(answered(body, 422), ASKED)
        assert caught.value.code == code

    @pytest.mark.parametrize(("code", "setting"), [(10010, "pro-api"), (10011, "public host")])
    def test_key_on_the_wrong_host(self, code: int, setting: str) -> None:
        """A key at the wrong host is answered with what to set."""
        body = json.dumps({"status": {"error_code": code, "error_message": "x"}})
        with pytest.raises(Refused, match=setting):
            read_markets(answered(body, 400), ASKED)

    def test_limited(self, recorded: Path) -> None:
        """The recorded 429 asks for 119 seconds, longer than we wait by default."""
        told = json.loads((recorded / "errors.json").read_text())
        entry = next(entry for entry in told if entry["service"] == "coingecko")
        play = Play(entry["body"].encode(), 429, {"retry-after": entry["headers"]["retry-after"]})
        with opened(play) as (client, server), pytest.raises(RateLimited) as caught:
            client.top()
        assert caught.value.retry_after == 119
        assert len(server.asked) == 1

    def test_limited_without_a_time(self) -> None:
        """A 429 that does not say how long is waited out for a minute."""
        with opened(Play(status=429), listed(COIN)) as (client, _):
            snapshot = client.top()
        assert 60_000 <= snapshot.taken_ms - NOW_MS <= 62_000

    def test_firewall(self) -> None:
        """The firewall's page is explained."""
        with (
            opened(Play(b"<html>error code: 1020</html>", status=403)) as (client, _),
            pytest.raises(Blocked, match="CHANDLERY_COINGECKO_KEY"),
        ):
            client.top()

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"id": None}, "coin 1: id should be text"),
            ({"name": 5}, "coin 1: name should be text"),
            ({"market_cap": "12"}, "coin 1: market_cap should be a number or null"),
            ({"market_cap": True}, "coin 1: market_cap should be a number or null"),
            ({"market_cap": 1e300}, "coin 1: market_cap should be a number or null"),
            ({"last_updated": "yesterday"}, "coin 1: last_updated should be a time"),
            ({"last_updated": 5}, "coin 1: last_updated should be a time"),
        ],
    )
    def test_odd_fields(self, change: dict[str, object], reason: str) -> None:
        """An odd field is named, with its coin."""
        with pytest.raises(BadAnswer, match=reason):
            read_markets(answered(json.dumps([{**COIN, **change}])), ASKED)

    @pytest.mark.parametrize("name", ["id", "symbol", "name", "market_cap", "current_price"])
    def test_missing_fields(self, name: str) -> None:
        """A missing field is named, since it is not the same as null."""
        coin = {key: value for key, value in COIN.items() if key != name}
        with pytest.raises(BadAnswer, match=f"coin 1: {name} .*missing"):
            read_markets(answered(json.dumps([coin])), ASKED)

    @pytest.mark.parametrize(
        "body",
        ["{}", "null", "[null]", "[[]]", "", "[NaN]", "[" * 100_000, "[1e99999999999999999999]"],
    )
    def test_other_bodies(self, body: str) -> None:
        """What is no list of coins is a bad answer."""
        with pytest.raises(BadAnswer):
            read_markets(answered(body), ASKED)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
COINS = st.fixed_dictionaries({name: SCALARS | st.just(value) for name, value in COIN.items()})


@settings(deadline=None)
@given(st.lists(COINS | SCALARS | st.lists(SCALARS), max_size=3), st.sampled_from([200, 422]))
def test_any_json(coins: object, status: int) -> None:
    """Arbitrary JSON is read, or refused in our own words."""
    try:
        found = read_markets(answered(json.dumps(coins), status), ASKED)
    except ChandleryError:
        return
    assert isinstance(coins, list)
    assert len(found) == len(coins)


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from([200, 404]))
def test_any_bytes(body: bytes, status: int) -> None:
    """Arbitrary bytes are refused in our own words, unless they are an empty list."""
    try:
        found = read_markets(answered(body, status), ASKED)
    except ChandleryError:
        return
    assert not found


class TestRecorded:
    """Real answers."""

    @pytest.mark.parametrize(
        ("name", "first", "cap", "count"),
        [
            ("coins_markets_usd_top10_2026-02-27.json", "bitcoin", 1312155114762, 10),
            ("coins_markets_usd_top10_2024-01-27.json", "bitcoin", None, 10),
            ("coins_markets_usd_top5_2024-03-27.json", "bitcoin", None, 5),
        ],
    )
    def test_top(self, recorded: Path, name: str, first: str, cap: int | None, count: int) -> None:
        """The recorded lists, with every number as it was written."""
        body = (recorded / "coingecko" / name).read_bytes()
        with opened(Play(body)) as (client, _):
            coins = client.top(10).coins
        raw = json.loads(body, parse_float=Decimal)
        assert len(coins) == count
        assert coins[0].id == first
        assert cap is None or coins[0].market_cap == cap
        assert [coin.market_cap for coin in coins] == sorted(
            (entry["market_cap"] for entry in raw), reverse=True
        )
        by_id = {entry["id"]: entry for entry in raw}
        assert all(str(coin.price) == str(by_id[coin.id]["current_price"]) for coin in coins)


class TestSparklines:
    """A week of prices, where it was asked for."""

    def test_asked(self) -> None:
        """It is asked only when wanted, in the same request."""
        with opened(listed(), listed()) as (client, server):
            client.top(100, sparkline=True)
            client.top(100)
        with_it, without = (parse_qs(urlsplit(one.target).query) for one in server.asked)
        assert (with_it["sparkline"], with_it["per_page"]) == (["true"], ["100"])
        assert "sparkline" not in without

    def test_read(self) -> None:
        """Every fourth price to six digits, the newest among them."""
        hours = [100_000.123456 + hour for hour in range(169)]
        coin = {**COIN, "sparkline_in_7d": {"price": hours}}
        with opened(listed(coin)) as (client, _):
            (found,) = client.top(1, sparkline=True).coins
        assert len(found.sparkline) == 43
        assert (found.sparkline[0], found.sparkline[-1]) == (Decimal(100_000), Decimal(100_168))

    @pytest.mark.parametrize("odd", [None, [], {}, {"price": None}, {"price": [None, "x", True]}])
    def test_odd(self, odd: object) -> None:
        """A picture that cannot be read is no reason to refuse a coin."""
        with opened(listed({**COIN, "sparkline_in_7d": odd})) as (client, _):
            assert client.top(1).coins[0].sparkline == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"market_cap_rank": 10**20},
        {"market_cap_rank": -1},
        {"current_price": "0e-999999"},
        {"current_price": "0." + "3" * 400},
    ],
)
def test_numbers_that_no_store_keeps(changed: dict[str, object]) -> None:
    """Ranks beyond all coins, zeros and fractions of endless digits are no numbers of a coin."""
    written = {name: f"%{name}%" for name in changed}
    text = json.dumps([COIN | written])
    for name, value in changed.items():
        text = text.replace(f'"%{name}%"', str(value))
    with pytest.raises(BadAnswer, match=f"coin 1: {next(iter(changed))}"):
        read_markets(answered(text), ASKED)


def test_names_that_no_store_keeps() -> None:
    """Halves of characters, zeros and escapes in a name are written out."""
    text = json.dumps([COIN | {"name": "A\ud800B\x00C\x1b[2J"}])
    (coin,) = read_markets(answered(text), ASKED)
    assert coin.name == "A\\ud800B\\x00C\\x1b[2J"
    with pytest.raises(Refused) as refused:
        read_markets(answered('{"error": "\\ud800"}', status=400), ASKED)
    assert str(refused.value).isprintable()
