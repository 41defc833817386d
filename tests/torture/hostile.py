"""An exchange and a CoinGecko whose names are attacks, and candles that are none."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from tests.exchanges.wire import HOUR, NOW_MS, hours, play
from tests.transport.scripted import Asked, Play, scripted

USABLE: Final = (
    "';--",
    "'OR'1'='1",
    "=1+1",
    "@SUM(1)",
    "<IMG",
    "{{CONFIG}}",
    "..%2F..%2FX",
    "%2E%2E",
    "币安",
)
"""Nothing but odd: they are kept like any other symbol."""
UNUSABLE: Final = (
    "'; DROP TABLE candle;--",
    "<IMG SRC=X ONERROR=ALERT(1)>",
    "../../EVIL",
    "..",
    "A\\B",
    "A\x00B",
    "A\x1b[2J",
    "*",
)
"""These would lead elsewhere, or are no one word that can be shown."""
COIN: Final = "<img src=x onerror=\"document.title='owned'\">"
"""The name of the biggest coin, its id and its symbol."""
CANDLES: Final = 40


def _listing() -> dict[str, object]:
    return {
        "symbols": [
            {"symbol": name, "baseAsset": name, "quoteAsset": "USDT", "status": "TRADING"}
            for name in (*USABLE, *UNUSABLE)
        ]
    }


def _coins() -> Play:
    coin = {
        "id": COIN,
        "symbol": COIN,
        "name": COIN,
        "market_cap_rank": 1,
        "current_price": 2.5,
        "market_cap": 10**9,
        "total_volume": 5,
        "price_change_percentage_24h": -1.5,
        "last_updated": "2023-11-14T22:00:00Z",
    }
    others = [coin | {"id": f"c{n}", "name": f"'; DROP TABLE coin;-- {n}"} for n in range(2, 12)]
    return Play(json.dumps([coin, *others]).encode())


def answer(asked: Asked) -> Play:
    """What they say to anything."""
    parts = urlsplit(asked.target)
    if parts.path.endswith("/time"):
        return play({"serverTime": NOW_MS})
    if parts.path.endswith("/exchangeInfo"):
        return play(_listing())
    if parts.path.endswith("/markets"):
        return _coins()
    query = parse_qs(parts.query)
    start = int(query.get("startTime", ["0"])[0])
    end = int(query.get("endTime", [f"{NOW_MS}"])[0])
    first = NOW_MS // HOUR * HOUR - (CANDLES - 1) * HOUR
    rows = [row for row in hours(first, CANDLES) if start <= int(row[0]) <= end]
    most = int(query["limit"][0])
    return play(rows[:most] if "startTime" in query else rows[-most:])


@contextmanager
def hostile_keeper(series: str = "binance:*:1h") -> Iterator[Keeper]:
    """A keeper of all that this exchange lists, with a CSV for each; it lives in `keeper.home`."""
    with tempfile.TemporaryDirectory() as folder, scripted(script=answer) as server:
        home = Path(folder, "in", "home")
        settings = read_settings(
            home=home,
            series=series,
            csv=f"{home.parent}/csv-{{symbol}}-{{interval}}.csv",
            store_url="",
            binance_url=server.url,
            binance_stream_url="none",
            coingecko_url=f"{server.url}/api/v3",
        )
        with Keeper(settings, clock=FrozenClock(NOW_MS)) as keeper:
            yield keeper
