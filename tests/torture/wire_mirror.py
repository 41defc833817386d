"""A host that answers as another one does, but for what is planned: cut anywhere, in any form."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, cast

import urllib3

Form = Literal["length", "chunked", "until-close"]
"""How the end of a body is told."""
End = Literal["go on", "close", "reset", "hang"]
"""What becomes of the connection after what was sent."""

FORMS: Final[tuple[Form, ...]] = ("length", "chunked", "until-close")
_LINGER_NONE: Final = struct.pack("ii", 1, 0)
_CHUNK: Final = 700


@dataclass(frozen=True, slots=True)
class Deed:
    """What to do with one request: send these bytes, and then end so."""

    sent: bytes
    end: End = "go on"


Plan = Callable[[str, bytes, bytes], Deed]
"""From a target, the bytes of the true answer's head, and its body, to what is done."""


def head(status: int, headers: dict[str, str]) -> bytes:
    """A status line and headers."""
    lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {text}" for name, text in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whole(body: bytes, form: Form) -> bytes:
    """A good answer, its end told in this form."""
    headers = {"Content-Type": "application/json"}
    if form == "length":
        return head(200, headers | {"Content-Length": str(len(body))}) + body
    if form == "until-close":
        return head(200, headers | {"Connection": "close"}) + body
    pieces = (body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head(200, headers | {"Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n"


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while self._once(cast("Mirror", self.server)):
                pass
        except OSError:
            return  # the client went away, which is its right

    def _once(self, mirror: Mirror) -> bool:
        line = self.rfile.readline().decode()
        if not line:
            return False
        while self.rfile.readline().strip():
            pass
        deed = mirror.deed(line.split()[1])
        self.wfile.write(deed.sent)
        if deed.end == "hang":
            mirror.stopped.wait(20)
        if deed.end == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            # What was sent has to be there before the reset, which would overtake it.
            self.connection.close()
        return deed.end == "go on"


class Mirror(socketserver.ThreadingTCPServer):
    """Asks `base` what is asked of it, and does with the answer what `plan` says."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, base: str) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self._base = base
        self._pool = urllib3.PoolManager(retries=False)
        self.plan: Plan = lambda _, __, body: Deed(whole(body, "length"))
        self.asked: list[str] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def deed(self, target: str) -> Deed:
        """What to do now."""
        self.asked.append(target)
        answer = self._pool.request("GET", self._base + target)
        return self.plan(target, head(answer.status, dict(answer.headers)), answer.data)

    def cut(self, form: Form, at: int, end: End) -> None:
        """Break the next answer with candles after so many bytes; then answer whole."""
        left = [1]

        def plan(target: str, _: bytes, body: bytes) -> Deed:
            good = Deed(whole(body, form), "close" if form == "until-close" else "go on")
            if "/klines" not in target or not left:
                return good
            left.clear()
            return Deed(good.sent[:at], end)

        self.plan = plan


@contextmanager
def mirrored(base: str) -> Iterator[Mirror]:
    """A mirror of a base URL, for the length of a `with`."""
    with Mirror(base) as mirror:
        thread = threading.Thread(target=mirror.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield mirror
        finally:
            mirror.stopped.set()
            mirror.shutdown()
            thread.join()


class _Pouring(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        source = cast("_Source", self.server)
        try:
            self.request.recv(1 << 16)
            self.request.sendall(source.start)
            while not source.stopped.is_set():
                for at in range(0, len(source.then), source.step):
                    self.request.sendall(source.then[at : at + source.step])
                    if source.pause and source.stopped.wait(source.pause):
                        return
        except OSError:
            return


class _Source(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, start: bytes, then: bytes, pause: float) -> None:
        super().__init__(("127.0.0.1", 0), _Pouring)
        self.start = start
        self.then = then
        self.pause = pause
        self.step = 1 if pause else len(then)
        self.stopped = threading.Event()


@contextmanager
def pouring(start: bytes, then: bytes, *, pause: float = 0.0) -> Iterator[str]:
    """The base URL of a host that sends `start`, and then `then` again and again without end.

    With a pause of so many seconds after every byte, else as fast as it is taken.
    """
    with _Source(start, then, pause) as source:
        thread = threading.Thread(target=source.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{source.server_address[1]}"
        finally:
            source.stopped.set()
            source.shutdown()
            thread.join()


@contextmanager
def saying(text: bytes) -> Iterator[str]:
    """The base URL of a host that says these bytes to everybody, and hangs up."""

    class Saying(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 16)
            self.request.sendall(text)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Saying) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
