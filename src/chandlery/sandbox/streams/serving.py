"""The streams over HTTP: which addresses there are, and what comes in over a connection."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final
from urllib.parse import unquote

from aiohttp import WSMessage, WSMsgType, web

from chandlery.sandbox.reply import Reply, not_found, too_much
from chandlery.sandbox.streams.commands import TOO_MANY, Subscriptions, TooManyStreams, answer
from chandlery.sandbox.streams.connection import POLICY, Connection
from chandlery.sandbox.streams.pulse import Pulse
from chandlery.sandbox.wire.control import Controlled
from chandlery.sandbox.wire.seen import Seen
from chandlery.sandbox.wire.serving import Wire

_ATTEMPTS: Final = 300
_ATTEMPTS_S: Final = 300.0
_UNITS: Final = {"MICROSECOND", "microsecond"}
_SWITCHING: Final = 101


class Attempts:
    """The latest attempts to connect, of which an address has 300 in five minutes (real ones)."""

    def __init__(self) -> None:
        self._made: deque[float] = deque(maxlen=_ATTEMPTS)

    def too_many(self) -> bool:
        """Note one; whether it is one too many."""
        now = time.monotonic()
        full = len(self._made) == _ATTEMPTS and now - self._made[0] < _ATTEMPTS_S
        self._made.append(now)
        return full


class _NoPages:
    """What the streams' address answers to requests that are none for a stream."""

    def reply(self, *_: object, **__: object) -> Reply:
        return not_found("")


class StreamWire(Wire):
    """Serves `/ws`, `/ws/NAME`, `/stream` and `/stream?streams=A/B`."""

    def __init__(
        self, name: str, pulse: Pulse, attempts: Attempts, box: Controlled, most: int
    ) -> None:
        super().__init__(name, _NoPages(), box)
        self._pulse = pulse
        self._attempts = attempts
        self._clock = box.clock
        self._requests = box.requests
        self._most = most

    async def good(self, request: web.Request, skew_ms: int) -> web.StreamResponse:
        """Open a connection where one is asked for."""
        held = subscribed(request, self._most)
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=0.2)
        if held is None or not socket.can_prepare(request):
            return await super().good(request, skew_ms)
        if self._attempts.too_many():
            return self.note(request, too_much(_ATTEMPTS, int(_ATTEMPTS_S)))
        now_ms = self._clock.now_ms()
        query = request.rel_url.raw_query_string
        self._requests.add(Seen(self.name, request.path, query, _SWITCHING, now_ms))
        await socket.prepare(request)
        await self._talk(request, socket, held)
        return socket

    async def _talk(
        self, request: web.Request, socket: web.WebSocketResponse, held: Subscriptions
    ) -> None:
        assert isinstance(request.transport, asyncio.Transport)  # noqa: S101  a socket
        micro = request.query.get("timeUnit", "") in _UNITS
        now_ms = self._clock.now_ms()
        connection = Connection(socket, request.transport, held, opened_ms=now_ms, micro=micro)
        try:
            held.add(_named(request))
        except TooManyStreams:
            connection.send(TOO_MANY)
            await connection.close(POLICY, "Invalid request")
            return
        self._pulse.enter(connection)
        try:
            async for message in socket:
                await self._heard(connection, message)
        finally:
            self._pulse.leave(connection)

    async def _heard(self, connection: Connection, message: WSMessage) -> None:
        if connection.floods():
            await connection.close(POLICY, "Too many requests")
        elif message.type == WSMsgType.PING:
            await connection.pong(message.data)
        elif message.type == WSMsgType.PONG:
            connection.ponged(bytes(message.data))
        elif message.type == WSMsgType.TEXT:
            await self._command(connection, message.data)

    async def _command(self, connection: Connection, text: str) -> None:
        try:
            reply = answer(text, connection.held)
        except TooManyStreams:
            connection.send(TOO_MANY)
            await connection.close(POLICY, "Invalid request")
            return
        if not connection.silenced:
            connection.send(reply)
        self._pulse.heed(connection)


def subscribed(request: web.Request, most: int) -> Subscriptions | None:
    """An empty list of subscriptions for a connection at this path; None for other paths."""
    first = request.path.split("/")[1]
    if first not in {"ws", "stream"}:
        return None
    return Subscriptions(combined=first == "stream", most=most)


def _named(request: web.Request) -> list[str]:
    """The streams that the address names; a number there is a client's own count."""
    if request.path.startswith("/ws/"):
        listed = unquote(request.path.removeprefix("/ws/"))
    else:
        listed = request.query.get("streams", "")
    return [name for name in listed.split("/") if name and not name.isdecimal()]
