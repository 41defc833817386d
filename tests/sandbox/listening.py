"""Listening to a sandbox's streams, as any client would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chandlery.sandbox import Sandbox

PATIENCE_S: Final = 5.0


class Ear:
    """One connection to the streams."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def next(self) -> Any:  # noqa: ANN401
        """The next message, read."""
        return orjson.loads(self.socket.recv(timeout=PATIENCE_S))

    def candle(self, *, closed: bool | None = None) -> dict[str, Any]:
        """The next candle's message without its wrapping; others are passed over."""
        while True:
            message = self.next()
            data = message.get("data", message)
            if data.get("e") == "kline" and closed in {None, data["k"]["x"]}:
                return dict(data)

    def command(self, text: str) -> Any:  # noqa: ANN401
        """What a command is answered with."""
        self.socket.send(text)
        while True:
            message = self.next()
            if message.keys() & {"result", "code", "error"}:
                return message

    def ending(self) -> tuple[int, str]:
        """How the server ends the connection: code and reason."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=PATIENCE_S)
        return self.socket.close_code or 0, self.socket.close_reason or ""


@contextmanager
def listening(box: Sandbox, path: str) -> Iterator[Ear]:
    """A connection to `path` of the streams' address."""
    with connect(
        f"{box.stream_url}{path}", ping_interval=None, proxy=None, compression=None
    ) as socket:
        yield Ear(socket)


def row(data: dict[str, Any]) -> list[Any]:
    """A candle's message as REST would write it."""
    candle = data["k"]
    return [*(candle[key] for key in "tohlcvTqnVQ"), "0"]
