"""Market caps: asked at most once a minute by all processes together, and kept."""

from __future__ import annotations

import uuid
from typing import Final, Protocol

import orjson

from chandlery.clock import Clock
from chandlery.collect.status import MARKET_CAPS
from chandlery.errors import RemoteError
from chandlery.market import MarketCapSnapshot
from chandlery.store import RunRecord, Store

EVERY_MS: Final = 60_000
"""CoinGecko's own figures are a minute old, and its keyless limit is shared by address."""
BIGGEST: Final = 10


class MarketCapSource(Protocol):
    """Who knows the biggest coins."""

    def top(self, count: int = 10, currency: str = "usd") -> MarketCapSnapshot:
        """The biggest coins now. Raises `RemoteError`."""


def refresh(source: MarketCapSource, store: Store, clock: Clock) -> bool:
    """Fetch and keep the biggest market caps, unless someone did within the minute.

    Whether it is current now: False when the source gave none, which is written down as a failed
    run and leaves the last known values in place. Raises `StoreError`.
    """
    started = clock.now_ms()
    if not store.market_caps.claim(started, EVERY_MS):
        return True
    error: str | None = None
    try:
        store.market_caps.keep(source.top(BIGGEST))
    except RemoteError as failure:
        error = str(failure)
    store.runs.keep(
        RunRecord(
            id=uuid.uuid4().hex,
            series=MARKET_CAPS,
            started_ms=started,
            ended_ms=clock.now_ms(),
            outcome="failed" if error else "done",
            report_json=orjson.dumps({"error": error}).decode(),
        )
    )
    return error is None
