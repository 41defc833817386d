"""binance-sdk-spot: answers through its typed models, its errors, its reading of rate limits."""

# mypy: ignore-errors
# (the client is installed in the other environment only)

from __future__ import annotations

import json
import sys
import warnings

from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError
from binance_sdk_spot.spot import Spot

warnings.simplefilter("error")
api = Spot(config_rest_api=ConfigurationRestAPI(base_path=sys.argv[1])).rest_api
answer = api.klines(symbol="BTCUSDT", interval="1h", limit=1000)
rows = answer.data()
info = api.exchange_info(symbols=["BTCUSDT", "ETHUSDT"]).data()
whole = api.exchange_info().data()
day = api.ticker24hr(symbol="BTCUSDT").data()
depth = api.depth(symbol="BTCUSDT", limit=5).data()
try:
    api.klines(symbol="NOPE", interval="1h")
    error = ""
except BadRequestError as raised:
    error = str(raised)
print(  # noqa: T201  the answer
    json.dumps(
        {
            "rows": len(rows),
            "row": rows[0],
            "limits": [[limit.count, limit.interval] for limit in answer.rate_limits],
            "symbols": [symbol.symbol for symbol in info.symbols],
            "all": len(whole.symbols),
            "time": api.time().data().server_time,
            "ping": str(api.ping().data()),
            "day": str(day)[:60],
            "bids": len(depth.bids),
            "error": error,
        }
    )
)
