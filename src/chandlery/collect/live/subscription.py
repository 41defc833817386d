"""One reader's view of a hub: what has not been sent to it yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

from chandlery.candles.series import Series
from chandlery.collect.live.backlog import Backlog, Room
from chandlery.collect.live.said import Said, encoded

LOST: Final = encoded("lost", {})


class Subscription:
    """Events of some series for one reader, who takes them at the reader's own pace. Thread-safe.

    A slow reader misses states of a forming candle that newer ones have replaced, and nothing
    else; one that falls hopelessly behind is told `lost`, and how things stand now.
    """

    def __init__(
        self, series: Iterable[Series], leave: Callable[[Subscription], None], room: Room
    ) -> None:
        self.series = tuple(dict.fromkeys(series))
        self._leave = leave
        self._waiting = Backlog(room)
        self._first = b""
        self._ended = False
        self._news = threading.Condition()
        self._listener: Callable[[], None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        return self._ended

    def take(self) -> bytes:
        """Everything that waits, as server-sent events; empty when there is nothing."""
        with self._news:
            waiting = b"".join([self._first, *(said.data for said in self._waiting)])
            self._first = b""
            self._waiting.clear()
            return waiting

    def wait(self, seconds: float) -> None:
        """Return when something waits or the hub has ended, after `seconds` at the latest."""
        with self._news:
            if not (self._first or len(self._waiting) or self._ended):
                self._news.wait(seconds)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` now, and from now on whenever something waits, from any thread."""
        with self._news:
            self._listener = listener
            listener()

    def close(self) -> None:
        """The reader is gone. May be called twice."""
        with self._news:
            if not self._ended:
                self._ended = True
                self._wake()
        self._leave(self)

    def begin(self, backlog: Iterable[Said]) -> None:
        """What was said before; for the hub."""
        with self._news:
            for said in backlog:
                self._waiting.add(said)

    def greet(self, hello: bytes) -> None:
        """What comes before all that waits already; for the hub."""
        with self._news:
            self._first = hello

    def tell(self, said: Said) -> bool:
        """One more event; False when too many wait by now. For the hub."""
        with self._news:
            self._waiting.add(said)
            self._wake()
            return not self._waiting.overfull

    def lose(self, standing: Iterable[Said]) -> None:
        """Drop what waits in favour of `lost` and how things stand; for the hub."""
        with self._news:
            self._waiting.clear()
            self._first += LOST
            for said in standing:
                self._waiting.add(said)

    def _wake(self) -> None:
        self._news.notify_all()
        if self._listener is not None:
            self._listener()
