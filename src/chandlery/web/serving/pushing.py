"""One thread that writes to the sockets of all open event streams, and never waits for one.

A thread for each stream would do too, but the API would wait behind hundreds of them for the
interpreter whenever a candle moves; `bench/live.py` has the figures.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from chandlery.web.serving.event_stream import EventStream

_PATIENCE_SECONDS: Final = 30.0
"""After so long without taking a byte a reader is taken for gone."""
_CLOSE_SECONDS: Final = 0.5
"""So long streams may take for their last bytes."""
_SEND_BUFFER: Final = 32 << 10
"""Small, so that what waits for a slow reader waits where newer events replace older ones."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


@dataclass(eq=False, slots=True)
class _Line:
    """One open stream and its socket."""

    sock: socket.socket
    stream: EventStream
    chunked: bool
    unsent: bytes = b""
    last: bool = False
    """Whether `unsent` is all that will ever be sent."""
    moved_at: float = field(default_factory=time.monotonic)
    """When it last took something, or had nothing to take."""
    mask: int = selectors.EVENT_READ
    """What its socket is waited for."""

    def refill(self) -> None:
        """Take what waits, in HTTP's chunks where the client knows these."""
        self.moved_at = time.monotonic()
        over = self.stream.ended
        data = self.stream.take()
        if self.chunked and data:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        self.last = over
        self.unsent = data + (_LAST_CHUNK if over and self.chunked else b"")


class Pusher:
    """Sends event streams; its thread runs from the first one until `close`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._alarm.settimeout(0)
        self._bell.settimeout(0)
        self._selector.register(self._alarm, selectors.EVENT_READ)
        self._calls: deque[_Line] = deque()
        self._rung = False
        self._lines: set[_Line] = set()
        self._closing_at: float | None = None
        self._closed = False

    def push(self, sock: socket.socket, stream: EventStream, *, chunked: bool) -> None:
        """Send `stream` to `sock` from now on; both are closed when one of them ends."""
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        line = _Line(sock, stream, chunked)
        with self._lock:
            if self._closed:
                _hang_up(line)
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pusher", daemon=True)
                self._thread.start()
        stream.listen(lambda: self._call(line))

    def close(self) -> None:
        """End all streams, in good order where the reader takes the last bytes soon enough."""
        with self._lock:
            again, self._closed = self._closed, True
        if again:
            return
        if self._thread is not None:
            self._closing_at = time.monotonic() + _CLOSE_SECONDS
            self._ring()
            self._thread.join(2 * _CLOSE_SECONDS)
        self._selector.close()
        self._alarm.close()
        self._bell.close()

    def _call(self, line: _Line) -> None:
        """Something waits for a line; called by whoever said it, who must not be held up."""
        self._calls.append(line)
        if not self._rung:
            self._rung = True
            self._ring()

    def _ring(self) -> None:
        try:
            self._bell.send(b"!")
        except OSError:
            return  # full, so it rings; or closed, and nobody listens any more

    def _run(self) -> None:
        while self._closing_at is None or self._ending(self._closing_at):
            for key, mask in self._selector.select(_CLOSE_SECONDS / 5 if self._closed else None):
                if key.data is None:
                    self._answer_calls()
                elif key.data not in self._lines:
                    continue  # dropped while the others were served
                elif mask & selectors.EVENT_READ and not _is_there(key.data):
                    self._drop(key.data)
                elif mask & selectors.EVENT_WRITE:
                    self._send(key.data)
        for line in [*self._lines]:
            self._drop(line)
        for line in [*self._calls]:
            _hang_up(line)

    def _ending(self, closing_at: float) -> bool:
        """Let all streams end; whether some have not got their last bytes yet."""
        for line in [*self._lines]:
            line.stream.close()
        return bool(self._lines) and time.monotonic() < closing_at

    def _answer_calls(self) -> None:
        self._alarm.recv(4096)
        self._rung = False
        # Those that call while these are served ring anew.
        waiting = {self._calls.popleft(): None for _ in range(len(self._calls))}
        for line in waiting:
            self._serve(line)

    def _serve(self, line: _Line) -> None:
        if line not in self._lines:
            if line.sock.fileno() < 0:
                return  # it was dropped after it had called
            self._lines.add(line)
            self._selector.register(line.sock, selectors.EVENT_READ, line)
        if not line.unsent:
            self._send(line)
        elif time.monotonic() - line.moved_at > _PATIENCE_SECONDS:
            self._drop(line)

    def _send(self, line: _Line) -> None:
        """Send until the socket takes no more or nothing waits."""
        try:
            while line.unsent or self._refilled(line):
                sent = line.sock.send(line.unsent)
                line.unsent = line.unsent[sent:]
                line.moved_at = time.monotonic()
        except BlockingIOError:
            self._wait_for(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
        except OSError:
            self._drop(line)
        else:
            if line.last:
                self._drop(line)
            else:
                self._wait_for(line, selectors.EVENT_READ)

    def _wait_for(self, line: _Line, mask: int) -> None:
        if line.mask != mask:
            line.mask = mask
            self._selector.modify(line.sock, mask, line)

    @staticmethod
    def _refilled(line: _Line) -> bool:
        if not line.last:
            line.refill()
        return bool(line.unsent)

    def _drop(self, line: _Line) -> None:
        self._lines.discard(line)
        self._selector.unregister(line.sock)
        _hang_up(line)


def _is_there(line: _Line) -> bool:
    """Whether the reader has not gone; what it says is not listened to."""
    try:
        return bool(line.sock.recv(4096))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _hang_up(line: _Line) -> None:
    line.stream.close()
    line.sock.close()
