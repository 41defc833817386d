"""Binance's REST servers at one address: spot and USD-M futures over the same market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import orjson
from multidict import MultiMapping

from chandlery.sandbox.binance.futures import FUTURES, FUTURES_WEIGHT_LIMIT
from chandlery.sandbox.binance.spot import SPOT
from chandlery.sandbox.binance.venue import Venue
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.reply import Reply, not_found
from chandlery.sandbox.sources.source import Source

_COIN_FUTURES: Final = "/dapi/v1/exchangeInfo"
_NO_COIN_FUTURES: Final = {
    "timezone": "UTC",
    "rateLimits": [],
    "exchangeFilters": [],
    "assets": [],
    "symbols": [],
}
"""COIN-M futures are not served; clients that load all markets are told that there are none."""
_HEADERS: Final = {
    "Server": "nginx",
    "Strict-Transport-Security": "max-age=31536000; includeSubdomains",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Xss-Protection": "1; mode=block",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
}


class Binance:
    """The exchange behind its paths. `weight_limit` is spot's; that of futures is the real one."""

    def __init__(self, source: Source, clock: SandboxClock, weight_limit: int) -> None:
        self._clock = clock
        spot = Venue(SPOT, source, clock, weight_limit)
        self._venues = (spot, Venue(FUTURES, source, clock, FUTURES_WEIGHT_LIMIT))
        self.weights = spot.weights
        """The weight used of spot's minute."""
        self._answered = 0

    def reply(
        self, path: str, query: MultiMapping[str], headers: Mapping[str, str], skew_ms: int = 0
    ) -> Reply:
        """Answer one request, or refuse it."""
        if path == _COIN_FUTURES:
            body = {**_NO_COIN_FUTURES, "serverTime": self._clock.now_ms() + skew_ms}
            return Reply(200, orjson.dumps(body))
        venue = next((each for each in self._venues if each.serves(path)), None)
        if venue is None:
            return not_found(headers.get("Accept", ""))
        reply = venue.reply(path, query, headers, skew_ms)
        self._answered += 1
        reply.headers.update({**_HEADERS, "x-mbx-uuid": str(UUID(int=self._answered))})
        return reply

    def forgive(self) -> None:
        """Lift every ban and set all used weight to nothing."""
        for venue in self._venues:
            venue.weights.forgive()
