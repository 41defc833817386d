"""Binance's spot REST interface: every path, its weight, and its answers with their headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import orjson
from multidict import MultiMapping

from chandlery.errors import Refused
from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints, always
from chandlery.sandbox.binance.exchange_info import EXCHANGE_INFO
from chandlery.sandbox.binance.klines import KLINES
from chandlery.sandbox.binance.query import Query
from chandlery.sandbox.binance.refusals import BAD_TIME_UNIT, refused
from chandlery.sandbox.binance.tickers import TICKERS
from chandlery.sandbox.binance.trade_lists import TRADE_LISTS
from chandlery.sandbox.binance.weights import Verdict, Weights
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.reply import Reply, banned, coded, not_found, too_much
from chandlery.sandbox.sources.source import Source

_UNITS: Final = {
    "MICROSECOND": True,
    "microsecond": True,
    "MILLISECOND": False,
    "millisecond": False,
}
_PREFIX: Final = "/api/v3/"
_FUTURES: Final = {"/fapi/v1/exchangeInfo", "/dapi/v1/exchangeInfo"}
_FUTURES_BODY: Final = {
    "timezone": "UTC",
    "rateLimits": [],
    "exchangeFilters": [],
    "assets": [],
    "symbols": [],
}
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


def _answer_ping(asking: Asking) -> bytes:
    asking.query.done()
    return b"{}"


def _answer_time(asking: Asking) -> bytes:
    asking.query.done()
    return orjson.dumps({"serverTime": asking.time(asking.now_ms + asking.skew_ms)})


ENDPOINTS: Final[Endpoints] = {
    "ping": Endpoint(always(1), _answer_ping),
    "time": Endpoint(always(1), _answer_time),
    **EXCHANGE_INFO,
    **KLINES,
    **TICKERS,
    **TRADE_LISTS,
}


class Spot:
    """The exchange behind its paths."""

    def __init__(self, source: Source, clock: SandboxClock, weight_limit: int) -> None:
        self._source = source
        self._clock = clock
        self.weights = Weights(weight_limit)
        self._answered = 0

    def reply(
        self, path: str, query: MultiMapping[str], headers: Mapping[str, str], skew_ms: int = 0
    ) -> Reply:
        """Answer one request, or refuse it."""
        now_ms = self._clock.now_ms()
        if path in _FUTURES:
            return Reply(200, orjson.dumps({**_FUTURES_BODY, "serverTime": now_ms + skew_ms}))
        endpoint = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
        if endpoint is None:
            return not_found(headers.get("Accept", ""))
        verdict = self.weights.charge(endpoint.weight(dict(query.items())), now_ms)
        reply = self._turned_away(verdict, now_ms)
        if reply is None:
            try:
                micro = _micro(headers.get("X-MBX-TIME-UNIT"))
                asking = Asking(
                    Query(query.items()),
                    self._source,
                    now_ms,
                    micro,
                    skew_ms,
                    self.weights.limit,
                )
                reply = Reply(200, endpoint.answer(asking))
            except Refused as refused:
                reply = coded(400, refused.code or -1000, str(refused))
        reply.headers.update(self._headers(verdict.used))
        return reply

    def _turned_away(self, verdict: Verdict, now_ms: int) -> Reply | None:
        if verdict.status == 0:
            return None
        seconds = max(1, -(-(verdict.until_ms - now_ms) // 1000))
        if verdict.status == 429:  # noqa: PLR2004  the status that it is
            return too_much(self.weights.limit, seconds)
        return banned(verdict.until_ms, seconds)

    def _headers(self, used: int) -> dict[str, str]:
        self._answered += 1
        return {
            **_HEADERS,
            "x-mbx-uuid": str(UUID(int=self._answered)),
            "x-mbx-used-weight": str(used),
            "x-mbx-used-weight-1m": str(used),
        }


def _micro(unit: str | None) -> bool:
    if unit is None:
        return False
    if unit not in _UNITS:
        raise refused(BAD_TIME_UNIT)
    return _UNITS[unit]
