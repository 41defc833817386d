"""One connection: what it is subscribed to, what it may send, and whether it still answers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Final

from aiohttp import web

from chandlery.sandbox.streams.commands import Subscriptions
from chandlery.sandbox.streams.frames import text_frame

_MESSAGES: Final = 5
"""What a client may send in a second: commands, pings and pongs."""
_WAITING_BYTES: Final = 16 * 1024 * 1024
"""Who leaves so much unread is dropped."""
POLICY: Final = 1008
GOING_AWAY: Final = 1001


class Connection:
    """The server's side of one WebSocket. Lives in the event loop; seconds are real ones."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        held: Subscriptions,
        *,
        opened_ms: int,
        micro: bool,
    ) -> None:
        self.held = held
        self.opened_ms = opened_ms
        """By the exchange's clock."""
        self.micro = micro
        self.silenced = False
        self.leaving = False
        self._socket = socket
        self._transport = transport
        self._waiting: list[bytes] = []
        self._received: deque[float] = deque(maxlen=_MESSAGES)
        self._pinged_s = time.monotonic()
        self._unanswered: dict[bytes, float] = {}

    def send(self, payload: bytes) -> None:
        """A text message of its own."""
        self._transport.write(text_frame(payload))

    def queue(self, frame: bytes) -> None:
        """A frame that others are sent too; it goes out at `flush`."""
        self._waiting.append(frame)

    def flush(self) -> None:
        """Send what was queued, in one piece."""
        if self._waiting and not self.silenced and not self._transport.is_closing():
            self._transport.write(b"".join(self._waiting))
            if self._transport.get_write_buffer_size() > _WAITING_BYTES:
                self._transport.abort()
        self._waiting.clear()

    def floods(self) -> bool:
        """Note one message that came in; whether it is one too many."""
        now = time.monotonic()
        full = len(self._received) == _MESSAGES and now - self._received[0] < 1.0
        self._received.append(now)
        return full

    async def ping_if_due(self, now_ms: int, every_s: float) -> None:
        """Ask whether the client is there."""
        now = time.monotonic()
        if not self.silenced and now - self._pinged_s >= every_s:
            self._pinged_s = now
            payload = str(now_ms).encode()
            # While the exchange's clock stands still, all pings are the same.
            self._unanswered.setdefault(payload, now)
            with suppress(ConnectionError):  # It may have gone a moment ago.
                await self._socket.ping(payload)

    def ponged(self, payload: bytes) -> None:
        """A pong came in; one that repeats no ping of ours counts for nothing."""
        if payload in self._unanswered:
            self._unanswered.clear()

    def answers(self, within_s: float) -> bool:
        """Whether no ping has waited for its pong for longer than that."""
        oldest = min(self._unanswered.values(), default=None)
        return oldest is None or time.monotonic() - oldest < within_s

    async def pong(self, payload: bytes) -> None:
        """Answer a ping of the client."""
        await self._socket.pong(payload)

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye and end the connection."""
        if not self.leaving:
            self.leaving = True
            await self._socket.close(code=code, message=reason.encode())

    def drop(self) -> None:
        """End the connection without a word."""
        self.leaving = True
        self._transport.abort()
