"""Refused requests: status, code and text, word for word, and which fault is told first."""

from __future__ import annotations

import pytest

from tests.sandbox.asking import Asker

K = "symbol=BTCUSDT&interval=1h"
SYMBOL_RANGE = r"^[\w\-._&&[^a-z]]{1,50}$"
NUMBER_RANGE = "^[0-9]{1,20}$"


def characters(name: str, legal: str) -> str:
    """The text of -1100."""
    return f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."


def missing(name: str) -> str:
    """The text of -1102."""
    return f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


REFUSALS = [
    ("klines", "", -1102, missing("symbol")),
    ("klines", "interval=1h", -1102, missing("symbol")),
    ("klines", "symbol=&interval=1h", -1102, missing("symbol")),
    ("klines", "symbol=BTCUSDT", -1102, missing("interval")),
    ("klines", "symbol=NOPEUSDT&interval=1h", -1121, "Invalid symbol."),
    ("klines", "symbol=btcusdt&interval=1h", -1100, characters("symbol", SYMBOL_RANGE)),
    ("klines", "symbol=BTC/USDT&interval=1h", -1100, characters("symbol", SYMBOL_RANGE)),
    ("klines", f"symbol={'A' * 51}&interval=1h", -1100, characters("symbol", SYMBOL_RANGE)),
    ("klines", "symbol=BTCUSDT&interval=2d", -1120, "Invalid interval."),
    ("klines", "symbol=BTCUSDT&interval=1H", -1120, "Invalid interval."),
    ("klines", "symbol=BTCUSDT&interval=1%20h", -1100,
     characters("interval", "^[a-zA-Z_0-9]{1,36}$")),
    ("klines", f"{K}&limit=-1", -1100, characters("limit", NUMBER_RANGE)),
    ("klines", f"{K}&limit=1.5", -1100, characters("limit", NUMBER_RANGE)),
    ("klines", f"{K}&startTime=abc", -1100, characters("startTime", NUMBER_RANGE)),
    ("klines", f"{K}&startTime=", -1105, "Parameter 'startTime' was empty."),
    ("klines", f"{K}&endTime=99999999999999999999", -1108, "Parameter 'endTime' overflowed."),
    ("klines", f"{K}&limit=0", -1130, "Data sent for parameter 'limit' is not valid."),
    ("klines", f"{K}&timeZone=15", -1130, "Data sent for parameter 'timeZone' is not valid."),
    ("klines", f"{K}&timeZone=-12:30", -1130,
     "Data sent for parameter 'timeZone' is not valid."),
    ("klines", f"{K}&interval=1m", -1101, "Duplicate values for a parameter detected."),
    ("klines", f"{K}&foo=1", -1104,
     "Not all sent parameters were read; read '2' parameter(s) but was sent '3'."),
    ("ping", "foo=1", -1104,
     "Not all sent parameters were read; read '0' parameter(s) but was sent '1'."),
    ("exchangeInfo", "symbol=NOPE", -1121, "Invalid symbol."),
    ("exchangeInfo", 'symbols=["BTCUSDT","NOPE"]', -1121, "Invalid symbol."),
    ("exchangeInfo", 'symbols=["BTCUSDT","BTCUSDT"]', -1151,
     "Symbol is present multiple times in the list."),
    ("exchangeInfo", "symbol=BTCUSDT&symbolStatus=TRADING", -1128,
     "Combination of optional parameters invalid."),
    ("exchangeInfo", "symbolStatus=SLEEPING", -1122, "Invalid symbolStatus."),
    ("ticker/24hr", 'symbol=BTCUSDT&symbols=["BTCUSDT"]', -1128,
     "Combination of optional parameters invalid."),
    ("ticker/24hr", "type=HUGE", -1139, "Invalid ticker type."),
    ("ticker/24hr", "symbol=XMRUSDT&symbolStatus=TRADING", -1220,
     "The symbol's status does not match the requested symbolStatus."),
    ("ticker", "windowSize=1d", -1102,
     "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"),
    ("ticker", "symbol=BTCUSDT&windowSize=8d", -1130,
     "Data sent for parameter 'windowSize' is not valid."),
    ("avgPrice", "", -1102, missing("symbol")),
    ("depth", "limit=5", -1102, missing("symbol")),
    ("trades", "symbol=NOPE", -1121, "Invalid symbol."),
    ("aggTrades", "symbol=BTCUSDT&fromId=1&startTime=1", -1128,
     "Combination of optional parameters invalid."),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query", "code", "text"), REFUSALS)
def test_texts(ask: Asker, path: str, query: str, code: int, text: str) -> None:
    """Every refusal has status 400 and the exchange's own code and text."""
    assert ask.refusal(path, query) == (400, code, text)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbol=btc&symbol=btc&interval=?&x=1", -1101),
        ("symbol=btc&interval=&x=1", -1100),
        ("symbol=BTC&interval=&limit=x", -1102),
        ("symbol=NOPE&interval=9z&limit=x&x=1", -1100),
        ("symbol=NOPE&interval=9z&x=1", -1104),
        ("symbol=NOPE&interval=9z&timeZone=99", -1120),
        ("symbol=NOPE&interval=1h&timeZone=99", -1121),
        ("symbol=BTCUSDT&interval=1h&timeZone=99", -1130),
    ],
)
def test_order_of_checks(ask: Asker, query: str, code: int) -> None:
    """Of several faults the exchange names the first in its own order."""
    assert ask.refusal("klines", query)[1] == code


def test_symbols_pattern(ask: Asker) -> None:
    """A space after the comma of `symbols` is refused, and so is a list that is no list."""
    for value in ('["BTCUSDT",%20"ETHUSDT"]', "BTCUSDT", '["btcusdt"]'):
        status, code, text = ask.refusal("ticker/price", f"symbols={value}")
        assert (status, code) == (400, -1100)
        assert "'symbols'" in text


def test_more_than_a_hundred_symbols(ask: Asker) -> None:
    """A list of more than a hundred symbols is refused as such."""
    names = ",".join(f'"S{number}"' for number in range(101))
    status, code, text = ask.refusal("ticker/24hr", f"symbols=[{names}]")
    assert (status, code) == (400, -1101)
    assert "maximum allowed up to 100" in text


def test_time_unit(ask: Asker) -> None:
    """An unknown time unit is refused, the known ones are accepted in both spellings."""
    for unit in ("MICROSECOND", "microsecond", "MILLISECOND", "millisecond"):
        assert ask.get("time", {"X-MBX-TIME-UNIT": unit}).status == 200
    answer = ask.get("time", {"X-MBX-TIME-UNIT": "NANOSECOND"})
    assert (answer.status, answer.json()["code"]) == (400, -1194)


def test_unknown_paths(ask: Asker) -> None:
    """404 is HTML for those who name it, and empty for others."""
    for path in ("/api/v3/nothing", "/api/v1/klines", "/", "/api/v3/"):
        url = ask.box.binance_url + path
        page = ask.fetch("GET", url, {"Accept": "text/html,*/*"})
        assert (page.status, page.data) == (
            404,
            b"<html><body><h2>404 Not found</h2></body></html>",
        )
        assert page.headers["content-type"].startswith("text/html")
        plain = ask.fetch("GET", url, {"Accept": "*/*"})
        assert (plain.status, plain.data) == (404, b"")


def test_only_reading(ask: Asker) -> None:
    """Market data cannot be posted."""
    assert ask.fetch("POST", f"{ask.box.binance_url}/api/v3/klines").status == 405
