"""A tiny HTTP server on loopback that does what it is told and remembers what it was asked."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

LINGER_NONE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    target: str
    headers: Mapping[str, str]
    connection: int


@dataclass(frozen=True)
class Play:
    """What to do with one request."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Send only so many bytes of the body, then close."""
    chunked: bool = False
    reset: bool = False
    hang: bool = False
    """Say nothing until the client goes away."""
    trickle: float = 0.0
    """Seconds between two bytes of the body."""
    raw: bytes | None = None
    """These bytes in place of a whole answer."""


Script = Callable[[Asked], Play]


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = cast("Scripted", self.server)
        number = server.connected()
        try:
            while self._once(server, number):
                pass
        except OSError:
            return  # the client went away, which is its right

    def _once(self, server: Scripted, number: int) -> bool:
        line = self.rfile.readline().decode()
        if not line:
            return False
        headers = dict(self._headers())
        asked = Asked(line.split()[1], headers, number)
        return self._answer(server.play(asked), server)

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _answer(self, play: Play, server: Scripted) -> bool:
        if play.hang:
            server.stopped.wait(10)
            return False
        if play.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            self.connection.close()
            return False
        if play.raw is not None:
            self.wfile.write(play.raw)
            return False
        self.wfile.write(_head(play))
        return self._body(play, server)

    def _body(self, play: Play, server: Scripted) -> bool:
        if play.trickle:
            for byte in play.body:
                self.wfile.write(bytes([byte]))
                server.stopped.wait(play.trickle)
            return False
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(play.body), play.body) if play.chunked else play.body
        self.wfile.write(body[: play.cut])
        return play.cut is None


def _head(play: Play) -> bytes:
    length = ("Transfer-Encoding", "chunked")
    if not play.chunked:
        length = ("Content-Length", str(len(play.body)))
    headers = {"Content-Type": "application/json", length[0]: length[1], **play.headers}
    lines = [f"HTTP/1.1 {play.status} Told", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Scripted(socketserver.ThreadingTCPServer):
    """The server: a list of plays, one per request, the last one for ever; or a function."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, plays: Script | list[Play]) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self._plays = plays
        self._lock = threading.Lock()
        self._connections = 0
        self.asked: list[Asked] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def connected(self) -> int:
        """The number of a new connection."""
        with self._lock:
            self._connections += 1
            return self._connections

    def play(self, asked: Asked) -> Play:
        """What to do now."""
        with self._lock:
            self.asked.append(asked)
            if not isinstance(self._plays, list):
                return self._plays(asked)
            return self._plays[min(len(self.asked), len(self._plays)) - 1]


@contextmanager
def scripted(*plays: Play, script: Script | None = None) -> Iterator[Scripted]:
    """Run a server for the length of a `with`."""
    with Scripted(script or list(plays)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


@contextmanager
def nobody() -> Iterator[str]:
    """A base URL at which nobody listens, for the length of a `with`."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
