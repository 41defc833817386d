"""Answers as they leave: what a reader does not take at once waits without a thread.

cheroot would have a thread wait for every reader: as many slow ones as there are threads would
keep everybody else out.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable


class Outbox:
    """The writing side of a connection, as cheroot asks for one. It never waits."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        """Add `data` to what is to be sent; how much that is."""
        self._data += data
        return len(data)

    def send(self) -> bool:
        """Send as much as the reader takes now; whether some is left. Raises `OSError`."""
        while self._data:
            try:
                # Not `send`, which waits on a socket that has a patience.
                sent = os.write(self._sock.fileno(), self._data)
            except BlockingIOError:
                break
            del self._data[:sent]
        return bool(self._data)

    def take(self) -> bytes:
        """What is not sent yet; somebody else sends it from now on."""
        taken = bytes(self._data)
        self._data.clear()
        return taken


class Rest:
    """The rest of an answer, in the form of what the pusher sends."""

    ended = True
    """Nothing will come but what is there."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self) -> bytes:
        """All of it, once."""
        taken, self._data = self._data, b""
        return taken

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener`: all is there."""
        listener()

    def close(self) -> None:
        """There is nothing to let go of."""
