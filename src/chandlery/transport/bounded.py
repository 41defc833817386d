"""Reading an answer within a time, from its first byte on: also where nothing of a body comes yet.

Time-outs of sockets are for the silence between two bytes. A server that sends one byte now and
then, as a status line, as headers without end, as the length of a chunk or in the head of a
compressed body, would hold a worker for ever: nobody above gets to look at the clock.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from chandlery.clock import Clock

MOST_WIRE_BYTES: Final = 1 << 31
"""Of one answer, as it comes: twice the largest file that is ever asked for."""


class Allowance(threading.local):
    """What the answer may take that the current thread waits for."""

    begun = 0.0
    """When it was asked for, in the seconds of `Clock.monotonic`."""
    rate: float | None = None
    """Bytes per second from which on a body may take longer than `whole`; None allows it never."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every answer is held to: `whole` seconds for all of it, unless it is allowed more."""

    clock: Clock
    whole: float
    allowance: Allowance

    def check(self, size: int, *, in_head: bool) -> None:
        """Raises `TimeoutError` when `size` bytes are too few by now, or too many at all."""
        rate = None if in_head else self.allowance.rate
        more = size / rate if rate else 0.0
        late = self.clock.monotonic() - self.allowance.begun > self.whole + more
        if late or size > MOST_WIRE_BYTES:
            msg = f"{size} bytes came, and the answer is not whole"
            raise TimeoutError(msg)


def pool_classes(bounds: Bounds) -> Mapping[str, type[HTTPConnectionPool]]:
    """Pools by scheme whose connections hold their answers to the bounds."""

    class Answer(HTTPResponse):
        """An answer whose bytes are counted."""

        def __init__(self, sock: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401  passed on
            super().__init__(sock, *args, **named)
            self._counted = _Counted(self.fp.detach(), bounds)
            self.fp = io.BufferedReader(self._counted)

        def begin(self) -> None:
            super().begin()
            self._counted.in_head = False
            if len(set(self.headers.get("content-length", "").replace(" ", "").split(","))) > 1:
                # Refused here, for what is refused above leaves its connection open for a while.
                msg = "an answer of two lengths"
                raise HTTPException(msg)

    class Plain(HTTPConnection):
        response_class = Answer

    class Secure(HTTPSConnection):
        response_class = Answer

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Counted(io.RawIOBase):
    """The bytes of one answer, as they come from the socket."""

    def __init__(self, raw: io.RawIOBase, bounds: Bounds) -> None:
        self._raw = raw
        self._bounds = bounds
        self._size = 0
        self.in_head = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401  whatever holds bytes
        self._bounds.check(self._size, in_head=self.in_head)
        got = self._raw.readinto(buffer)
        self._size += got or 0
        return got

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()
