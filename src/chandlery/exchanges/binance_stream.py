"""Binance's candle streams, without a network: addresses, names, commands, and what comes in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import orjson

from chandlery.candles.binance_rows import EXACT_DECIMAL, LATEST_MS
from chandlery.candles.frame import DECIMALS
from chandlery.candles.interval import INTERVALS
from chandlery.candles.series import Series
from chandlery.errors import BadAnswer, NoSuchInterval, UnknownSymbol, printable, shown
from chandlery.exchanges import binance_markets
from chandlery.exchanges.stream import Row, StreamCandle

MOST_STREAMS: Final = 1024
"""Of one connection, as documented."""
SHUTDOWN: Final = "serverShutdown"

_EXACT: Final = re.compile(EXACT_DECIMAL)
_AS_KEPT: Final = re.compile(rf"(?:0|[1-9][0-9]{{0,29}})\.[0-9]{{{DECIMALS}}}")
"""How a kept decimal is written; Binance's spot prices come like this."""
_PRICES: Final = ("o", "h", "l", "c", "v")
_AMOUNTS: Final = ("V", "Q")
_MOST_TRADES: Final = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMarket:
    """One market of Binance that streams its candles."""

    name: str
    """The word for it in a series."""
    title: str
    """What people call it, for messages."""
    setting: str
    """The environment variable that sets its base URLs."""
    urls: tuple[str, ...]
    """Base URLs, best first."""
    rest_urls: Sequence[str]
    """Where a REST interface tells the same candles."""
    intervals: tuple[str, ...]


SPOT: Final = StreamMarket(
    name="binance",
    title="Binance",
    setting="CHANDLERY_BINANCE_STREAM_URL",
    urls=("wss://data-stream.binance.vision", "wss://stream.binance.com:9443"),
    rest_urls=binance_markets.SPOT.urls,
    intervals=tuple(interval.text for interval in INTERVALS),
)
UM: Final = StreamMarket(
    name="binance-um",
    title="Binance USD-M futures",
    setting="CHANDLERY_BINANCE_UM_STREAM_URL",
    urls=("wss://fstream.binance.com",),
    rest_urls=binance_markets.UM.urls,
    intervals=tuple(interval.text for interval in INTERVALS if interval.text != "1s"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command: `error` is in Binance's words, None when it was done."""

    id: int | str | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The server is about to end the connection; no lead time is promised."""


Message: TypeAlias = StreamCandle | Reply | Shutdown | None
"""None is a message of a stream that nobody asked for, or that was just unsubscribed from."""


def stream_name(market: StreamMarket, series: Series) -> str:
    """The stream of a series: `btcusdt@kline_1m`. Raises `NoSuchInterval`, `UnknownSymbol`.

    Binance acknowledges names that do not exist and never sends anything for them.
    """
    symbol, interval = series.symbol, series.interval.text
    if interval not in market.intervals:
        raise NoSuchInterval(market.name, interval, market.intervals)
    if symbol != symbol.upper() or "@" in symbol:
        raise UnknownSymbol(market.name, symbol, [symbol.upper()])
    return f"{symbol.lower()}@kline_{interval}"


def address(url: str, names: Collection[str]) -> str:
    """Where several streams come over one connection; with no names, those to be commanded."""
    listed = "/".join(quote(name, safe="@") for name in names)
    return f"{url}/stream?streams={listed}" if listed else f"{url}/stream"


def command(method: str, names: Collection[str], id_: int) -> str:
    """SUBSCRIBE or UNSUBSCRIBE."""
    return orjson.dumps({"method": method, "params": list(names), "id": id_}).decode()


def read_message(text: bytes | str, names: Mapping[str, Series], heard_ms: int) -> Message:
    """What one message of a combined stream says.

    `names` has the series of each stream that is followed. Raises `BadAnswer` for what is no
    message, or no candle of the stream that it claims to be of.
    """
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadAnswer(f"{len(text)} bytes of a stream that are no JSON: {text!r:.80}") from error
    if not isinstance(read, dict):
        raise BadAnswer(f"a stream's message should be an object, and is {shown(read)}")
    name, data = read.get("stream"), read.get("data", read)
    if isinstance(data, dict) and data.get("e") == SHUTDOWN:
        return Shutdown()
    if name is None:
        return _reply(read)
    series = names.get(name) if isinstance(name, str) else None
    return None if series is None else _candle(data, series, heard_ms)


def _reply(read: dict[str, Any]) -> Reply:
    error = read.get("error", read)
    if isinstance(error, dict) and "msg" in error:
        said = error["msg"]
        words = printable(said[:300]) if isinstance(said, str) else shown(said)
        return Reply(read.get("id"), words)
    if "result" in read:
        return Reply(read.get("id"))
    raise BadAnswer(f"a stream's message that is neither a candle nor an answer: {shown(read)}")


def _candle(data: Any, series: Series, heard_ms: int) -> StreamCandle:  # noqa: ANN401  JSON
    try:
        candle = data["k"]
        opened, *prices = candle["t"], *map(_decimal, map(candle.__getitem__, _PRICES))
        sums = map(_decimal, map(candle.__getitem__, _AMOUNTS))
        row: Row = (opened, *prices, candle["T"], _decimal(candle["q"]), candle["n"], *sums)
        closed, event_ms = candle["x"], data["E"]
        stated = (candle["s"], candle["i"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BadAnswer(f"{series}: a stream's message that is no candle: {shown(data)}") from error
    if stated != (series.symbol, series.interval.text):
        raise BadAnswer(f"{series}: a stream's candle says that it is of {shown(stated)}")
    if not _sound(row, event_ms) or type(closed) is not bool:
        raise BadAnswer(f"{series}: a stream's candle with impossible values: {shown(data, 300)}")
    return StreamCandle(series, row, closed, event_ms, heard_ms)


def _decimal(text: Any) -> str:  # noqa: ANN401  JSON
    """The text as kept decimals are written; raises TypeError for what cannot be kept exactly."""
    if _AS_KEPT.fullmatch(text):
        return str(text)
    if not _EXACT.fullmatch(text):
        raise TypeError
    whole, _, fraction = text.partition(".")
    return f"{int(whole)}.{fraction[:DECIMALS].ljust(DECIMALS, '0')}"


def _sound(row: Row, event_ms: object) -> bool:
    whole = [number for number in (row[0], row[6], event_ms, row[8]) if type(number) is int]
    if len(whole) < 4:  # noqa: PLR2004  those that were looked at
        return False
    opened, closes, at, trades = whole
    in_time = 0 <= opened <= closes < LATEST_MS and 0 <= at < LATEST_MS
    # As binary floats: rounding never turns round which of two is larger.
    first, high, low, last = map(float, row[1:5])
    ordered = low <= min(first, last) <= max(first, last) <= high
    return in_time and ordered and 0 <= trades < _MOST_TRADES
