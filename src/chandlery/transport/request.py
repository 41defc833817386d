"""What goes out and what comes back: plain records, without secrets in anything that is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol
from urllib.parse import quote, urlencode

HIDDEN: Final = "***"
_SECRET_NAME: Final = re.compile(r"key|token|secret|signature|passw|auth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One GET or HEAD: a path below the base URL, its query, and what it costs of the budget."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    weight: int = 1
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: Literal["GET", "HEAD"] = "GET"

    def url(self, base: str) -> str:
        """The whole URL below `base`, secrets included: for sending only."""
        return base + _target(self.path, self.params)

    def shown(self) -> str:
        """Path and query as they may be logged, stored and shown."""
        return _target(self.path, tuple((n, HIDDEN if _secret(n) else v) for n, v in self.params))

    def hide(self, text: str) -> str:
        """`text` (an answer, an error) without any secret that this request carries."""
        for name, value in (*self.params, *self.headers.items()):
            if value and _secret(name):
                text = text.replace(value, HIDDEN)
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end. Header names are in lower case; `url` has no secrets.

    The body is empty when it went into a `Sink`.

    `sent_ms` and `received_ms` are by this machine's clock, around the whole exchange; `sent` and
    `received` are the same moments in seconds of the monotonic clock, which nobody can set.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    sent_ms: int
    received_ms: int
    sent: float
    received: float


class Sink(Protocol):
    """Where a download goes piece by piece, when it is too large to be held in memory."""

    def restart(self) -> None:
        """The body begins, from its first byte: what an earlier try has brought is void."""

    def write(self, piece: bytes, /) -> object:
        """The next bytes. What this raises ends the download, and is tried again if `Temporary`."""


def _secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _target(path: str, params: tuple[tuple[str, str], ...]) -> str:
    if not params:
        return path
    return f"{path}?{urlencode(params, quote_via=quote, safe=HIDDEN)}"
