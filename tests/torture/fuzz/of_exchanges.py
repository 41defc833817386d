"""What exchanges and CoinGecko answer over REST and streams."""

from __future__ import annotations

from typing import Final

import orjson

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import ChandleryError
from chandlery.exchanges import binance
from chandlery.exchanges.binance_markets import SPOT, UM
from chandlery.exchanges.binance_stream import read_message
from chandlery.exchanges.pages import Asked, read_candles
from chandlery.exchanges.stream import StreamCandle
from chandlery.marketcaps import coingecko_wire
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import judge, retry_after
from tests.candles.market import START_MS, rows
from tests.torture.fuzz.harness import Harness

HOURS: Final = Series.parse("binance:BTCUSDT:1h")
_NOW_MS: Final = START_MS + 100 * 86_400_000
_SPAN: Final = Span(START_MS, _NOW_MS)
_ASKED: Final = Asked(HOURS, 1000, start_ms=START_MS, end_ms=_NOW_MS)
_KLINES: Final = binance.oldest_request(SPOT, HOURS, _SPAN, 1000)
_LISTING: Final = binance.symbols_request(SPOT)
_TIME: Final = binance.time_request(UM)
_MARKETS: Final = coingecko_wire.markets_request(currency="usd", per_page=2, page=1, headers={})
_STREAMS: Final = {"btcusdt@kline_1h": HOURS}


def answer(body: bytes, status: int = 200) -> Answer:
    """An answer as the transport gives it."""
    return Answer(status, {}, body, "http://h/x", _NOW_MS, _NOW_MS, 0, 0)


def _refused(data: bytes, request: Request) -> None:
    """The same body where an error is told: an error of ours, whatever the status."""
    for status in (400, 418, 500):
        try:
            judge(answer(data, status), request)
            binance.read_rows(SPOT, answer(data, status), request, HOURS)
        except ChandleryError:
            continue
    assert retry_after(answer(data, 418)) >= 1


def _rows(data: bytes) -> None:
    found = binance.read_rows(SPOT, answer(data), _KLINES, HOURS)
    candles = read_candles(found, _ASKED, server_ms=_NOW_MS, settle_ms=0)
    assert len(candles) == len(found)


def _refusal(data: bytes) -> None:
    _refused(data, _KLINES)
    binance.read_listing(SPOT, answer(data, 400), _LISTING)


def _listing(data: bytes) -> None:
    for info in binance.read_listing(SPOT, answer(data), _LISTING).symbols:
        # Whatever is listed may become a series, the name of a file and a row of a database.
        assert Series.parse(f"binance:{info.symbol}:1h").symbol == info.symbol
        f"{info.base}{info.quote}".encode()


def _time(data: bytes) -> None:
    assert binance.read_time(UM, answer(data), _TIME) > 0


def _stream(data: bytes) -> None:
    said = read_message(data, _STREAMS, _NOW_MS)
    if isinstance(said, StreamCandle):
        assert len(said.candle) == 1


def _coins(data: bytes) -> None:
    coins = coingecko_wire.read_markets(answer(data), _MARKETS)
    for coin in coins:
        f"{coin.id}{coin.symbol}{coin.name}".encode()
        numbers = (coin.price, coin.market_cap, coin.volume_24h, coin.change_24h_percent)
        for number in (*numbers, *coin.sparkline):
            assert number is None or len(f"{number:f}") < 100
        for whole in (coin.rank, coin.last_updated_ms):
            assert whole is None or abs(whole) < 1 << 63
    coingecko_wire.biggest(coins, 10)


def _coin_refusal(data: bytes) -> None:
    coingecko_wire.read_markets(answer(data, 400), _MARKETS)


_SYMBOL: Final = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.01000000"}],
}
_LIMIT: Final = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "limit": 6000}
_CANDLE: Final = {
    "t": START_MS,
    "T": START_MS + 3_599_999,
    "s": "BTCUSDT",
    "i": "1h",
    "x": False,
    "n": 5,
    "o": "1.00",
    "h": "2.5",
    "l": "0.5",
    "c": "2",
    "v": "7.0",
    "q": "9.1",
    "V": "1",
    "Q": "2",
}
_MESSAGE: Final = {
    "stream": "btcusdt@kline_1h",
    "data": {"e": "kline", "E": START_MS + 5, "s": "BTCUSDT", "k": _CANDLE},
}
_COIN: Final = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "market_cap_rank": 1,
    "current_price": 90000.5,
    "market_cap": 1790000000000,
    "total_volume": 1.5e10,
    "price_change_percentage_24h": -1.25,
    "last_updated": "2025-11-20T10:00:00.123Z",
    "sparkline_in_7d": {"price": [1.5, 2, 3.25, None, 5, 6, 7, 8, 9]},
}
_ERROR: Final = b'{"code":-1121,"msg":"Invalid symbol."}'
_DEEP: Final = b"[" * 1_010 + b"]" * 1_010

HARNESSES: Final = (
    Harness("rows", _rows, (orjson.dumps(rows(3, "1h")), b"[]", _ERROR, _DEEP)),
    Harness(
        "refusals",
        _refusal,
        (_ERROR, b'{"code":-1003,"msg":"banned until 1702275878212."}', b"<html>", b"", _DEEP),
    ),
    Harness(
        "listing",
        _listing,
        (orjson.dumps({"symbols": [_SYMBOL] * 2, "rateLimits": [_LIMIT]}), _DEEP),
    ),
    Harness("server_time", _time, (b'{"serverTime":1700000000000}', _DEEP)),
    Harness(
        "stream",
        _stream,
        (
            orjson.dumps(_MESSAGE),
            b'{"result":null,"id":3}',
            b'{"error":{"code":2,"msg":"no"},"id":"x"}',
            b'{"e":"serverShutdown","E":1}',
            b'{"stream":' + _DEEP + b"}",
        ),
    ),
    Harness("coins", _coins, (orjson.dumps([_COIN, _COIN | {"id": "b", "market_cap": None}]),)),
    Harness(
        "coin_refusals",
        _coin_refusal,
        (
            b'{"status":{"error_code":429,"error_message":"slow"}}',
            b'{"error":{"status":{"error_code":10010,"error_message":"key"}}}',
            b'{"error":"no"}',
        ),
    ),
)
