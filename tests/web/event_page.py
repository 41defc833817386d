"""A page that reads live events over HTTP, as a browser does."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPResponse

from chandlery.candles.series import Series
from tests.collect.scripted_follower import events_in

Event = tuple[str, str, dict[str, object]]
PATIENCE = 5.0


class EventPage:
    """One open stream; reading fails after five seconds in which nothing comes."""

    def __init__(
        self, port: int, *series: Series, after: str = "", last_id: str = "", buffer: int = 0
    ) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._sock = self._connection.sock = socket.socket()
        if buffer:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._sock.settimeout(PATIENCE)
        self._sock.connect(("127.0.0.1", port))
        path = f"/api/v1/events?series={','.join(map(str, series))}"
        headers = {"Last-Event-ID": last_id} if last_id else {}
        self._connection.request("GET", f"{path}&after={after}" if after else path, headers=headers)
        self.response: HTTPResponse = self._connection.getresponse()

    def next(self) -> Event:
        """The next event, whatever it is."""
        block = b""
        while True:
            line = self.response.readline()
            if not line:
                raise EOFError
            if line != b"\n":
                block += line
            elif found := events_in(block.strip()):
                return found[0]
            else:
                block = b""

    def until(self, kind: str) -> Event:
        """The next event of a kind; others before it are passed over."""
        while True:
            event = self.next()
            if event[0] == kind:
                return event

    def leave(self) -> None:
        """Go away without a word."""
        self.response.close()
        self._connection.close()
        self._sock.close()
