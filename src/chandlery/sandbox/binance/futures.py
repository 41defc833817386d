"""Binance's USD-M futures REST interface: server time, contracts and candles, and their weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from chandlery.candles.interval import INTERVALS
from chandlery.sandbox.binance.asking import Asking, Endpoint, always
from chandlery.sandbox.binance.contracts import answer_contracts, contract
from chandlery.sandbox.binance.query import INTERVAL, interval_named
from chandlery.sandbox.binance.server_time import SERVER_TIME
from chandlery.sandbox.binance.venue import Interface
from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.source import Shown

FUTURES_WEIGHT_LIMIT: Final = 2400
_MOST_ROWS: Final = 1500
_ROWS: Final = 500
"""How many candles are given to those who say no limit."""
_WEIGHTS: Final = ((99, 1), (499, 2), (1000, 5), (float("inf"), 10))
_INTERVALS: Final = {interval.text: interval for interval in INTERVALS if interval.text != "1s"}
_SYMBOL: Final = (re.compile(r"[\w\-.]{1,50}"), r"^[\w\-._]{1,50}$")
"""In small letters too; which other characters the real servers refuse is not known."""


def answer_klines(asking: Asking) -> bytes:
    """Candles of one contract and interval, by the range rule."""
    query = asking.query
    symbol = query.needed("symbol", _SYMBOL).upper()
    name = query.needed("interval", INTERVAL)
    start, end = query.number("startTime"), query.number("endTime")
    limit = query.limit(default=_ROWS, most=_MOST_ROWS, cut=False)
    query.done()
    interval = interval_named(name, _INTERVALS)
    contract(asking, symbol)
    return asking.source.rows(symbol, interval, Shown(), Asked(start, end, limit), asking.now_ms)


def _by_limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "")
    limit = int(text) if text.isdecimal() else _ROWS
    return next(weight for most, weight in _WEIGHTS if limit <= most)


FUTURES: Final = Interface(
    prefix="/fapi/v1/",
    endpoints={
        **SERVER_TIME,
        "exchangeInfo": Endpoint(always(1), answer_contracts),
        "klines": Endpoint(_by_limit, answer_klines),
    },
    weight_headers=("x-mbx-used-weight-1m",),
    time_units=False,
)
