"""Doing a thing again and again from a thread of its own, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pulse:
    """Calls `beat` every so many seconds, from `start` until `stop`."""

    def __init__(self, name: str, every_seconds: float, beat: Callable[[], None]) -> None:
        self._every = every_seconds
        self._beat = beat
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first beat comes after the first pause."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further beat. Returns at once; may be called by `beat` itself."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the last beat is over, if it was ever started."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._beat()
