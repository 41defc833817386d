"""Requests as they arrive: gathered without a thread, and answered by one when they are whole.

cheroot would give each connection a thread at once, which waits for every byte: a hundred clients
that send one every few seconds would take them all.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Final

from chandlery.web.serving.request_head import LONGEST_BODY, LONGEST_HEAD, is_whole

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
