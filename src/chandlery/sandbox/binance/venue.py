"""One of Binance's REST interfaces at work: its weights, its refusals, its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from multidict import MultiMapping

from chandlery.errors import Refused
from chandlery.sandbox.binance.asking import Asking, Endpoint, Endpoints
from chandlery.sandbox.binance.query import Query
from chandlery.sandbox.binance.refusals import BAD_TIME_UNIT, refused
from chandlery.sandbox.binance.weights import Verdict, Weights
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.reply import Reply, banned, coded, too_much
from chandlery.sandbox.sources.source import Source

_UNITS: Final = {
    "MICROSECOND": True,
    "microsecond": True,
    "MILLISECOND": False,
    "millisecond": False,
}


@dataclass(frozen=True, slots=True)
class Interface:
    """In what one interface differs from another."""

    prefix: str
    """What its paths begin with, up to the endpoint's name."""
    endpoints: Endpoints
    weight_headers: tuple[str, ...]
    """The headers that tell the weight used."""
    time_units: bool
    """Whether a header of the request may ask for microseconds."""


class Venue:
    """One interface behind its paths, with a count of weight of its own."""

    def __init__(
        self, interface: Interface, source: Source, clock: SandboxClock, weight_limit: int
    ) -> None:
        self.weights = Weights(weight_limit)
        self._interface = interface
        self._endpoints = {
            interface.prefix + name: endpoint for name, endpoint in interface.endpoints.items()
        }
        self._source = source
        self._clock = clock

    def serves(self, path: str) -> bool:
        """Whether it has this path."""
        return path in self._endpoints

    def reply(
        self, path: str, query: MultiMapping[str], headers: Mapping[str, str], skew_ms: int = 0
    ) -> Reply:
        """Answer one request for a path that it has, or refuse it."""
        endpoint = self._endpoints[path]
        now_ms = self._clock.now_ms()
        verdict = self.weights.charge(endpoint.weight(dict(query.items())), now_ms)
        reply = self._turned_away(verdict, now_ms)
        if reply is None:
            reply = self._answer(endpoint, query, headers, now_ms, skew_ms)
        reply.headers.update(dict.fromkeys(self._interface.weight_headers, str(verdict.used)))
        return reply

    def _answer(
        self,
        endpoint: Endpoint,
        query: MultiMapping[str],
        headers: Mapping[str, str],
        now_ms: int,
        skew_ms: int,
    ) -> Reply:
        try:
            micro = self._interface.time_units and _micro(headers.get("X-MBX-TIME-UNIT"))
            parameters = Query(query.items())
            limit = self.weights.limit
            asking = Asking(parameters, self._source, now_ms, micro, skew_ms, limit)
            return Reply(200, endpoint.answer(asking))
        except Refused as refused:
            return coded(400, refused.code or -1000, str(refused))

    def _turned_away(self, verdict: Verdict, now_ms: int) -> Reply | None:
        if verdict.status == 0:
            return None
        seconds = max(1, -(-(verdict.until_ms - now_ms) // 1000))
        if verdict.status == 429:  # noqa: PLR2004  the status that it is
            return too_much(self.weights.limit, seconds)
        return banned(verdict.until_ms, seconds)


def _micro(unit: str | None) -> bool:
    if unit is None:
        return False
    if unit not in _UNITS:
        raise refused(BAD_TIME_UNIT)
    return _UNITS[unit]
