"""Tickers: rolling windows, last prices, the best bid and ask, and the average price."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS
from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always
from chandlery.sandbox.binance.book import best_prices, depth
from chandlery.sandbox.binance.exchange_info import STATUSES
from chandlery.sandbox.binance.query import SYMBOL, Query, zone_ms
from chandlery.sandbox.binance.refusals import (
    BAD_STATUS,
    BAD_TICKER_TYPE,
    BAD_VALUE,
    MISSING_BOTH,
    OTHER_STATUS,
    refused,
)
from chandlery.sandbox.market.listings import UNIT, Listing
from chandlery.sandbox.sources.rendering import amount
from chandlery.sandbox.sources.source import Status, Window

_WINDOW: Final = re.compile(r"(\d{1,2})([mhd])")
_WINDOW_UNITS: Final = {"m": (MINUTE_MS, 59), "h": (HOUR_MS, 23), "d": (DAY_MS, 7)}
_AVERAGED_MINUTES: Final = 5
_MOST_DEPTH: Final = 5000


def answer_24hr(asking: Asking) -> bytes:
    """The last 24 hours, rolling."""
    chosen, kind = _chosen_of_kind(asking)
    asking.query.done()
    start = asking.now_ms - DAY_MS
    return _one_or_many(asking, [_day(asking, each, start, kind) for each in chosen])


def answer_rolling(asking: Asking) -> bytes:
    """A window of one minute to seven days that begins on a minute."""
    chosen, kind = _chosen_of_kind(asking, needed=True)
    size = _window_ms(asking.query.text("windowSize") or "1d")
    asking.query.done()
    start = asking.now_ms - size
    start -= start % MINUTE_MS
    return _one_or_many(asking, [_window(asking, each, start, kind) for each in chosen])


def answer_trading_day(asking: Asking) -> bytes:
    """The day so far, in a time zone."""
    chosen, kind = _chosen_of_kind(asking, needed=True)
    zone = zone_ms(asking.query.text("timeZone"))
    asking.query.done()
    start = asking.now_ms - (asking.now_ms + zone) % DAY_MS
    return _one_or_many(asking, [_window(asking, each, start, kind) for each in chosen])


def answer_price(asking: Asking) -> bytes:
    """Last prices."""
    chosen = _chosen(asking)
    asking.query.done()
    rows = []
    for listing, _ in chosen:
        last = asking.source.window(listing.symbol, asking.now_ms, asking.now_ms).close
        rows.append({"symbol": listing.symbol, "price": amount(last, 1)})
    return _one_or_many(asking, rows)


def answer_book_ticker(asking: Asking) -> bytes:
    """The best bid and ask."""
    chosen = _chosen(asking)
    asking.query.done()
    rows = [{"symbol": each[0].symbol, **best_prices(asking, *each)} for each in chosen]
    return _one_or_many(asking, rows)


def answer_average(asking: Asking) -> bytes:
    """The average price of the last five minutes."""
    symbol = asking.query.needed("symbol", SYMBOL)
    asking.query.done()
    asking.listing(symbol)
    start = asking.now_ms - _AVERAGED_MINUTES * MINUTE_MS
    window = asking.source.window(symbol, start, asking.now_ms)
    return orjson.dumps(
        {
            "mins": _AVERAGED_MINUTES,
            "price": amount(_average(window) or window.close, 1),
            "closeTime": asking.time(asking.now_ms),
        }
    )


def answer_depth(asking: Asking) -> bytes:
    """The order book."""
    symbol = asking.query.needed("symbol", SYMBOL)
    limit = asking.query.limit(default=100, most=_MOST_DEPTH)
    status = _status(asking.query)
    asking.query.done()
    listing, state = asking.listing(symbol)
    _check_status(state, status)
    return orjson.dumps(depth(asking, listing, state, limit))


def _chosen(asking: Asking, *, needed: bool = False) -> list[tuple[Listing, Status]]:
    """The symbols asked for, or all; a list leaves out those of another status."""
    symbols = asking.query.symbols()
    status = _status(asking.query)
    if symbols is None:
        if needed:
            raise refused(MISSING_BOTH, "symbol", "symbols")
        return [each for each in asking.listed().values() if status in {None, each[1]}]
    found = [asking.listing(symbol) for symbol in symbols]
    if asking.query.has("symbol"):
        _check_status(found[0][1], status)
    return [each for each in found if status in {None, each[1]}]


def _chosen_of_kind(
    asking: Asking, *, needed: bool = False
) -> tuple[list[tuple[Listing, Status]], str]:
    refusal = refused(BAD_TICKER_TYPE)
    kind = asking.query.choice("type", ("FULL", "MINI"), refusal)
    return _chosen(asking, needed=needed), kind or "FULL"


def _status(query: Query) -> str | None:
    return query.choice("symbolStatus", STATUSES, refused(BAD_STATUS))


def _check_status(state: Status, wanted: str | None) -> None:
    if wanted not in {None, state}:
        raise refused(OTHER_STATUS)


def _one_or_many(asking: Asking, rows: list[dict[str, Any]]) -> bytes:
    """One `symbol` is answered with an object, anything else with an array."""
    return orjson.dumps(rows[0] if asking.query.has("symbol") else rows)


def _window_ms(text: str) -> int:
    found = _WINDOW.fullmatch(text)
    unit, most = _WINDOW_UNITS[found[2]] if found else (0, 0)
    if not found or not 1 <= int(found[1]) <= most:
        raise refused(BAD_VALUE, "windowSize")
    return int(found[1]) * unit


def _average(window: Window) -> int:
    return window.quote * UNIT // window.volume if window.volume else 0


def _percent(window: Window) -> str:
    thousandths = round((window.close - window.open) * 100_000 / window.open) if window.open else 0
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03d}"


def _ends(asking: Asking, window: Window, start_ms: int) -> dict[str, Any]:
    return {
        "openPrice": amount(window.open, 1),
        "highPrice": amount(window.high, 1),
        "lowPrice": amount(window.low, 1),
        "lastPrice": amount(window.close, 1),
        "volume": amount(window.volume, 1),
        "quoteVolume": amount(window.quote, 1),
        "openTime": asking.time(start_ms),
        "closeTime": asking.time(asking.now_ms),
        "firstId": window.first_id,
        "lastId": window.first_id + window.trades - 1 if window.trades else -1,
        "count": window.trades,
    }


def _changes(window: Window) -> dict[str, Any]:
    return {
        "priceChange": amount(window.close - window.open, 1),
        "priceChangePercent": _percent(window),
        "weightedAvgPrice": amount(_average(window), 1),
    }


def _window(
    asking: Asking, chosen: tuple[Listing, Status], start_ms: int, kind: str
) -> dict[str, Any]:
    symbol = chosen[0].symbol
    window = asking.source.window(symbol, start_ms, asking.now_ms)
    changes = {} if kind == "MINI" else _changes(window)
    return {"symbol": symbol, **changes, **_ends(asking, window, start_ms)}


def _day(
    asking: Asking, chosen: tuple[Listing, Status], start_ms: int, kind: str
) -> dict[str, Any]:
    listing, state = chosen
    window = asking.source.window(listing.symbol, start_ms, asking.now_ms)
    if kind == "MINI":
        return {"symbol": listing.symbol, **_ends(asking, window, start_ms)}
    last = asking.source.latest_trades(listing.symbol, 1, asking.now_ms)
    return {
        "symbol": listing.symbol,
        **_changes(window),
        "prevClosePrice": amount(window.before, 1),
        "lastPrice": amount(window.close, 1),
        "lastQty": amount(int(last.lots[0]) if len(last) else 0, listing.step),
        **best_prices(asking, listing, state),
        **_ends(asking, window, start_ms),
    }


def _by_symbols(one: int, few: int, many: int, everything: int) -> Any:  # noqa: ANN401
    def weight(query: Mapping[str, str]) -> int:
        if "symbol" in query:
            return one
        if "symbols" not in query:
            return everything
        count = query["symbols"].count(",") + 1
        return few if count <= 20 else many if count <= 100 else everything  # noqa: PLR2004

    return weight


def _each(query: Mapping[str, str]) -> int:
    return min(200, 4 * (query.get("symbols", "").count(",") + 1))


def _by_depth(query: Mapping[str, str]) -> int:
    text = query.get("limit", "")
    limit = int(text) if text.isdecimal() else 100
    return next(weight for most, weight in _DEPTH_WEIGHTS if limit <= most)


_DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (float("inf"), 250))

TICKERS: Final[Endpoints] = {
    "ticker": Endpoint(_each, answer_rolling),
    "ticker/24hr": Endpoint(_by_symbols(2, 2, 40, 80), answer_24hr),
    "ticker/tradingDay": Endpoint(_each, answer_trading_day),
    "ticker/price": Endpoint(_by_symbols(2, 4, 4, 4), answer_price),
    "ticker/bookTicker": Endpoint(_by_symbols(2, 4, 4, 4), answer_book_ticker),
    "avgPrice": Endpoint(always(2), answer_average),
    "depth": Endpoint(_by_depth, answer_depth),
}
