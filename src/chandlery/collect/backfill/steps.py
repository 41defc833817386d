"""How far a backfill is, for those who watch."""

from __future__ import annotations

import threading

from chandlery.collect.collect import Listener, Progress


class Steps:
    """Adds up what has come of so many candles, and tells a listener. Thread-safe."""

    def __init__(self, candles: int, listener: Listener | None) -> None:
        self._wanted = max(1, candles)
        self._listener = listener
        self._lock = threading.Lock()
        self._candles = 0
        self._bytes = 0
        self._steps = 0
        self._reached_ms = 0

    def advanced(self, candles: int, fetched_bytes: int, reached_ms: int) -> None:
        """More has come: so many candles and bytes, up to that open time."""
        with self._lock:
            self._candles += candles
            self._bytes += fetched_bytes
            self._steps += 1
            # Several come side by side, and people watch a date that only grows.
            self._reached_ms = max(self._reached_ms, reached_ms)
            share = min(1.0, self._candles / self._wanted)
            told = Progress(self._candles, self._steps, self._reached_ms, share, self._bytes)
            if self._listener:
                self._listener(told)
