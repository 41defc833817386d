"""Binance's wire, without a network."""

from __future__ import annotations

import gzip
import json
import re
from functools import partial
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import (
    BadAnswer,
    ChandleryError,
    NoSuchInterval,
    Refused,
    ServerFault,
    UnknownSymbol,
)
from chandlery.exchanges import binance
from chandlery.exchanges.binance_markets import SPOT
from chandlery.market import SymbolInfo
from tests.exchanges.wire import NOW_MS, answered, complaint, hours

SERIES = Series.parse("binance:BTCUSDT:1h")
ASKED = binance.time_request(SPOT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "symbol": JSON,
        "status": JSON,
        "baseAsset": st.just("BTC") | JSON,
        "quoteAsset": st.just("USDT") | JSON,
        "filters": st.lists(st.just({"filterType": "PRICE_FILTER", "tickSize": "1"}) | JSON) | JSON,
    },
)


class TestRequests:
    """What is asked."""

    def test_newest(self) -> None:
        """The newest rows need no bounds."""
        request = binance.newest_request(SPOT, SERIES, 500, None)
        assert request.shown() == "/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=500"
        assert request.weight == 2

    def test_newest_before(self) -> None:
        """Binance's end is inclusive, so `before` is one millisecond later than what is sent."""
        shown = binance.newest_request(SPOT, SERIES, 2, NOW_MS).shown()
        assert "&endTime=1699999999999&limit=2" in shown

    def test_oldest(self) -> None:
        """Both ends of a span are sent, the end as the last millisecond in it."""
        shown = binance.oldest_request(SPOT, SERIES, Span(1000, 2000), 10).shown()
        assert shown.endswith("&startTime=1000&endTime=1999&limit=10")

    def test_before_the_epoch(self) -> None:
        """Times before 1970 are sent as 0: Binance takes no sign."""
        shown = binance.oldest_request(SPOT, SERIES, Span(-5, 2), 10).shown()
        assert "startTime=0&endTime=1" in shown

    def test_symbols(self) -> None:
        """The list of all symbols costs twenty."""
        assert binance.symbols_request(SPOT).weight == 20


class TestRefusals:
    """Coded errors."""

    @pytest.mark.parametrize(
        ("code", "text", "kind"),
        [
            (-1121, "Invalid symbol.", UnknownSymbol),
            (-1100, "Illegal characters found in parameter 'symbol'; legal …", UnknownSymbol),
            (-1120, "Invalid interval.", NoSuchInterval),
            (-1100, "Illegal characters found in parameter 'interval'; …", NoSuchInterval),
            (-1100, "Illegal characters found in parameter 'limit'; …", Refused),
            (-1104, "Not all sent parameters were read", Refused),
            (-1000, "An unknown error occurred", ServerFault),
            (-1007, "Timeout waiting for response from backend server.", ServerFault),
            (-1003, "Too many requests queued.", ServerFault),
        ],
    )
    def test_kinds(self, code: int, text: str, kind: type[ChandleryError]) -> None:
        """Each code becomes its kind of error."""
        answer = answered({"code": code, "msg": text}, status=400)
        with pytest.raises(kind) as caught:
            binance.read_rows(SPOT, answer, binance.newest_request(SPOT, SERIES, 1, None), SERIES)
        assert type(caught.value) is kind

    def test_refused_says_what_was_asked(self) -> None:
        """A refusal names the request, the code and Binance's own words."""
        answer = answered({"code": -1104, "msg": "Not all sent."}, status=400)
        with pytest.raises(Refused, match=r"/api/v3/time.*code -1104: Not all sent") as caught:
            binance.read_time(SPOT, answer, ASKED)
        assert caught.value.code == -1104

    def test_not_binance(self) -> None:
        """A 404 without a code points to the setting of the address."""
        with pytest.raises(Refused, match="CHANDLERY_BINANCE_URL"):
            binance.read_time(SPOT, answered(b"<html>", status=404), ASKED)

    def test_recorded(self, recorded: Path) -> None:
        """The recorded answer for an unknown symbol is read as such."""
        told = json.loads((recorded / "errors.json").read_text())
        body = next(entry["body"] for entry in told if "-1121" in entry["body"])
        with pytest.raises(UnknownSymbol, match="BTCUSDT"):
            binance.read_rows(SPOT, answered(body.encode(), status=400), ASKED, SERIES)


class TestSymbols:
    """The list of symbols."""

    def test_one(self) -> None:
        """Names, status and the digits of the tick size."""
        entry = {
            "symbol": "BTCUSDT",
            "status": "BREAK",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.01000000"}],
        }
        found = binance.read_listing(SPOT, answered({"symbols": [entry]}), ASKED).symbols
        assert found == [SymbolInfo("BTCUSDT", "BTC", "USDT", "BREAK", 2)]

    @pytest.mark.parametrize(
        ("tick", "digits"),
        [
            ("0.00000100", 6),
            ("1.00000000", 0),
            ("10", 0),
            ("0.00000000", None),
            ("", None),
            ("1e-8", None),
            ("0.5", 1),
        ],
    )
    def test_ticks(self, tick: str, digits: int | None) -> None:
        """Every tick size gives its digits; what is no tick size gives none."""
        entry = {
            "symbol": "A",
            "baseAsset": "A",
            "quoteAsset": "B",
            "filters": [{"filterType": "PRICE_FILTER", "tickSize": tick}],
        }
        assert binance.read_listing(SPOT, answered({"symbols": [entry]}), ASKED).symbols == [
            SymbolInfo("A", "A", "B", "UNKNOWN", digits)
        ]

    @pytest.mark.parametrize("status", ["PRE_TRADING", None, 7, ["TRADING"]])
    def test_strange_status(self, status: object) -> None:
        """A status that we do not know is UNKNOWN, never an error."""
        entry = {"symbol": "A", "baseAsset": "A", "quoteAsset": "B", "status": status}
        found = binance.read_listing(SPOT, answered({"symbols": [entry]}), ASKED).symbols
        assert found[0].status == "UNKNOWN"

    def test_weight_limit(self) -> None:
        """The granted weight per minute is found among the other limits."""
        limits = [
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 9},
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": 600,
            },
        ]
        answer = answered({"rateLimits": limits, "symbols": []})
        assert binance.read_listing(SPOT, answer, ASKED).weight_limit == 600
        answer = answered({"rateLimits": None, "symbols": []})
        assert binance.read_listing(SPOT, answer, ASKED).weight_limit is None

    def test_recorded_whole_list(self, recorded: Path) -> None:
        """The recorded list of 1,695 symbols, 1,262 of them trading."""
        body = gzip.decompress(
            (recorded / "binance_rest/exchangeInfo_2021-10-12.json.gz").read_bytes()
        )
        found = {
            one.symbol: one for one in binance.read_listing(SPOT, answered(body), ASKED).symbols
        }
        assert len(found) == 1695
        assert sum(one.status == "TRADING" for one in found.values()) == 1262
        assert found["BTCUSDT"] == SymbolInfo("BTCUSDT", "BTC", "USDT", "TRADING", 2)
        assert all(one.price_decimals is not None for one in found.values())

    def test_recorded_2025_form(self, recorded: Path) -> None:
        """The recorded answer in the form of 2025."""
        body = (recorded / "binance_rest/exchangeInfo_one_symbol_2025-08-23.json").read_bytes()
        found = binance.read_listing(SPOT, answered(body), ASKED)
        assert found.symbols == [SymbolInfo("BTCUSDT", "BTC", "USDT", "TRADING", 2)]
        assert found.weight_limit == 6000


class TestAnything:
    """Nothing that a server can send causes an error that is not ours."""

    @settings(deadline=None)
    @given(JSON, st.sampled_from([200, 400, 404]))
    def test_any_json(self, body: object, status: int) -> None:
        """Arbitrary JSON is read, or refused in our own words."""
        for read in (binance.read_time, binance.read_listing):
            assert complaint(partial(read, SPOT, answered(body, status=status), ASKED)) != ""

    @settings(deadline=None)
    @given(st.lists(ENTRIES | JSON, max_size=3))
    def test_any_symbols(self, entries: list[object]) -> None:
        """Arbitrary entries of the symbol list are read, or refused naming which."""
        said = complaint(lambda: binance.read_listing(SPOT, answered({"symbols": entries}), ASKED))
        assert said is None or re.search(r"symbol [1-3] of the list should be", said)

    @settings(deadline=None)
    @given(st.binary(max_size=60), st.integers(200, 499))
    def test_any_bytes(self, body: bytes, status: int) -> None:
        """Arbitrary bytes are read, or refused in our own words."""
        said = complaint(
            lambda: binance.read_rows(SPOT, answered(body, status=status), ASKED, SERIES)
        )
        assert said != ""

    @settings(deadline=None)
    @given(st.integers(0, 400))
    def test_cut_anywhere(self, length: int) -> None:
        """An answer cut off anywhere is a bad answer, never a shorter one."""
        whole = orjson.dumps(hours(0, 3))
        with pytest.raises(BadAnswer):
            binance.read_rows(SPOT, answered(whole[: min(length, len(whole) - 1)]), ASKED, SERIES)
        assert len(binance.read_rows(SPOT, answered(whole), ASKED, SERIES)) == 3


DEEP = b"[" * 1_010 + b"]" * 1_010


@pytest.mark.parametrize(
    "body", [DEEP, b'{"symbols":' + DEEP + b"}", b'{"serverTime":' + DEEP + b"}"]
)
def test_nested_deeply(body: bytes) -> None:
    """A thousand lists in each other are a bad answer, whatever was asked."""
    for read in (binance.read_time, binance.read_listing):
        with pytest.raises(BadAnswer):
            read(SPOT, answered(body), ASKED)
    status = b'{"symbols":[{"symbol":"A","baseAsset":"A","quoteAsset":"B","status":' + DEEP + b"}]}"
    assert binance.read_listing(SPOT, answered(status), ASKED).symbols[0].status == "UNKNOWN"


@pytest.mark.parametrize("name", ["../../x", "..", "A/B", "A B", "A:B", "A*", "A\x00", "A\x1b[2J"])
def test_names_that_no_symbol_has(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A listed name that would lead out of a folder, or into a pattern, is left out and told."""
    entry = {"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "status": "TRADING"}
    for field in ("symbol", "baseAsset", "quoteAsset"):
        caplog.clear()
        body = {"symbols": [entry, entry | {field: name}]}
        listing = binance.read_listing(SPOT, answered(body), ASKED)
        assert [one.symbol for one in listing.symbols] == ["BTCUSDT"]
        assert "lists 1 names that no symbol has" in caplog.text


def test_words_of_an_exchange_are_printable() -> None:
    """What an exchange says of a refusal cannot steer the terminal on which it is shown."""
    body = {"code": -1, "msg": "\x1b[2Jno"}
    with pytest.raises(Refused, match=r"\\x1b\[2Jno") as refused:
        binance.read_time(SPOT, answered(body, status=400), ASKED)
    assert str(refused.value).isprintable()
