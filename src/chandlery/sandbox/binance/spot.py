"""Binance's spot REST interface: every path and its weight."""

from __future__ import annotations

from typing import Final

from chandlery.sandbox.binance.exchange_info import EXCHANGE_INFO
from chandlery.sandbox.binance.klines import KLINES
from chandlery.sandbox.binance.server_time import SERVER_TIME
from chandlery.sandbox.binance.tickers import TICKERS
from chandlery.sandbox.binance.trade_lists import TRADE_LISTS
from chandlery.sandbox.binance.venue import Interface

SPOT: Final = Interface(
    prefix="/api/v3/",
    endpoints={**SERVER_TIME, **EXCHANGE_INFO, **KLINES, **TICKERS, **TRADE_LISTS},
    weight_headers=("x-mbx-used-weight", "x-mbx-used-weight-1m"),
    time_units=True,
)
