"""What was asked of the sandbox: counts and the latest requests, for tests and curious people."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and the status that it was answered with (0: not answered)."""

    service: str
    path: str
    query: str
    status: int
    at_ms: int
    """By the exchange's clock."""


class RequestsSeen:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._log: deque[Seen] = deque(maxlen=_KEPT)

    def add(self, seen: Seen) -> None:
        """Note one request."""
        with self._lock:
            self._counts[seen.path] += 1
            self._log.append(seen)

    def count(self, path: str = "") -> int:
        """How many requests had a path that holds this text."""
        with self._lock:
            return sum(count for name, count in self._counts.items() if path in name)

    def counts(self) -> dict[str, int]:
        """How many requests each path had."""
        with self._lock:
            return dict(self._counts)

    def log(self, path: str = "") -> list[Seen]:
        """The latest requests, oldest first."""
        with self._lock:
            return [seen for seen in self._log if path in seen.path]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._counts.clear()
            self._log.clear()
