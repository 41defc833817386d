"""One thread that writes what readers take in their own time, and never waits for one of them.

That is event streams, and answers that a slow reader has not taken at once. A thread for each
would do too, but the API would wait behind hundreds of them for the interpreter whenever a candle
moves (`bench/live.py` has the figures), and slow readers could take all that there are.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

_PATIENCE_SECONDS: Final = 30.0
"""After so long without taking a byte a reader is taken for gone."""
_LOOK_SECONDS: Final = 5.0
"""How often it is looked who is gone."""
_CLOSE_SECONDS: Final = 0.5
"""So long all may take for their last bytes when the server stops."""
_MOST_RESTS: Final = 256
"""Answers that may wait to be read."""
_MOST_BYTES: Final = 64 << 20
"""Memory that they may take; beyond either bound whoever has read longest is cut off."""
_SEND_BUFFER: Final = 32 << 10
"""Small, so that what waits for a slow reader waits where newer events replace older ones."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


class Stream(Protocol):
    """What is sent, as it comes."""

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more but what waits."""

    def take(self) -> bytes:
        """Everything that waits."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` now and whenever something waits, or the end has come."""

    def close(self) -> None:
        """The reader is gone."""


@dataclass(eq=False, slots=True)
class _Line:
    """One stream and its socket."""

    sock: socket.socket
    stream: Stream
    over: Callable[[bool], None]
    chunked: bool
    is_rest: bool
    """Whether all of it was there from the beginning."""
    unsent: memoryview
    done: bool = False
    """Whether its socket is the pusher's no more."""
    last: bool = False
    """Whether `unsent` is all that will ever be sent."""
    moved_at: float = field(default_factory=time.monotonic)
    """When it last took something, or had nothing to take."""
    mask: int = 0
    """What its socket is waited for; 0 before it is."""

    @property
    def idle_mask(self) -> int:
        """What its socket is waited for while there is nothing to send.

        A reader of a stream that never ends says by its leaving that it is gone. What comes in the
        middle of an answer is the next question, which is not for the pusher.
        """
        return selectors.EVENT_WRITE if self.is_rest else selectors.EVENT_READ

    def refill(self) -> None:
        """Take what waits, in HTTP's chunks where the client knows these."""
        self.moved_at = time.monotonic()
        over = self.stream.ended
        data = self.stream.take()
        if self.chunked and data:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        self.last = over
        self.unsent = memoryview(data + (_LAST_CHUNK if over and self.chunked else b""))


class Pusher:
    """Sends streams; its thread runs from the first one until `close`. Thread-safe."""

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
        self._lines: dict[_Line, None] = {}
        """Those that are served, the oldest first."""
        self._closing_at: float | None = None
        self._closed = False

    def push(
        self,
        sock: socket.socket,
        stream: Stream,
        *,
        over: Callable[[bool], None],
        head: bytes = b"",
        chunked: bool = False,
    ) -> None:
        """Send `head` and then `stream` to `sock` from now on.

        When one of them ends, `over` is called with whether everything was sent. Until then the
        socket is the pusher's.
        """
        sock.settimeout(0)
        line = _Line(sock, stream, over, chunked, stream.ended, memoryview(head))
        if not line.is_rest:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        with self._lock:
            if self._closed:
                _hang_up(line)
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pusher", daemon=True)
                self._thread.start()
        stream.listen(lambda: self._call(line))

    def close(self) -> None:
        """End all, in good order where the reader takes the last bytes soon enough."""
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
        looked_at = time.monotonic()
        while self._closing_at is None or self._ending(self._closing_at):
            for key, mask in self._selector.select(self._patience):
                if key.data is None:
                    self._answer_calls()
                elif key.data not in self._lines:
                    continue  # dropped while the others were served
                elif mask & selectors.EVENT_READ and not _is_there(key.data):
                    self._drop(key.data)
                elif mask & selectors.EVENT_WRITE:
                    self._send(key.data)
            if time.monotonic() - looked_at > _LOOK_SECONDS:
                looked_at = time.monotonic()
                self._forget_gone(looked_at)
        for line in [*self._lines]:
            self._drop(line)
        for line in [*self._calls]:
            _hang_up(line)

    @property
    def _patience(self) -> float | None:
        """How long nothing may happen until it is looked around."""
        if self._closed:
            return _CLOSE_SECONDS / 5
        return _LOOK_SECONDS if self._lines else None

    def _forget_gone(self, now: float) -> None:
        for line in [*self._lines]:
            if line.unsent and now - line.moved_at > _PATIENCE_SECONDS:
                self._drop(line)

    def _forget_oldest(self) -> None:
        """Keep the answers that wait to be read within bounds."""
        rests = [line for line in self._lines if line.is_rest]
        count, size = len(rests), sum(len(line.unsent) for line in rests)
        for line in rests:
            if count <= _MOST_RESTS and size <= _MOST_BYTES:
                return
            count, size = count - 1, size - len(line.unsent)
            self._drop(line)

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
            if line.done:
                return  # it was dropped after it had called
            self._lines[line] = None
        if not line.mask or not line.unsent:
            self._send(line)
        if line.is_rest:
            self._forget_oldest()

    def _send(self, line: _Line) -> None:
        """Send until the socket takes no more or nothing waits."""
        try:
            while line.unsent or self._refilled(line):
                sent = line.sock.send(line.unsent)
                line.unsent = line.unsent[sent:]
                line.moved_at = time.monotonic()
        except BlockingIOError:
            self._wait_for(line, line.idle_mask | selectors.EVENT_WRITE)
        except OSError:
            self._drop(line)
        else:
            if line.last:
                self._drop(line, whole=True)
            else:
                self._wait_for(line, line.idle_mask)

    def _wait_for(self, line: _Line, mask: int) -> None:
        if not line.mask:
            self._selector.register(line.sock, mask, line)
        elif line.mask != mask:
            self._selector.modify(line.sock, mask, line)
        line.mask = mask

    @staticmethod
    def _refilled(line: _Line) -> bool:
        if not line.last:
            line.refill()
        return bool(line.unsent)

    def _drop(self, line: _Line, *, whole: bool = False) -> None:
        self._lines.pop(line, None)
        if line.mask:
            self._selector.unregister(line.sock)
        _hang_up(line, whole=whole)


def _is_there(line: _Line) -> bool:
    """Whether the reader has not gone; what it says is not listened to."""
    try:
        return bool(line.sock.recv(4096))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _hang_up(line: _Line, *, whole: bool = False) -> None:
    line.done = True
    line.stream.close()
    line.over(whole)
