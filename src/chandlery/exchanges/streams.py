"""Which exchanges stream their candles, by the name that stands in a series."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.exchanges.binance_stream import SPOT, UM, StreamMarket
from chandlery.exchanges.binance_stream_client import BinanceStream
from chandlery.exchanges.stream import CandleStream, StreamCandle, StreamState

OFF: Final = "none"
"""In place of addresses: no stream is wanted."""

_MARKETS: Final[dict[str, StreamMarket]] = {market.name: market for market in (SPOT, UM)}


def stream_setting(name: str) -> str:
    """The field of the settings that has the stream's addresses; "" when there is no stream."""
    market = _MARKETS.get(name)
    return market.setting.removeprefix("CHANDLERY_").lower() if market else ""


def stream_names() -> list[str]:
    """The names of all exchanges that have a stream, sorted."""
    return sorted(_MARKETS)


def goes_with(name: str, rest_urls: Sequence[str]) -> bool:
    """Whether the exchange's own streams tell what its REST interface at these addresses tells.

    Of an exchange at another address, such as a rehearsal's, they tell another story.
    """
    market = _MARKETS.get(name)
    return market is not None and set(rest_urls) <= set(market.rest_urls)


def open_stream(
    name: str,
    *,
    urls: Sequence[str] | None = None,
    clock: Clock,
    heard: Callable[[StreamCandle], None],
    changed: Callable[[Collection[Series], StreamState], None],
) -> CandleStream | None:
    """The stream of the exchange of that name; nobody is asked before it is to follow something.

    At its real hosts or at `urls`. None when it has none, or when `urls` are `("none",)`. `heard`
    gets each candle and `changed` each change of the state of some series, both from threads of
    the stream, which wait for them. `live` means that all is heard from now on; what was missed
    before is to be asked elsewhere.
    """
    market = _MARKETS.get(name)
    if market is None or tuple(urls or ()) == (OFF,):
        return None
    return BinanceStream(market, urls, clock=clock, heard=heard, changed=changed)
