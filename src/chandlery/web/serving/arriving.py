"""Requests as they arrive: gathered without a thread, and answered by one when they are whole.

cheroot would give each connection a thread at once, which waits for every byte: a hundred clients
that send one every few seconds would take them all. It would also trust what a request says of
its own length.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any, Final

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest, SizeCheckWrapper

from chandlery.web.guard.headers import HEADERS
from chandlery.web.serving.request_head import LONGEST_BODY, LONGEST_HEAD, fields_of, is_whole

_MOST: Final = LONGEST_HEAD + LONGEST_BODY + 1024
"""Bytes of one connection that are kept; if they are no whole request, it has no end."""
_AT_ONCE: Final = 16 << 10


class Inbox:
    """The reading side of a connection, as cheroot asks for one. It never waits."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = bytearray()
        self._over = False
        self.began_at: float | None = None
        """When the first byte came of the request that is not answered yet; seconds of 1970."""
        self.bytes_read = 0
        self.closed = False

    def gather(self) -> bool:
        """Take what has come; whether there is something to answer now."""
        while len(self._data) < _MOST and not self._over:
            try:
                # Not `recv`, which waits on a socket that has a patience.
                data = os.read(self._sock.fileno(), _AT_ONCE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._over = not data
            self._data += data
        if self._data and self.began_at is None:
            self.began_at = time.time()
        return self.has_data()

    def has_data(self) -> bool:
        """Whether there is a whole request, or one that will never be."""
        return self._over or len(self._data) >= _MOST or is_whole(self._data)

    def read(self, size: int | None = None) -> bytes:
        """At most so many bytes of those that have come."""
        return self._take(len(self._data) if size is None or size < 0 else size)

    def readline(self, size: int | None = None) -> bytes:
        """Up to the end of the line, or so many bytes."""
        end = self._data.find(b"\n") + 1 or len(self._data)
        return self._take(end if size is None or size < 0 else min(end, size))

    def close(self) -> None:
        """Forget what has come."""
        self._data.clear()
        self.closed = True

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        self.bytes_read += len(taken)
        self.began_at = None
        return taken


class _StrictReader(HeaderReader):
    """Reads headers by the strict rules."""

    def __call__(
        self, rfile: SizeCheckWrapper, hdict: dict[bytes, bytes] | None = None
    ) -> dict[bytes, bytes]:
        """Those of `rfile`. Raises `ValueError`."""
        fields = {} if hdict is None else hdict
        lines = []
        while (line := rfile.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                msg = "The head of the request has no end."
                raise ValueError(msg)
            lines.append(line[:-2])
        fields |= fields_of(lines)
        return fields


class _StrictRequest(HTTPRequest):
    """A request whose errors are told with the same headers as every other answer."""

    header_reader = _StrictReader()

    def read_request_line(self) -> bool:
        """Whether it makes sense; else that was told."""
        try:
            return bool(super().read_request_line())  # type: ignore[no-untyped-call]
        except ValueError:
            self.simple_response("400 Bad Request", "The address of the request makes no sense.")
            return False

    def read_request_headers(self) -> bool:
        """Whether they make sense; else that was told."""
        fine = bool(super().read_request_headers())  # type: ignore[no-untyped-call]
        # What follows a body in chunks was not always taken by whoever answered.
        self.close_connection |= b"Transfer-Encoding" in self.inheaders
        return fine

    def simple_response(self, status: object, msg: str = "") -> None:
        """An answer of the server itself, after which the connection is closed."""
        self.close_connection = True
        body = f"{msg or str(status)[4:]}\n".encode("latin-1", "replace")
        head = {
            "Content-Type": "text/plain; charset=latin-1",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **HEADERS,
        }
        lines = [f"{self.server.protocol} {status}", *(f"{key}: {head[key]}" for key in head)]
        try:
            self.conn.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        except OSError:
            return  # whoever asked has gone


class Arrival(HTTPConnection):
    """A connection whose requests are gathered first."""

    RequestHandlerClass = _StrictRequest
    _waits_since = 0.0

    def __init__(self, *given: Any) -> None:  # noqa: ANN401  as cheroot makes it
        super().__init__(*given)
        self.rfile = Inbox(self.socket)

    @property
    def last_used(self) -> float:
        """Since when it is waited for, by which it is closed some day; in a crowd, sooner."""
        return self._waits_since - float(self.server.haste)

    @last_used.setter
    def last_used(self, now: float) -> None:
        # A request that has begun does not gain time by another byte.
        self._waits_since = self.rfile.began_at or now
