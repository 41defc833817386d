"""A client that says what it wants, byte by byte, and listens to all that comes back."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Final

PATIENCE_SECONDS: Final = 10.0
TOKEN: Final = "wax:wick=tallow/schön"
LOCAL: Final = b"Host: localhost\r\n"
GUARDS: Final = {
    "content-security-policy",
    "cache-control",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
}
LEAKS: Final = ("cheroot", "werkzeug", "python", "Traceback", "site-packages", 'File "')


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came back, until the server closed or said nothing more."""

    said: bytes
    closed: bool
    """Whether the server has ended the connection."""

    @property
    def status(self) -> int:
        """Of the first answer; 0 when there was none."""
        found = re.match(rb"HTTP/1\.[01] (\d{3}) ", self.said)
        return int(found[1]) if found else 0

    @property
    def count(self) -> int:
        """How many answers there are."""
        return len(re.findall(rb"^HTTP/1\.[01] \d{3} ", self.said, flags=re.MULTILINE))

    @property
    def headers(self) -> dict[str, str]:
        """Those of the first answer, by their names in lower case."""
        lines = self.said.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        """What follows the first head."""
        return self.said.partition(b"\r\n\r\n")[2]


def raw(port: int, data: bytes, *, quiet: float = 0.25) -> Answer:
    """Send `data` and listen until the server closes, or has been `quiet` for so many seconds."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(data)
        said = b""
        while True:
            try:
                got = connection.recv(1 << 16)
            except ConnectionResetError:
                return Answer(said, closed=True)
            except TimeoutError:
                return Answer(said, closed=False)
            if not got:
                return Answer(said, closed=True)
            said += got
            connection.settimeout(quiet)


def get(port: int, path: str, *more: str, method: str = "GET", host: str = "localhost") -> Answer:
    """The answer to one request in good order."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *more, "Connection: close", "", ""]
    return raw(port, "\r\n".join(lines).encode("latin-1"))


def assert_guarded(answer: Answer) -> None:
    """The whole set of headers stands there, nothing unsafe, and nothing of what runs here."""
    assert answer.headers.keys() >= GUARDS, answer.said[:900]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    text = answer.said.decode("latin-1")
    assert [word for word in LEAKS if word.lower() in text.lower()] == []
