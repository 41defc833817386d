"""ccxt: load_markets with all types, a ticker, and paged fetch_ohlcv."""

# mypy: ignore-errors
# (the client is installed in the other environment only)

from __future__ import annotations

import json
import sys

import ccxt

BASE = sys.argv[1]
SYMBOL = "BTC/USDT"

exchange = ccxt.binance()
exchange.urls["api"].update(
    public=f"{BASE}/api/v3", fapiPublic=f"{BASE}/fapi/v1", dapiPublic=f"{BASE}/dapi/v1"
)
exchange.throttle = lambda *_: None
markets = exchange.load_markets()
now = exchange.fetch_time()
rows: list[list[float]] = []
since = now - 2500 * 3_600_000
while page := exchange.fetch_ohlcv(SYMBOL, "1h", since=since, limit=1000):
    rows += page
    since = page[-1][0] + 1
try:
    exchange.fetch_ohlcv("NOPE/USDT", "1h")
    refused = ""
except ccxt.BadSymbol as error:
    refused = type(error).__name__
try:
    exchange.publicGetKlines({"symbol": "NOPEUSDT", "interval": "1h"})
    wire_error = ""
except ccxt.BadSymbol as error:
    wire_error = type(error).__name__
print(  # noqa: T201  the answer
    json.dumps(
        {
            "markets": len(markets),
            "swaps": sum(each["swap"] and each["linear"] for each in markets.values()),
            "swap_close": exchange.fetch_ohlcv(f"{SYMBOL}:USDT", "1h", limit=1)[-1][4],
            "tick": markets[SYMBOL]["precision"]["price"],
            "inactive": [each["id"] for each in markets.values() if not each["active"]],
            "rows": len(rows),
            "opens": [rows[0][0], rows[-1][0]],
            "last": exchange.fetch_ticker(SYMBOL)["last"],
            "close": rows[-1][4],
            "refused": [refused, wire_error],
            "now": now,
        }
    )
)
