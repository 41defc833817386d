"""`trades`, `historicalTrades` and `aggTrades`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson

from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always
from chandlery.sandbox.binance.query import SYMBOL, asked_range
from chandlery.sandbox.binance.refusals import BAD_COMBINATION, refused
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.market.tape import Trades
from chandlery.sandbox.sources.rendering import amount


def answer_trades(asking: Asking) -> bytes:
    """The newest trades."""
    symbol = asking.query.needed("symbol", SYMBOL)
    limit = asking.query.limit()
    asking.query.done()
    listing, _ = asking.listing(symbol)
    trades = asking.source.latest_trades(symbol, limit, asking.now_ms)
    return orjson.dumps(_rows(asking, listing, trades))


def answer_historical(asking: Asking) -> bytes:
    """Trades from an id on."""
    symbol = asking.query.needed("symbol", SYMBOL)
    from_id = asking.query.number("fromId")
    limit = asking.query.limit()
    asking.query.done()
    listing, _ = asking.listing(symbol)
    if from_id is None:
        trades = asking.source.latest_trades(symbol, limit, asking.now_ms)
    else:
        trades = asking.source.trades_from_id(symbol, from_id, limit, asking.now_ms)
    return orjson.dumps(_rows(asking, listing, trades))


def answer_aggregated(asking: Asking) -> bytes:
    """Trades by id or time. Every aggregate holds one trade here, so that ids are shared."""
    query = asking.query
    symbol = query.needed("symbol", SYMBOL)
    from_id = query.number("fromId")
    start, end = query.number("startTime"), query.number("endTime")
    limit = query.limit()
    query.done()
    listing, _ = asking.listing(symbol)
    if from_id is not None and (start is not None or end is not None):
        raise refused(BAD_COMBINATION)
    asked = asked_range(start, end, limit)
    now_ms = asking.now_ms if asked.end_ms is None else min(asking.now_ms, asked.end_ms)
    if from_id is not None:
        trades = asking.source.trades_from_id(symbol, from_id, limit, now_ms)
    elif asked.start_ms is not None:
        trades = asking.source.trades_since(symbol, asked.start_ms, limit, now_ms)
    else:
        trades = asking.source.latest_trades(symbol, limit, now_ms)
    return orjson.dumps(_aggregates(asking, listing, trades))


def _rows(asking: Asking, listing: Listing, trades: Trades) -> list[dict[str, Any]]:
    return [
        {
            "id": trade_id,
            "price": amount(price, listing.tick),
            "qty": amount(lots, listing.step),
            "quoteQty": amount(price * lots, listing.granule),
            "time": asking.time(ms),
            "isBuyerMaker": buyer_made,
            "isBestMatch": True,
        }
        for trade_id, ms, price, lots, buyer_made in _each(trades)
    ]


def _aggregates(asking: Asking, listing: Listing, trades: Trades) -> list[dict[str, Any]]:
    return [
        {
            "a": trade_id,
            "p": amount(price, listing.tick),
            "q": amount(lots, listing.step),
            "f": trade_id,
            "l": trade_id,
            "T": asking.time(ms),
            "m": buyer_made,
            "M": True,
        }
        for trade_id, ms, price, lots, buyer_made in _each(trades)
    ]


def _each(trades: Trades) -> zip[tuple[int, int, int, int, bool]]:
    columns = (trades.ids, trades.times, trades.prices, trades.lots, trades.buyer_made)
    return zip(*(np.asarray(column).tolist() for column in columns), strict=True)


TRADE_LISTS: Final[Endpoints] = {
    "trades": Endpoint(always(25), answer_trades),
    "historicalTrades": Endpoint(always(25), answer_historical),
    "aggTrades": Endpoint(always(4), answer_aggregated),
}
