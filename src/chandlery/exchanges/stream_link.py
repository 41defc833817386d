"""One WebSocket connection and the thread that reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from chandlery.clock import Clock
from chandlery.errors import printable
from chandlery.transport.connections import user_agent

_LOOK_SECONDS: Final = 0.25
"""So soon a thread notices that it is to end."""
_CLOSE_SECONDS: Final = 0.3
_BLOCKED: Final = {403, 451}
_OUR_REASONS: Final[dict[int, str]] = {
    1002: "what the protocol does not allow",
    1007: "text that is none",
    1009: "a message that is too large",
}
"""By our own closing codes."""
_MOST_BYTES: Final = 1 << 16
"""Of one message: a candle's has four hundred, and a list of all streams of a connection less."""
_MOST_WAITING: Final = 512
"""Messages that were received and not read. After that the network has to wait, not our memory."""


class Link:
    """A connection on its way: connecting, open, ended. Others read its attributes only.

    `heard` is called from its thread with every message.
    """

    def __init__(
        self,
        url: str,
        names: Collection[str],
        heard: Callable[[Link, bytes], None],
        *,
        clock: Clock,
        open_timeout: float,
    ) -> None:
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self.asked = set(names)
        """Streams that were subscribed to; for one thread, the warden's."""
        self.confirmed: set[str] = set(names)
        """Those that the server has acknowledged; `url` names the first ones itself."""
        self.opened: float | None = None
        """When, in the seconds of `Clock.monotonic`."""
        self.heard_last: float | None = None
        self.heard_candle = False
        self.shutting_down = False
        self.refused: str | None = None
        """Why the server did not do what it was commanded."""
        self.error: str | None = None
        self.ended = False
        self._url = url
        self._heard = heard
        self._clock = clock
        self._open_timeout = open_timeout
        self._closing = False
        self._connection: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name=f"stream {self.host}", daemon=True)
        self._thread.start()

    def send(self, text: str) -> bool:
        """Send a command; False when the connection has ended."""
        try:
            if self._connection is not None:
                self._connection.send(text)
        except (WebSocketException, OSError):
            return False
        return True

    def close(self) -> None:
        """End it soon; returns at once."""
        self._closing = True
        if self.opened is None and self._connection is not None:
            with suppress(OSError):  # It is shaking hands with somebody who says nothing.
                self._connection.socket.shutdown(SHUT_RDWR)

    def abandon(self) -> None:
        """End it without a goodbye: the other side does not answer."""
        self._closing = True
        if self._connection is not None:
            with suppress(OSError):
                self._connection.socket.shutdown(SHUT_RDWR)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            with self._connected() as connection:
                self.opened = self.heard_last = self._clock.monotonic()
                self._read(connection)
        except Exception as error:  # noqa: BLE001  whatever it was, the connection is over
            self.error = printable(self._words(error))
        finally:
            self.ended = True

    def _connected(self) -> Any:  # noqa: ANN401  typed by what it gives in `with`
        link = self

        class Reachable(ClientConnection):
            """Known from its first moment on, so that its handshake can be ended."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  passed on
                super().__init__(*args, **kwargs)
                link._connection = self
                if link._closing:
                    self.socket.shutdown(SHUT_RDWR)

        return connect(
            self._url,
            create_connection=Reachable,
            open_timeout=self._open_timeout,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=None,  # Binance pings us, and ours would count as messages.
            compression=None,
            max_size=_MOST_BYTES,
            max_queue=_MOST_WAITING,
            user_agent_header=user_agent(),
        )

    def _read(self, connection: ClientConnection) -> None:
        while not self._closing:
            try:
                message = connection.recv(timeout=_LOOK_SECONDS, decode=False)
            except TimeoutError:
                continue
            self.heard_last = self._clock.monotonic()
            self._heard(self, message)

    def _words(self, error: Exception) -> str:
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            more = "; it does not serve this machine's address" if status in _BLOCKED else ""
            return f"{self.host} refused to stream (HTTP {status}{more})."
        if isinstance(error, ConnectionClosed):
            said, ours = error.rcvd, error.sent
            if ours is not None and said is None and ours.code in _OUR_REASONS:
                return f"{self.host} sent {_OUR_REASONS[ours.code]}, so the connection was ended."
            why = f" ({said.code}{f' {said.reason}' if said.reason else ''})" if said else ""
            return f"{self.host} ended the connection{why}."
        if isinstance(error, TimeoutError):
            return f"{self.host} did not answer within {self._open_timeout:g} s."
        if isinstance(error, OSError | WebSocketException):
            return f"No connection to {self.host}: {error or type(error).__name__}."
        return f"{self.host}: {type(error).__name__}: {error}."
