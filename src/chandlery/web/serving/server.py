"""The embedded production server: cheroot, bound when it is made, stopped within a second."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from functools import partial
from typing import Any, Final, Self, cast

from cheroot import wsgi
from flask import Flask

from chandlery.errors import InputError, PortInUse
from chandlery.web.serving.connection import Connection
from chandlery.web.serving.event_stream import TAKE_OVER, EventStream
from chandlery.web.serving.growing import GrowingPool
from chandlery.web.serving.outbox import Rest
from chandlery.web.serving.pushing import Pusher
from chandlery.web.serving.request_head import LONGEST_BODY, LONGEST_HEAD

log = logging.getLogger(__name__)

_THREADS: Final = 8
_BACKLOG: Final = 256
"""Connections that may wait to be taken: after a restart hundreds of pages come back at once."""
_KEPT_ALIVE: Final = 256
"""Idle connections that are kept; they hold no thread."""
_CROWD: Final = 256
"""So many connections may take their time."""
_MOST_WAITING: Final = 512
"""More are not kept waiting: each is a file, and the store needs some, too."""
_HASTE_SECONDS: Final = 8.0
"""Of the ten seconds in which a request must be whole, so many are taken off in a crowd."""
_PATIENCE_S: Final = 1
"""How long a request that is under way may finish when the server is stopped."""
_LOOPBACK: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  not bound here
"""Which address opens what is served on every address."""


class _QuietServer(wsgi.Server):
    """cheroot, with its complaints in the log, and without a leak when it cannot bind."""

    ConnectionClass = Connection
    max_request_header_size = LONGEST_HEAD
    max_request_body_size = LONGEST_BODY
    keep_alive_conn_limit = _KEPT_ALIVE
    expiration_interval = 0.2  # so long stopping waits for the thread that takes connections
    haste = 0.0
    """Seconds by which a connection that waits counts as older than it is."""
    _connections: Any
    """cheroot's, which its types leave out."""

    def __init__(self, address: tuple[str, int], app: Flask, pusher: Pusher) -> None:
        super().__init__(
            address,
            app,
            numthreads=_THREADS,
            server_name="Chandlery",
            request_queue_size=_BACKLOG,
            shutdown_timeout=_PATIENCE_S,
        )
        self.gateway = _Gateway
        self.pusher = pusher

    def put_conn(self, conn: Connection) -> None:
        """Wait for the next request, once the answer to the last one is sent."""
        if rest := conn.wfile.take():
            self.pusher.push(conn.socket, Rest(rest), over=partial(self._sent, conn))
        else:
            super().put_conn(conn)

    def _sent(self, conn: Connection, whole: bool) -> None:  # noqa: FBT001  as it is called
        if whole and not conn.over:
            super().put_conn(conn)
        else:
            conn.close()

    def process_conn(self, conn: Connection) -> None:
        """Give a request to a thread when all of it is there; until then, wait for the rest."""
        waiting = self._connections._num_connections  # noqa: SLF001  told nowhere else
        self.haste = _HASTE_SECONDS if waiting > _CROWD else 0.0
        if conn.rfile.gather():
            super().process_conn(conn)
        elif waiting < _MOST_WAITING:
            self.put_conn(conn)
        else:
            conn.close()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind, or close the socket, which cheroot forgets."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: Any = False) -> None:  # noqa: ANN401, FBT002
        log.log(level, msg, exc_info=bool(traceback))


class _Gateway(wsgi.Gateway_10):
    """cheroot's, which lets an answer go on as an event stream without a thread of its own."""

    stream: EventStream | None = None

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # its stubs say None
        """The environment of the request, with the function that takes a stream over."""
        environ = cast("dict[str, Any]", super().get_environ())  # type: ignore[no-untyped-call]
        environ[TAKE_OVER] = self.take_over
        return environ

    def take_over(self, stream: EventStream) -> None:
        """Send `stream` as the body of this answer, once its headers are out."""
        self.stream = stream

    def respond(self) -> None:
        """Answer; then give the connection away if there is a stream to send."""
        try:
            super().respond()
        except BaseException:
            if self.stream is not None:
                self.stream.close()
            raise
        if self.stream is not None:
            self._give_away(self.stream)

    def _give_away(self, stream: EventStream) -> None:
        request, connection = self.req, self.req.conn
        chunked = request.chunked_write
        # What cheroot does at the end of an answer is for the pusher to do, when that end comes.
        request.chunked_write = False
        request.close_connection = True
        connection.linger = True
        sock = socket.socket(fileno=connection.socket.detach())
        request.server.pusher.push(
            sock, stream, over=lambda _: sock.close(), head=connection.wfile.take(), chunked=chunked
        )


class Server:
    """Serves `app` on `host` and `port`; port 0 takes a free one.

    The address is bound at once, so that whoever prints it may be believed.
    Raises `PortInUse` when another program has it, `InputError` when it cannot be had at all.
    """

    def __init__(self, app: Flask, host: str = "127.0.0.1", port: int = 8000) -> None:
        self._hub = app.extensions["hub"]
        self._pusher = Pusher()
        self._server = _QuietServer((host, port), app, self._pusher)
        self._pool = GrowingPool(self._server.requests)
        self._thread: threading.Thread | None = None
        try:
            self._server.prepare()
        except OSError as error:
            raise _bind_error(error, host, port) from error
        self.host = host
        self.port = int(self._server.bind_addr[1])

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        host = _LOOPBACK.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Serve from a thread of its own, and return."""
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)
        self._thread.start()
        self._pool.start()

    def stop(self) -> None:
        """Stop serving, event streams too, and let go of the address; again is harmless.

        With it ends what was done for the pages that are open: the hub of `app` is closed.
        """
        self._hub.close()
        self._pusher.close()
        self._pool.stop()
        self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _bind_error(error: OSError, host: str, port: int) -> InputError:
    # cheroot wraps the system's error; the number is found on the cause.
    numbers = {getattr(error, "errno", None), getattr(error.__context__, "errno", None)}
    if errno.EADDRINUSE in numbers or "Address already in use" in str(error):
        return PortInUse(host, port)
    return InputError(f"Cannot serve on {host}:{port}: {error}. Choose another --host or --port.")
