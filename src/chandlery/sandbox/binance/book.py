"""An order book around the last price: invented anew for every second."""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

import numpy as np

from chandlery.sandbox.binance.asking import Asking
from chandlery.sandbox.market.dice import dice
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.sources.rendering import amount
from chandlery.sandbox.sources.source import Status

_TYPICAL_LOTS: Final = 20_000.0
_NOTHING: Final = "0.00000000"


def best_prices(asking: Asking, listing: Listing, state: Status) -> dict[str, str]:
    """The best bid and ask with their quantities; zeros while the symbol is in BREAK."""
    bids, asks = _sides(asking, listing, state, 1)
    bid, ask = (side[0] if side else [_NOTHING, _NOTHING] for side in (bids, asks))
    return {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}


def depth(asking: Asking, listing: Listing, state: Status, limit: int) -> dict[str, Any]:
    """Up to `limit` bids and asks, best first."""
    bids, asks = _sides(asking, listing, state, limit)
    return {"lastUpdateId": asking.now_ms // 100, "bids": bids, "asks": asks}


def _sides(
    asking: Asking, listing: Listing, state: Status, limit: int
) -> tuple[list[list[str]], list[list[str]]]:
    if state != "TRADING":
        return [], []
    last = asking.source.window(listing.symbol, asking.now_ms, asking.now_ms).close // listing.tick
    die = dice(crc32(b"book"), listing.symbol, asking.now_ms // 1000)
    bid = last - int(die.integers(0, 2))
    below = bid - np.concatenate([[0], np.cumsum(die.geometric(0.3, limit - 1))])
    above = bid + 1 + np.concatenate([[0], np.cumsum(die.geometric(0.3, limit - 1))])
    lots = np.ceil(_TYPICAL_LOTS * np.exp(1.5 * die.standard_normal((2, limit)))).astype(np.int64)
    below = below[below > 0]
    return _levels(below, lots[0], listing), _levels(above, lots[1], listing)


def _levels(prices: Any, lots: Any, listing: Listing) -> list[list[str]]:  # noqa: ANN401
    return [
        [amount(int(price), listing.tick), amount(int(lot), listing.step)]
        for price, lot in zip(prices, lots, strict=False)
    ]
