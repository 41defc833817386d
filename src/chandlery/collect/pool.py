"""Threads that nobody has to wait for: Ctrl-C ends the program though one hangs on the network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Final, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE: Final = 3.0


class Pool:
    """Runs work in a few threads, in the order in which it was given; use it in a `with` block.

    At the end of the block what has not begun is cancelled. What hangs then, in a request or
    waiting for the request budget, is left behind after `patience` seconds: its thread ends with
    the program at the latest.
    """

    def __init__(self, at_once: int, name: str, *, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(at_once)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for _thread in self._threads:
            self._work.put(None)
        until = time.monotonic() + self._patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have it done; the future has what it returns or raises."""
        future: Future[T] = Future()

        def do() -> None:
            if self._ended.is_set():
                future.cancel()
                return
            try:
                future.set_result(work(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  whoever asks the future gets it
                future.set_exception(error)

        self._work.put(do)
        return future

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
