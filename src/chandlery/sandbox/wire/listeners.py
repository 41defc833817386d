"""The addresses: bound once, so that nobody else can take a port while it is closed."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aiohttp import web

from chandlery.errors import PortInUse

_PATIENCE_S: Final = 0.02
"""For requests still under way when closing: some hang on purpose. 0 would be for ever."""


def reserve_row(host: str, port: int, count: int) -> list[socket.socket]:
    """Ports in a row from the one asked for, or as many free ones for 0."""
    row: list[socket.socket] = []
    try:
        row.extend(reserve(host, port + place if port else 0) for place in range(count))
    except PortInUse:
        for each in row:
            each.close()
        raise
    return row


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
        self._reserved: dict[str, socket.socket] = {}
        self._runners: dict[str, web.AppRunner] = {}

    def port(self, name: str) -> int:
        """The port of one service."""
        port: int = self._reserved[name].getsockname()[1]
        return port

    def reserve(self, port: int, names: Sequence[str]) -> None:
        """Take a port for each name, without listening yet. Raises `PortInUse`."""
        row = reserve_row(self._host, port, len(names))
        self._reserved = dict(zip(names, row, strict=True))

    async def open(self, apps: Mapping[str, web.Application]) -> None:
        """Listen for every application on the port of its name, if it is not listened on yet."""
        for name, app in apps.items():
            if name in self._runners:
                continue
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=_PATIENCE_S)
            await runner.setup()
            listening = _shared_socket(self._host)
            listening.bind((self._host, self.port(name)))
            await web.SockSite(runner, listening, backlog=512).start()
            self._runners[name] = runner

    async def close(self, names: Iterable[str]) -> None:
        """Stop listening and drop every connection; the ports stay reserved."""
        for name in names:
            runner = self._runners.pop(name, None)
            if runner is not None:
                await runner.cleanup()

    def release(self) -> None:
        """Give the ports back."""
        for each in self._reserved.values():
            each.close()
        self._reserved = {}
