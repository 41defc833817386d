"""Binance's wire, without a network: build the request, read the answer."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast, get_args

import orjson

from chandlery.candles.interval import INTERVALS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import (
    BadAnswer,
    ChandleryError,
    Refused,
    ServerFault,
    UnknownInterval,
    UnknownSymbol,
)
from chandlery.exchanges.exchange import Quirks
from chandlery.market import SymbolInfo, SymbolStatus
from chandlery.transport.request import Answer, Request
from chandlery.transport.verdict import excerpt

T = TypeVar("T")

NAME: Final = "binance"
SETTING: Final = "CHANDLERY_BINANCE_URL"
WEIGHT_HEADER: Final = "x-mbx-used-weight-1m"

QUIRKS: Final = Quirks(
    urls=(
        "https://data-api.binance.vision",
        "https://api.binance.com",
        "https://api-gcp.binance.com",
        "https://api1.binance.com",
        "https://api2.binance.com",
        "https://api3.binance.com",
        "https://api4.binance.com",
    ),
    page_limit=1000,
    weight_limit=6000,
    settle_ms=1000,
)
IF_BLOCKED: Final = (
    "Binance does not serve every country and data centre from every host. "
    f"Set {SETTING} to a host that serves you: https://data-api.binance.vision has all public "
    "market data and is the least restricted; https://api.binance.us is a separate exchange."
)

_KLINES: Final = "/api/v3/klines"
_KLINES_WEIGHT: Final = 2
_SYMBOLS_WEIGHT: Final = 20

_STATUSES: Final[dict[str, SymbolStatus]] = {status: status for status in get_args(SymbolStatus)}
_JSON_WORDS: Final[dict[type, str]] = {list: "a list", dict: "an object", str: "text"}

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


def newest_request(series: Series, limit: int, before_ms: int | None) -> Request:
    """The newest rows, or the newest before a moment."""
    end = () if before_ms is None else (("endTime", str(max(0, before_ms - 1))),)
    return _klines(series, limit, end)


def oldest_request(series: Series, span: Span, limit: int) -> Request:
    """The oldest rows of a span; both of Binance's bounds are inclusive."""
    start, end = max(0, span.start), max(0, span.end - 1)
    return _klines(series, limit, (("startTime", str(start)), ("endTime", str(end))))


def time_request() -> Request:
    """What the exchange's clock says."""
    return Request("/api/v3/time")


def symbols_request() -> Request:
    """Every symbol, without the permission names that are nine tenths of the answer."""
    return Request(
        "/api/v3/exchangeInfo", (("showPermissionSets", "false"),), weight=_SYMBOLS_WEIGHT
    )


def read_rows(answer: Answer, request: Request, series: Series) -> list[Any]:
    """The rows of a klines answer, not yet looked at.

    Raises `UnknownSymbol`, `UnknownInterval`, `Refused`; for a while `ServerFault`, `BadAnswer`.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer, request, series)
    return _expect(_json(answer), list, "the answer")


def read_time(answer: Answer, request: Request) -> int:
    """The exchange's clock in epoch milliseconds."""
    found = _object(answer, request).get("serverTime")
    if type(found) is not int or found <= 0:
        msg = f"serverTime is not a time: {found!r:.50}"
        raise BadAnswer(msg)
    return found


def read_listing(answer: Answer, request: Request) -> Listing:
    """Every symbol of an exchangeInfo answer, and the weight per minute that it grants."""
    found = _object(answer, request)
    listed = _expect(found.get("symbols"), list, "symbols")
    symbols = [_symbol(number, entry) for number, entry in enumerate(listed, start=1)]
    return Listing(symbols, _weight_limit(found.get("rateLimits")))


def _klines(series: Series, limit: int, bounds: tuple[tuple[str, str], ...]) -> Request:
    named = (("symbol", series.symbol), ("interval", series.interval.text))
    return Request(_KLINES, (*named, *bounds, ("limit", str(limit))), weight=_KLINES_WEIGHT)


def _object(answer: Answer, request: Request) -> dict[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer, request, None)
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
        msg = f"{what} should be {_JSON_WORDS[kind]}, and is {found!r:.100}"
        raise BadAnswer(msg)
    return found


def _refusal(answer: Answer, request: Request, series: Series | None) -> ChandleryError:
    code, text = _coded(answer)
    if series is not None and (code == _UNKNOWN_SYMBOL or _illegal(code, text, "symbol")):
        return UnknownSymbol(NAME, series.symbol)
    if series is not None and (code == _UNKNOWN_INTERVAL or _illegal(code, text, "interval")):
        return UnknownInterval(series.interval.text, (one.text for one in INTERVALS))
    if code in _PASSING:
        return ServerFault(f"HTTP {answer.status}, code {code}: {text}")
    asked = f"Binance refused {request.shown()} with HTTP {answer.status}"
    if code is None:
        return Refused(f"{asked}{excerpt(answer, request)}. Is {SETTING} the address of Binance?")
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
            return code, text[:300]
    return None, ""


def _weight_limit(limits: object) -> int | None:
    for limit in limits if isinstance(limits, list) else ():
        match limit:
            case {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "limit": int(weight)}:
                # Some answers leave the number of minutes out; it has always been 1.
                if limit.get("intervalNum", 1) == 1 and weight > 0:
                    return weight
    return None


def _symbol(number: int, entry: object) -> SymbolInfo:
    what = f"symbol {number} of the list"
    found = _expect(entry, dict, what)
    symbol, base, quote = (
        _expect(found.get(name), str, f"{name} in {what}")
        for name in ("symbol", "baseAsset", "quoteAsset")
    )
    status = _STATUSES.get(str(found.get("status")), "UNKNOWN")
    return SymbolInfo(symbol, base, quote, status, _tick_decimals(found.get("filters")))


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
