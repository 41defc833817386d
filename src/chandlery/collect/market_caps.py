"""Market caps: asked at most once a minute by all processes together, and kept."""

from __future__ import annotations

from typing import Final, Protocol

import orjson

from chandlery.clock import Clock
from chandlery.collect.record import record_job, run
from chandlery.errors import RemoteError
from chandlery.market import MarketCapSnapshot
from chandlery.store import Store

MARKET_CAPS: Final = "coingecko:market-caps"
"""The name of the job, under which its runs stand beside those of the series."""

EVERY_MS: Final = 60_000
"""CoinGecko's own figures are a minute old, and its keyless limit is shared by address."""
KEPT: Final = 100
"""So many coins one request brings, and no more than one page of the answer."""
SPARKLINES_MS: Final = 15 * 60_000
"""A week of prices makes the answer ten times as long, and changes little in a quarter hour."""


class MarketCapSource(Protocol):
    """Who knows the biggest coins."""

    def top(
        self, count: int = 10, currency: str = "usd", *, sparkline: bool = False
    ) -> MarketCapSnapshot:
        """The biggest coins now, with a week of prices if wanted. Raises `RemoteError`."""


def refresh(source: MarketCapSource, store: Store, clock: Clock) -> RemoteError | None:
    """Fetch and keep the biggest market caps, unless someone did within the minute.

    What the source answered instead, if it gave none; that is written down as a failed run and
    leaves the last known values in place. Raises `StoreError`.
    """
    started = clock.now_ms()
    if not store.market_caps.claim(started, EVERY_MS):
        return None
    failure: RemoteError | None = None
    try:
        _keep(store, source.top(KEPT, sparkline=_sparklines_due(store, started)))
    except RemoteError as error:
        failure = error
    text = orjson.dumps({"error": str(failure) if failure else None}).decode()
    record_job(store, run(MARKET_CAPS, started, clock.now_ms(), failure, text), failure)
    return failure


def _sparklines_due(store: Store, now_ms: int) -> bool:
    told_ms = store.sparklines.taken_ms()
    return told_ms is None or not 0 <= now_ms - told_ms < SPARKLINES_MS


def _keep(store: Store, snapshot: MarketCapSnapshot) -> None:
    store.market_caps.keep(snapshot)
    sparklines = {coin.id: coin.sparkline for coin in snapshot.coins if coin.sparkline}
    if sparklines:
        store.sparklines.keep(snapshot.currency, snapshot.taken_ms, sparklines)
