"""A page over a real keeper, filled from a sandbox exchange whose clock stands still."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.collect.keeper import Keeper
from chandlery.market import MarketCapSnapshot
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import Server, create_app

HOURS: Final = "binance:BTCUSDT:1h"
MINUTES: Final = "binance:DOGEUSDT:15m"
"""Prices with five decimals."""


@dataclass(frozen=True)
class KeptPage:
    """A page that is being served, and everything behind it."""

    url: str
    keeper: Keeper
    box: Sandbox
    label: str | None

    @property
    def first(self) -> Candles:
        """The candles that the page opens with."""
        return self.candles(self.series[0])

    @property
    def series(self) -> Sequence[Series]:
        """What is kept, as the page lists it."""
        return self.keeper.wanted_series()

    @property
    def caps(self) -> MarketCapSnapshot:
        """The market caps as they are kept."""
        kept = self.keeper.market_caps()
        assert kept is not None
        return kept

    def candles(self, series: Series | str, last: int = 500) -> Candles:
        """The newest candles as they are kept."""
        return self.keeper.read(series, last=last)


@contextmanager
def sandbox_keeper(
    series: str = f"{HOURS},{MINUTES}", last: int = 500, now_ms: int | None = None, speed: float = 0
) -> Iterator[tuple[Keeper, Sandbox]]:
    """A keeper in a folder of its own, with the newest candles of each series in it.

    The exchange's clock stands still, a minute into the machine's hour if nothing else is said:
    no candle ends by the keeper's own reckoning while a test lasts.
    """
    hour_ms = SystemClock().now_ms() // HOUR_MS * HOUR_MS
    now_ms = hour_ms + 60_000 if now_ms is None else now_ms
    with tempfile.TemporaryDirectory() as home, Sandbox(now_ms=now_ms, speed=speed) as box:
        settings = read_settings(
            home=Path(home),
            series=series,
            csv="",
            store_url="",
            binance_url=box.binance_url,
            binance_stream_url=box.stream_url,
            binance_archive_url=box.archive_url,
            binance_um_url=box.binance_url,
            coingecko_url=box.coingecko_url,
        )
        with Keeper(settings) as keeper:
            for one in keeper.wanted_series() if last else ():
                assert keeper.collect(one, last=last).ok
            yield keeper, box


@contextmanager
def kept_page(
    series: str = f"{HOURS},{MINUTES}", last: int = 500, now_ms: int | None = None, speed: float = 0
) -> Iterator[KeptPage]:
    """The page over such a keeper, market caps included; takes what `sandbox_keeper` takes."""
    with sandbox_keeper(series, last, now_ms, speed) as (keeper, box):
        assert keeper.refresh_market_caps() is None
        with Server(create_app(keeper, label="SANDBOX"), port=0) as server:
            yield KeptPage(server.url, keeper, box, "SANDBOX")
