"""The embedded server: start, stop, and an address that is taken."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from chandlery.errors import InputError, PortInUse
from chandlery.web import Server, create_app
from tests.waiting import within
from tests.web.fake_keeper import keeper_with_candles


def status(port: int) -> int:
    """The status of `/healthz` at a port of this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


def test_start_and_stop() -> None:
    """The server answers between start and stop, stops within a second, and frees its port."""
    server = Server(create_app(keeper_with_candles(2)), port=0)
    server.start()
    assert status(server.port) == 200
    assert server.url == f"http://127.0.0.1:{server.port}"
    with within(1):
        server.stop()
    with pytest.raises(ConnectionRefusedError):
        status(server.port)


def test_stop_is_repeatable_and_needs_no_start() -> None:
    """Stopping twice, or a server that never started, is harmless."""
    server = Server(create_app(keeper_with_candles(2)), port=0)
    server.stop()
    server.stop()


def test_silent_connections() -> None:
    """Connections that were opened ahead and say nothing do not keep others waiting."""
    with Server(create_app(keeper_with_candles(2)), port=0) as server, ExitStack() as silent:
        for _ in range(20):
            silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        assert status(server.port) == 200


def test_port_in_use() -> None:
    """A taken port is told at once, with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{port} is already in use"):
            Server(create_app(keeper_with_candles(2)), port=port)


def test_address_of_another_machine() -> None:
    """An address that this machine does not have is told too."""
    with pytest.raises(InputError, match=r"Cannot serve on 203\.0\.113\.1"):
        Server(create_app(keeper_with_candles(2)), host="203.0.113.1", port=8000)
