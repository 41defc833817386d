"""python-binance: the whole daily history from 0, a symbol's rules, microseconds, an error."""

# mypy: ignore-errors
# (the client is installed in the other environment only)

from __future__ import annotations

import json
import sys

from binance.client import Client
from binance.exceptions import BinanceAPIException


class Sandbox(Client):
    """The client with another address."""

    API_URL = f"{sys.argv[1]}/api"


client = Sandbox()
rows = client.get_historical_klines("BTCUSDT", Client.KLINE_INTERVAL_1DAY, 0)
info = client.get_symbol_info("BTCUSDT")
try:
    client.get_klines(symbol="NOPE", interval="1h")
    error = []
except BinanceAPIException as raised:
    error = [raised.status_code, raised.code, raised.message]
micro = Sandbox(time_unit="MICROSECOND").get_klines(symbol="BTCUSDT", interval="1h", limit=1)
print(  # noqa: T201  the answer
    json.dumps(
        {
            "rows": len(rows),
            "first": rows[0][0],
            "unique": len({row[0] for row in rows}),
            "columns": len(rows[-1]),
            "status": info["status"],
            "error": error,
            "micro": micro[0][0],
            "price": client.get_symbol_ticker(symbol="BTCUSDT")["price"],
            "last": client.get_klines(symbol="BTCUSDT", interval="1h", limit=1)[0][4],
        }
    )
)
