"""Binance's wire, without a network: build the request, read the answer.

Every market of Binance speaks it; in what they differ stands in `binance_markets`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

import orjson

from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.series import Series, is_symbol
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.errors import (
    BadAnswer,
    ChandleryError,
    NoSuchInterval,
    Refused,
    ServerFault,
    UnknownSymbol,
    printable,
    shown,
)
from chandlery.exchanges.binance_markets import BinanceMarket
from chandlery.market import SymbolInfo
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import excerpt, http_date_ms

log = logging.getLogger(__name__)

T = TypeVar("T")

_JSON_WORDS: Final[dict[type, str]] = {list: "a list", dict: "an object", str: "text"}

_SHORTEST_MONTH_MS: Final = 28 * DAY_MS
_OFF_GRID: Final = 10
"""Rows that a span may have beyond those of its grid: after an outage trading may begin off it."""

_APART_MS: Final = 60_000
"""What serverTime and the date of its answer may differ by; seen were fractions of a second."""

_ILLEGAL_CHARACTERS: Final = -1100
_UNKNOWN_INTERVAL: Final = -1120
_UNKNOWN_SYMBOL: Final = -1121
_PASSING: Final = {-1000, -1001, -1003, -1006, -1007, -1008}
"""Codes of trouble on Binance's side; the same request may work in a moment."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What exchangeInfo says: the symbols, and the weight per minute, if it is stated."""

    symbols: list[SymbolInfo]
    weight_limit: int | None


def newest_request(
    market: BinanceMarket, series: Series, limit: int, before_ms: int | None
) -> Request:
    """The newest rows, or the newest before a moment. Raises as `oldest_request`."""
    end = () if before_ms is None else (("endTime", str(max(0, before_ms - 1))),)
    return _klines(market, series, limit, end)


def oldest_request(market: BinanceMarket, series: Series, span: Span, limit: int) -> Request:
    """The oldest rows of a span; both of Binance's bounds are inclusive.

    Raises `NoSuchInterval`, and `UnknownSymbol` for small letters: one symbol has one spelling.
    """
    start, end = max(0, span.start), max(0, span.end - 1)
    bounds = (("startTime", str(start)), ("endTime", str(end)))
    return _klines(market, series, _enough(market, series.interval, span, limit), bounds)


def time_request(market: BinanceMarket) -> Request:
    """What the exchange's clock says."""
    return Request(f"{market.path}/time")


def symbols_request(market: BinanceMarket) -> Request:
    """Every symbol, with its state and rules."""
    path = f"{market.path}/exchangeInfo"
    return Request(path, market.symbols_query, weight=market.symbols_weight)


def read_rows(market: BinanceMarket, answer: Answer, request: Request, series: Series) -> list[Any]:
    """The rows of a klines answer, not yet looked at.

    Raises `UnknownSymbol`, `NoSuchInterval`, `Refused`; for a while `ServerFault`, `BadAnswer`.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(market, answer, request, series)
    return _expect(_json(answer), list, "the answer")


def read_time(market: BinanceMarket, answer: Answer, request: Request) -> int:
    """The exchange's clock in epoch milliseconds."""
    found = _object(market, answer, request).get("serverTime")
    if type(found) is not int or found <= 0:
        msg = f"serverTime is not a time: {shown(found, 50)}"
        raise BadAnswer(msg)
    date_ms = http_date_ms(answer.headers.get("date", ""))
    if date_ms is not None and abs(found - date_ms) > _APART_MS:
        # What is closed is decided by this time, so one that is contradicted is none.
        dated = ms_to_text(date_ms)
        raise BadAnswer(f"serverTime says {shown(found, 50)}, and the answer is dated {dated}")
    return found


def read_listing(market: BinanceMarket, answer: Answer, request: Request) -> Listing:
    """Every symbol of an exchangeInfo answer, and the weight per minute that it grants."""
    found = _object(market, answer, request)
    listed = _expect(found.get("symbols"), list, "symbols")
    symbols = [_symbol(market, number, entry) for number, entry in enumerate(listed, start=1)]
    usable = [one for one in symbols if all(map(_is_name, (one.symbol, one.base, one.quote)))]
    if len(usable) < len(symbols):
        odd = next(one for one in symbols if one not in usable)
        count = len(symbols) - len(usable)
        log.warning("%s lists %d names that no symbol has: %s.", market.title, count, shown(odd))
    return Listing(usable, _weight_limit(found.get("rateLimits")))


def _klines(
    market: BinanceMarket, series: Series, limit: int, bounds: tuple[tuple[str, str], ...]
) -> Request:
    name, interval = series.symbol, series.interval.text
    if interval not in market.intervals:
        raise NoSuchInterval(market.name, interval, market.intervals)
    if name != name.upper():
        # Some markets would answer, and the same candles would be kept under two names.
        raise UnknownSymbol(market.name, name, [name.upper()])
    named = (("symbol", name), ("interval", interval))
    weight = next(weight for most, weight in market.klines_weights if limit <= most)
    params = (*named, *bounds, ("limit", str(limit)))
    return Request(f"{market.path}/klines", params, weight=weight)


def _enough(market: BinanceMarket, interval: Interval, span: Span, limit: int) -> int:
    """The cheapest limit that the span cannot fill, so that it cuts nothing off; else `limit`."""
    shortest_ms = interval.length_ms or _SHORTEST_MONTH_MS
    room = (span.end - span.start) // shortest_ms + _OFF_GRID
    return min(limit, next((most for most, _ in market.klines_weights if room < most), limit))


def _object(market: BinanceMarket, answer: Answer, request: Request) -> dict[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise _refusal(market, answer, request, None)
    return _expect(_json(answer), dict, "the answer")


def _json(answer: Answer) -> object:
    try:
        return cast("object", orjson.loads(answer.body))
    except orjson.JSONDecodeError as error:
        kind = "a web page" if answer.body.lstrip()[:1] == b"<" else "cut off or garbled"
        msg = f"{len(answer.body)} bytes that are no JSON ({kind})"
        raise BadAnswer(msg) from error


def _expect(found: object, kind: type[T], what: str) -> T:
    if not isinstance(found, kind):
        msg = f"{what} should be {_JSON_WORDS[kind]}, and is {shown(found, 100)}"
        raise BadAnswer(msg)
    return found


def _refusal(
    market: BinanceMarket, answer: Answer, request: Request, series: Series | None
) -> ChandleryError:
    code, text = _coded(answer)
    if series is not None and (code == _UNKNOWN_SYMBOL or _illegal(code, text, "symbol")):
        return UnknownSymbol(market.name, series.symbol)
    if series is not None and (code == _UNKNOWN_INTERVAL or _illegal(code, text, "interval")):
        return NoSuchInterval(market.name, series.interval.text, market.intervals)
    if code in _PASSING:
        return ServerFault(f"HTTP {answer.status}, code {code}: {text}")
    asked = f"{market.title} refused {request.shown()} with HTTP {answer.status}"
    if code is None:
        hint = f"Is {market.setting} the address of {market.title}?"
        return Refused(f"{asked}{excerpt(answer, request)}. {hint}")
    return Refused(f"{asked}, code {code}: {text}", code=code)


def _illegal(code: int | None, text: str, parameter: str) -> bool:
    # It says which parameter has characters that no symbol or interval has.
    return code == _ILLEGAL_CHARACTERS and f"'{parameter}'" in text


def _coded(answer: Answer) -> tuple[int | None, str]:
    """Binance's error code and text, if the body has them."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None, ""
    match body:
        case {"code": int(code), "msg": str(text)}:
            return code, printable(text[:300])
    return None, ""


def _weight_limit(limits: object) -> int | None:
    for limit in limits if isinstance(limits, list) else ():
        match limit:
            case {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "limit": int(weight)}:
                # Some answers leave the number of minutes out; it has always been 1.
                if limit.get("intervalNum", 1) == 1 and weight > 0:
                    return weight
    return None


def _symbol(market: BinanceMarket, number: int, entry: object) -> SymbolInfo:
    what = f"symbol {number} of the list"
    found = _expect(entry, dict, what)
    symbol, base, quote = (
        _expect(found.get(name), str, f"{name} in {what}")
        for name in ("symbol", "baseAsset", "quoteAsset")
    )
    stated = found.get("status")
    status = market.statuses.get(stated if isinstance(stated, str) else "", "UNKNOWN")
    return SymbolInfo(symbol, base, quote, status, _tick_decimals(found.get("filters")))


def _is_name(text: str) -> bool:
    """Whether it may become part of a series and of the names of files."""
    return is_symbol(text) and not {"*", "?"} & set(text)


def _tick_decimals(filters: object) -> int | None:
    for entry in filters if isinstance(filters, list) else ():
        match entry:
            case {"filterType": "PRICE_FILTER", "tickSize": str(tick)}:
                return _decimals(tick)
    return None


def _decimals(tick: str) -> int | None:
    """Digits after the point that a tick such as `0.01000000` allows."""
    whole, _, fraction = tick.partition(".")
    if not whole.isdigit() or not (fraction or "0").isdigit() or not tick.strip("0."):
        return None
    return len(fraction.rstrip("0"))
