"""Binance's markets as data: in what spot and USD-M futures differ on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from chandlery.candles.interval import INTERVALS
from chandlery.exchanges.exchange import Quirks
from chandlery.market import SymbolStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class BinanceMarket(Quirks):
    """One market of Binance. The pure functions and the client are the same for all."""

    name: str
    """The word for it in a series."""
    title: str
    """What people call it, for messages."""
    setting: str
    """The environment variable that sets its base URLs."""
    if_blocked: str
    """What to do when this machine's address is not served."""
    path: str
    """What all its paths begin with."""
    weight_header: str
    """The answer's header that says how much of the minute's weight is used, in lower case."""
    klines_weights: tuple[tuple[int, int], ...]
    """(limit, weight), ascending: what a page of up to so many rows costs."""
    symbols_weight: int
    symbols_query: tuple[tuple[str, str], ...] = ()
    """What is sent with the question for all symbols."""
    intervals: tuple[str, ...]
    statuses: Mapping[str, SymbolStatus]
    """Its words for the states of a symbol. Others are UNKNOWN, and asked as if they traded."""


SPOT: Final = BinanceMarket(
    name="binance",
    title="Binance",
    setting="CHANDLERY_BINANCE_URL",
    urls=(
        "https://data-api.binance.vision",
        "https://api.binance.com",
        "https://api-gcp.binance.com",
        "https://api1.binance.com",
        "https://api2.binance.com",
        "https://api3.binance.com",
        "https://api4.binance.com",
    ),
    if_blocked=(
        "Binance does not serve every country and data centre from every host. "
        "Set CHANDLERY_BINANCE_URL to a host that serves you: https://data-api.binance.vision has "
        "all public market data and is the least restricted; https://api.binance.us is a separate "
        "exchange."
    ),
    path="/api/v3",
    weight_header="x-mbx-used-weight-1m",
    weight_limit=6000,
    klines_weights=((1000, 2),),
    page_limit=1000,
    page_weight=2,
    symbols_weight=20,
    # The names of permissions are nine tenths of the answer.
    symbols_query=(("showPermissionSets", "false"),),
    settle_ms=1000,
    intervals=tuple(interval.text for interval in INTERVALS),
    statuses={status: status for status in get_args(SymbolStatus)},
)

UM: Final = BinanceMarket(
    name="binance-um",
    title="Binance USD-M futures",
    setting="CHANDLERY_BINANCE_UM_URL",
    urls=("https://fapi.binance.com",),
    if_blocked=(
        "Binance does not serve futures to every country and data centre, and has no less "
        "restricted host for them. Set CHANDLERY_BINANCE_UM_URL to an address that serves you, "
        "or keep the spot series (binance:…) instead."
    ),
    path="/fapi/v1",
    weight_header="x-mbx-used-weight-1m",
    weight_limit=2400,
    # As documented. The live service charged the cheaper price for limits of exactly 100 and 500;
    # the budget counts the dearer one, since being wrong that way costs a moment and no ban.
    klines_weights=((99, 1), (499, 2), (1000, 5), (1500, 10)),
    # Rows for one unit of weight: 99, 249, 200, 150. Pages of 499 use a full budget best, by a
    # quarter, but double the round trips, which is what one series alone waits for. Pages of 1500
    # would cut the most that a minute can give by a quarter.
    page_limit=1000,
    page_weight=5,
    symbols_weight=1,
    settle_ms=1000,
    intervals=tuple(interval.text for interval in INTERVALS if interval.text != "1s"),
    # A contract that is to be listed, or about to be settled, is UNKNOWN: its candles are to come,
    # or still come. Delisted perpetuals stay in the list for long, as SETTLING.
    statuses={
        "TRADING": "TRADING",
        "TRADING_HALT": "HALT",
        "TRADING_CANCEL_ONLY": "CANCEL_ONLY",
        "DELIVERING": "BREAK",
        "DELIVERED": "BREAK",
        "SETTLING": "BREAK",
        "CLOSE": "BREAK",
    },
)
