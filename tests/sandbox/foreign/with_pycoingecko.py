"""pycoingecko: ping, get_coins_markets, get_global."""

# mypy: ignore-errors
# (the client is installed in the other environment only)

from __future__ import annotations

import json
import sys

from pycoingecko import CoinGeckoAPI

client = CoinGeckoAPI()
client.api_base_url = f"{sys.argv[1]}/"
coins = client.get_coins_markets(vs_currency="usd", per_page=10, sparkline=True)
try:
    client.get_coins_markets(vs_currency="")
    error = ""
except ValueError as raised:
    error = str(raised)
print(  # noqa: T201  the answer
    json.dumps(
        {
            "ping": client.ping(),
            "coins": [coin["id"] for coin in coins],
            "caps": [coin["market_cap"] for coin in coins],
            "global": client.get_global()["market_cap_percentage"],
            "error": error,
        }
    )
)
