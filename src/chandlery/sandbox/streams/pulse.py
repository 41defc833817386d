"""The heart of the streams: at each beat, what is due is worked out once and sent to all."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import orjson

from chandlery.candles.interval import DAY_MS
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.sources.source import Source
from chandlery.sandbox.streams.connection import GOING_AWAY, POLICY, Connection
from chandlery.sandbox.streams.faults import StreamFault, StreamFaults
from chandlery.sandbox.streams.feed import Feed, Told
from chandlery.sandbox.streams.frames import combined, text_frame
from chandlery.sandbox.streams.lies import odd_frame
from chandlery.sandbox.streams.market import StreamedMarket
from chandlery.sandbox.streams.names import parse_name

_BEAT_S: Final = 0.02
_AT_ONCE_S: Final = 0.01
"""After so much work others get their turn: REST is answered by the same thread."""
_PONG_AFTER: Final = 3
"""Pings without a pong until the client is taken for gone: one minute of 20 s each."""
_LEAD_S: Final = 0.5
LIFE_MS: Final = DAY_MS

_Key = tuple[str, bool]
"""A stream's name, and whether times are in microseconds."""


class Pulse:
    """All open connections and the streams that they are subscribed to."""

    def __init__(
        self,
        source: Source,
        clock: SandboxClock,
        faults: StreamFaults,
        *,
        every_ms: int | None,
        ping_s: float,
    ) -> None:
        self._market = StreamedMarket(source)
        self._clock = clock
        self._faults = faults
        self._every_ms = every_ms
        self._ping_s = ping_s
        self._connections: set[Connection] = set()
        self._feeds: dict[_Key, Feed] = {}
        self._listeners: dict[_Key, set[Connection]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._endings: set[asyncio.Task[None]] = set()

    def enter(self, connection: Connection) -> None:
        """A connection has been opened."""
        self._connections.add(connection)
        self.heed(connection)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._beat_on())

    def leave(self, connection: Connection) -> None:
        """A connection has ended."""
        connection.held.remove(connection.held.names)
        self.heed(connection)
        self._connections.discard(connection)

    def heed(self, connection: Connection) -> None:
        """Its subscriptions have changed."""
        wanted = {(name, connection.micro) for name in connection.held.names}
        for key in [key for key, who in self._listeners.items() if connection in who]:
            if key not in wanted:
                self._listeners[key].discard(connection)
                if not self._listeners[key]:
                    del self._listeners[key]
                    self._feeds.pop(key, None)
        for key in wanted:
            if connection not in self._listeners[key]:
                self._listeners[key].add(connection)
                self._wake(key)

    def _wake(self, key: _Key) -> None:
        if key not in self._feeds:
            name = parse_name(key[0])
            if name is None:
                return
            self._feeds[key] = Feed(name, self._market, micro=key[1], every_ms=self._every_ms)
        self._feeds[key].wake()

    async def _beat_on(self) -> None:
        while self._connections:
            await self._misbehave()
            await self._send_due()
            await self._look_after()
            await asyncio.sleep(_BEAT_S)

    async def _send_due(self) -> None:
        now_ms = self._clock.now_ms()
        began = time.monotonic()
        for key, feed in list(self._feeds.items()):
            if not feed.is_due(now_ms):
                continue
            for told in feed.tell(now_ms):
                self._send(key, told)
            if time.monotonic() - began > _AT_ONCE_S:
                self._flush()
                await asyncio.sleep(0)
                began = time.monotonic()
        self._flush()

    def _flush(self) -> None:
        for connection in self._connections:
            connection.flush()

    def _send(self, key: _Key, told: Told) -> None:
        meant = self._faults.spoilt(key[0], told)
        if meant is None:
            return
        payload = orjson.dumps(meant.payload)
        if self._faults.take("garbled", key[0]):
            payload = payload[: len(payload) // 2]
        odd = self._faults.odd_frame(key[0])
        if odd is not None:
            for connection in self._listeners.get(key, ()):
                connection.queue(odd_frame(odd, payload))
            return
        late = self._faults.in_force("late", key[0])
        if late is None:
            self._queue(key, payload)
        else:
            self._later(late.seconds or 0.0, key, payload)

    def _queue(self, key: _Key, payload: bytes) -> None:
        plain = wrapped = None
        for connection in self._listeners.get(key, ()):
            if connection.held.combined:
                wrapped = wrapped or text_frame(combined(key[0], payload))
                connection.queue(wrapped)
            else:
                plain = plain or text_frame(payload)
                connection.queue(plain)

    def _later(self, seconds: float, key: _Key, payload: bytes) -> None:
        # What was late is flushed with the beat after its time has come.
        asyncio.get_running_loop().call_later(seconds, self._queue, key, payload)

    async def _misbehave(self) -> None:
        if not self._faults.planned():
            for connection in self._connections:
                connection.silenced = False
            return
        for fault in self._faults.take_all("drop"):
            for connection in self._meeting(fault):
                connection.drop()
        for fault in self._faults.take_all("shutdown"):
            self._shut_down(self._meeting(fault), fault)
        silent = [one for one in self._faults.planned() if one.kind == "silent"]
        for connection in self._connections:
            connection.silenced = any(_meets(fault, connection) for fault in silent)

    def _meeting(self, fault: StreamFault) -> list[Connection]:
        return [each for each in self._connections if _meets(fault, each)]

    def _shut_down(self, connections: Iterable[Connection], fault: StreamFault) -> None:
        notice = orjson.dumps({"e": "serverShutdown", "E": self._clock.now_ms()})
        for each in connections:
            each.send(combined("!serverShutdown", notice) if each.held.combined else notice)
            lead_s = _LEAD_S if fault.seconds is None else fault.seconds
            self._end(each, GOING_AWAY, "Server shutdown", lead_s)

    async def _look_after(self) -> None:
        now_ms = self._clock.now_ms()
        for each in list(self._connections):
            if not each.answers(_PONG_AFTER * self._ping_s):
                self._end(each, POLICY, "Pong timeout")
            elif now_ms - each.opened_ms >= LIFE_MS:
                self._end(each, GOING_AWAY, "24 hours are over")
            elif not each.leaving:
                await each.ping_if_due(now_ms, self._ping_s)

    def _end(self, connection: Connection, code: int, reason: str, after_s: float = 0.0) -> None:
        async def ending() -> None:
            await asyncio.sleep(after_s)
            await connection.close(code, reason)

        if not connection.leaving:
            task = asyncio.get_running_loop().create_task(ending())
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)


def _meets(fault: StreamFault, connection: Connection) -> bool:
    return not fault.stream or any(fault.stream in name for name in connection.held.names)
