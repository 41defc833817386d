"""Which exchanges publish an archive of their candles, by the name that stands in a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chandlery.clock import Clock, SystemClock
from chandlery.exchanges.archive import Archive
from chandlery.exchanges.binance_archive import SETTING, SPOT, USD_M_FUTURES, Market
from chandlery.exchanges.binance_archive_client import BinanceArchive
from chandlery.transport.service import MANNERS, Manners

_MARKETS: Final[dict[str, Market]] = {market.name: market for market in (SPOT, USD_M_FUTURES)}


def archive_setting(name: str) -> str:
    """The field of the settings that has the archive's addresses; "" when there is no archive."""
    return SETTING.removeprefix("CHANDLERY_").lower() if name in _MARKETS else ""


def archive_names() -> list[str]:
    """The names of all exchanges that have an archive, sorted."""
    return sorted(_MARKETS)


def open_archive(
    name: str,
    *,
    urls: Sequence[str] | None = None,
    clock: Clock | None = None,
    manners: Manners = MANNERS,
) -> Archive | None:
    """The archive of the exchange of that name, or None when it has none; nothing is sent yet.

    At its real host or at `urls`. Raises `BadSetting` for URLs that cannot be used.
    """
    market = _MARKETS.get(name)
    if market is None:
        return None
    return BinanceArchive(market, urls, clock=clock or SystemClock(), manners=manners)
