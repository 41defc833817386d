"""The two addresses: bound once, so that nobody else can take a port while it is closed."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from chandlery.errors import PortInUse

_PATIENCE_S: Final = 0.02
"""For requests still under way when closing: some hang on purpose. 0 would be for ever."""


def reserve_two(host: str, port: int) -> list[socket.socket]:
    """Two ports: the one asked for and the next, or two free ones for 0."""
    first = reserve(host, port)
    try:
        return [first, reserve(host, port + 1 if port else 0)]
    except PortInUse:
        first.close()
        raise


def reserve(host: str, port: int) -> socket.socket:
    """Bind a port without listening on it: connections are refused, and the port stays ours.

    Port 0 takes a free one. Raises `PortInUse`.
    """
    reserved = _shared_socket(host)
    try:
        if port:
            _check_free(host, port)
        reserved.bind((host, port))
    except OSError as error:
        reserved.close()
        raise PortInUse(host, port) from error
    return reserved


def _check_free(host: str, port: int) -> None:
    """A port that another sandbox shares would accept a second binding; this one does not."""
    with socket.socket(_family(host)) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind((host, port))
        alone.listen(1)


def _shared_socket(host: str) -> socket.socket:
    made = socket.socket(_family(host))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return made


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Listeners:
    """Servers on reserved ports, which can be closed and opened again. Lives in the event loop."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._reserved: list[socket.socket] = []
        self._runners: list[web.AppRunner] = []

    @property
    def ports(self) -> list[int]:
        """The ports, in the order given."""
        return [each.getsockname()[1] for each in self._reserved]

    def reserve(self, port: int) -> None:
        """Take two ports, without listening yet. Raises `PortInUse`."""
        self._reserved = reserve_two(self._host, port)

    async def open(self, apps: Sequence[web.Application]) -> None:
        """Listen on every port, with one application each."""
        for app, port in zip(apps, self.ports, strict=True):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=_PATIENCE_S)
            await runner.setup()
            listening = _shared_socket(self._host)
            listening.bind((self._host, port))
            await web.SockSite(runner, listening, backlog=512).start()
            self._runners.append(runner)

    async def close(self) -> None:
        """Stop listening and drop every connection; the ports stay reserved."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    def release(self) -> None:
        """Give the ports back."""
        for each in self._reserved:
            each.close()
        self._reserved = []
