"""The embedded production server: cheroot, bound when it is made, stopped within a second."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from typing import Any, Final, Self

from cheroot import wsgi
from flask import Flask

from chandlery.errors import InputError, PortInUse

log = logging.getLogger(__name__)

_THREADS: Final = 8
_PATIENCE_S: Final = 1
"""How long a request that is under way may finish when the server is stopped."""
_LOOPBACK: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  not bound here
"""Which address opens what is served on every address."""


class _QuietServer(wsgi.Server):
    """cheroot, with its complaints in the log, and without a leak when it cannot bind."""

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


class Server:
    """Serves `app` on `host` and `port`; port 0 takes a free one.

    The address is bound at once, so that whoever prints it may be believed.
    Raises `PortInUse` when another program has it, `InputError` when it cannot be had at all.
    """

    def __init__(self, app: Flask, host: str = "127.0.0.1", port: int = 8000) -> None:
        self._server = _QuietServer(
            (host, port), app, numthreads=_THREADS, shutdown_timeout=_PATIENCE_S
        )
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

    def stop(self) -> None:
        """Stop serving and let go of the address; again is harmless."""
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
