"""A subscription as the body of an answer: pulled by any WSGI server, or pushed by our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from chandlery.collect.live.subscription import Subscription

TAKE_OVER: Final = "chandlery.take_over"
"""Where the embedded server leaves, in the environment of a request, a function that takes an
`EventStream` and sends it by itself after an answer with an empty body. WSGI has no such thing,
and a thread for each open page is dear."""
_RETRY: Final = b"retry: 2000\n\n"
"""After so many milliseconds a browser connects anew."""
_NAP_SECONDS: Final = 60.0


class EventStream:
    """Server-sent events as they come. Iterating over it holds a thread until the end."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._first = _RETRY

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more but what waits."""
        return self._subscription.ended

    def take(self) -> bytes:
        """Everything that waits."""
        first, self._first = self._first, b""
        return first + self._subscription.take()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` now and whenever something waits, or the end has come."""
        self._subscription.listen(listener)

    def close(self) -> None:
        """The reader is gone."""
        self._subscription.close()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            over = self.ended
            if data := self.take():
                yield data
            elif over:
                return
            else:
                self._subscription.wait(_NAP_SECONDS)
