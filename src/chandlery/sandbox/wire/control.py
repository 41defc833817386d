"""The sandbox's own paths, for a sandbox that runs in another process. Binance has none of them.

    GET    /sandbox/stats     requests by path, weight used, the clock
    GET    /sandbox/faults    the faults still planned
    POST   /sandbox/faults    {"kind": "5xx", "times": 3, "path": "klines", "service": "binance",
                               "seconds": 2}; times -1 is for ever; the kind "unreachable" closes
                               all addresses, or that of a service, for that many seconds
    DELETE /sandbox/faults    behave again
    GET    /sandbox/archive   what is planned for files of the archive
    POST   /sandbox/archive   {"kind": "cut", "path": "BTCUSDT-1h-2024-07"}; "times": 2 for checksum
    DELETE /sandbox/archive   files as they were; {"kind": "cut"} takes back one kind
    GET    /sandbox/streams   what is planned for streams
    POST   /sandbox/streams   {"kind": "wrong", "stream": "btcusdt@kline_1m", "times": 1}
    DELETE /sandbox/streams   behave again
    GET    /sandbox/clock     {"now_ms": ..., "speed": ...}
    POST   /sandbox/clock     {"advance": 3600}, {"now_ms": ..., "speed": 60}, {"speed": 0}
    POST   /sandbox/revise    {"symbol": "BTCUSDT", "interval": "1h", "open_ms": ...}

Bodies are JSON. Requests that come from a web page are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from chandlery.candles.interval import Interval
from chandlery.errors import InputError
from chandlery.sandbox.archive.faults import ArchiveFaultKind, ArchiveFaults
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.streams.faults import StreamFaults
from chandlery.sandbox.wire.faults import Faults
from chandlery.sandbox.wire.seen import RequestsSeen

PREFIX: Final = "/sandbox/"


class Controlled(Protocol):
    """What the control paths steer."""

    clock: SandboxClock
    faults: Faults
    archive_faults: ArchiveFaults
    stream_faults: StreamFaults
    requests: RequestsSeen

    @property
    def weight_limit(self) -> int:
        """Request weight that a minute allows."""

    @property
    def weight_used(self) -> int:
        """Request weight used in this minute."""

    def revise(self, symbol: str, interval: str, open_ms: int) -> None:
        """Change a closed candle."""

    def spoil_archive(self, kind: ArchiveFaultKind, path: str = "", times: int = -1) -> None:
        """Let files of the archive meet a fault."""

    async def vanish(self, seconds: float, service: str = "") -> None:
        """Close the addresses for a while."""


class Control:
    """Answers the sandbox's own paths."""

    def __init__(self, box: Controlled) -> None:
        self._box = box

    def is_meant(self, request: web.Request) -> bool:
        """Whether a request is for the sandbox itself."""
        return request.path.startswith(PREFIX)

    async def handle(self, request: web.Request) -> web.Response:
        """Do what is asked and tell the state after it."""
        if "Origin" in request.headers:
            return _json(403, {"error": "Web pages may not steer the sandbox."})
        action = self._actions().get((request.method, request.path.removeprefix(PREFIX)))
        if action is None:
            return _json(
                404, {"error": f"No {request.method} {request.path}; see GET {PREFIX}stats."}
            )
        try:
            body = orjson.loads(await request.read() or b"{}")
            return _json(200, await action(body))
        except (InputError, orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
            return _json(422, {"error": f"{error}"})

    def _actions(self) -> dict[tuple[str, str], Callable[[dict[str, Any]], Awaitable[Any]]]:
        return {
            ("GET", "stats"): self._stats,
            ("GET", "faults"): self._planned,
            ("POST", "faults"): self._plan,
            ("DELETE", "faults"): self._clear,
            ("GET", "archive"): self._spoilt,
            ("POST", "archive"): self._spoil,
            ("DELETE", "archive"): self._mend,
            ("GET", "streams"): self._stream_faults,
            ("POST", "streams"): self._spoil_streams,
            ("DELETE", "streams"): self._mend_streams,
            ("GET", "clock"): self._time,
            ("POST", "clock"): self._set_clock,
            ("POST", "revise"): self._revise,
        }

    async def _stats(self, _: dict[str, Any]) -> dict[str, Any]:
        box = self._box
        return {
            "requests": box.requests.counts(),
            "weight_used": box.weight_used,
            **await self._time({}),
        }

    async def _planned(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._box.faults.planned()]

    async def _plan(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if body["kind"] == "unreachable":
            await self._box.vanish(float(body.get("seconds", 1.0)), body.get("service", ""))
        else:
            self._box.faults.next(**body)
        return await self._planned({})

    async def _clear(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        self._box.faults.clear()
        return []

    async def _spoilt(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._box.archive_faults.planned()]

    async def _spoil(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._box.spoil_archive(**body)
        return await self._spoilt({})

    async def _mend(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._box.archive_faults.clear(body.get("kind"))
        return await self._spoilt({})

    async def _stream_faults(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._box.stream_faults.planned()]

    async def _spoil_streams(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._box.stream_faults.add(**body)
        return await self._stream_faults({})

    async def _mend_streams(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        self._box.stream_faults.clear()
        return []

    async def _time(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"now_ms": self._box.clock.now_ms(), "speed": self._box.clock.speed}

    async def _set_clock(self, body: dict[str, Any]) -> dict[str, Any]:
        clock = self._box.clock
        if "advance" in body:
            clock.advance(float(body["advance"]))
        if "now_ms" in body or "speed" in body:
            clock.run(float(body.get("speed", clock.speed)), body.get("now_ms"))
        return await self._time({})

    async def _revise(self, body: dict[str, Any]) -> dict[str, Any]:
        Interval.parse(body["interval"])
        self._box.revise(body["symbol"], body["interval"], int(body["open_ms"]))
        return {}


def _json(status: int, body: object) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
