"""Connections as cheroot serves them, by stricter rules than its own.

It would trust what a request says of its own length.
"""

from __future__ import annotations

from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest, SizeCheckWrapper

from chandlery.web.guard.headers import HEADERS
from chandlery.web.serving.inbox import Inbox
from chandlery.web.serving.outbox import Outbox
from chandlery.web.serving.request_head import fields_of


class _StrictReader(HeaderReader):
    """Reads headers by the strict rules."""

    def __call__(
        self, rfile: SizeCheckWrapper, hdict: dict[bytes, bytes] | None = None
    ) -> dict[bytes, bytes]:
        """Those of `rfile`. Raises `ValueError`."""
        fields = {} if hdict is None else hdict
        lines = []
        while (line := rfile.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                msg = "The head of the request has no end."
                raise ValueError(msg)
            lines.append(line[:-2])
        fields |= fields_of(lines)
        return fields


class _StrictRequest(HTTPRequest):
    """A request whose errors are told with the same headers as every other answer."""

    header_reader = _StrictReader()

    def read_request_line(self) -> bool:
        """Whether it makes sense; else that was told."""
        try:
            return bool(super().read_request_line())  # type: ignore[no-untyped-call]
        except ValueError:
            self.simple_response("400 Bad Request", "The address of the request makes no sense.")
            return False

    def read_request_headers(self) -> bool:
        """Whether they make sense; else that was told."""
        fine = bool(super().read_request_headers())  # type: ignore[no-untyped-call]
        # What follows a body in chunks was not always taken by whoever answered.
        self.close_connection |= b"Transfer-Encoding" in self.inheaders
        return fine

    def simple_response(self, status: object, msg: str = "") -> None:
        """An answer of the server itself, after which the connection is closed."""
        self.close_connection = True
        body = f"{msg or str(status)[4:]}\n".encode("latin-1", "replace")
        head = {
            "Content-Type": "text/plain; charset=latin-1",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **HEADERS,
        }
        lines = [f"{self.server.protocol} {status}", *(f"{key}: {head[key]}" for key in head)]
        self.conn.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


class Connection(HTTPConnection):
    """A connection whose requests are gathered first, and whose answers wait for no reader."""

    RequestHandlerClass = _StrictRequest
    rfile: Inbox
    wfile: Outbox
    over = False
    """Whether the answer that is sent now is the last one."""
    _waits_since = 0.0

    def __init__(self, *given: Any) -> None:  # noqa: ANN401  as cheroot makes it
        super().__init__(*given)
        self.rfile, self.wfile = Inbox(self.socket), Outbox(self.socket)

    def communicate(self) -> bool:
        """Answer a request; whether the server goes on with this connection."""
        self.over = not super().communicate()  # type: ignore[no-untyped-call]
        try:
            left = self.wfile.send()
        except OSError:
            return False  # whoever asked has gone
        return left or not self.over

    @property
    def last_used(self) -> float:
        """Since when it is waited for, by which it is closed some day; in a crowd, sooner."""
        return self._waits_since - float(self.server.haste)

    @last_used.setter
    def last_used(self, now: float) -> None:
        # A request that has begun does not gain time by another byte.
        self._waits_since = self.rfile.began_at or now
