"""`klines` and `uiKlines`: candles."""

from __future__ import annotations

from typing import Final

from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always
from chandlery.sandbox.binance.query import (
    INTERVAL,
    SYMBOL,
    asked_range,
    interval_named,
    zone_ms,
)
from chandlery.sandbox.sources.source import Shown


def answer_klines(asking: Asking) -> bytes:
    """Candles of one symbol and interval, by the range rule."""
    query = asking.query
    symbol = query.needed("symbol", SYMBOL)
    name = query.needed("interval", INTERVAL)
    start, end = query.number("startTime"), query.number("endTime")
    zone = query.text("timeZone")
    limit = query.limit()
    query.done()
    interval = interval_named(name)
    asking.listing(symbol)
    shown = Shown(zone_ms(zone), asking.micro)
    asked = asked_range(start, end, limit)
    return asking.source.rows(symbol, interval, shown, asked, asking.now_ms)


KLINES: Final[Endpoints] = {
    "klines": Endpoint(always(2), answer_klines),
    "uiKlines": Endpoint(always(2), answer_klines),
}
