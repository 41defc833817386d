"""The task runner: threads that do what people asked for, for as long as the program runs."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

from chandlery.clock import StoppableClock, Stopped
from chandlery.collect.keeper import Keeper
from chandlery.collect.tasks import TaskWork
from chandlery.errors import StoreError
from chandlery.schedule.news import STORE, Tell
from chandlery.store import TaskRecord

AT_ONCE: Final = 2
"""So that a small task need not wait for a whole history; more would share one request budget."""
_NAP_SECONDS: Final = 0.5
_STORE_SECONDS: Final = 2.0
"""Between two tries while the store is away."""
_LIFE_SECONDS: Final = 5.0
_DEAD_AFTER_MS: Final = 20_000
_JOIN_SECONDS: Final = 1.5


class TaskRunner:
    """Does tasks in `at_once` daemon threads until the clock is stopped. A context manager.

    `keeper` must have been made with `clock`. `tell` gets one line for each task that ends.
    Other processes see that it lives.
    """

    def __init__(
        self, keeper: Keeper, clock: StoppableClock, *, tell: Tell, at_once: int = AT_ONCE
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._tell = tell
        self._id = uuid.uuid4().hex
        self._work = TaskWork(keeper, lambda: clock.stopped)
        names = [("task-runner-life", self._show_life)]
        names += [(f"task-runner-{number + 1}", self._do_next) for number in range(at_once)]
        self._threads = [
            threading.Thread(target=self._again_and_again, name=name, args=(turn,), daemon=True)
            for name, turn in names
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.stop()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        with suppress(StoreError):
            self._keeper.store.task_runners.leave(self._id)

    def _again_and_again(self, turn: Callable[[], float]) -> None:
        with suppress(Stopped):
            while not self._clock.stopped:
                self._clock.sleep(self._safely(turn))

    def _safely(self, turn: Callable[[], float]) -> float:
        """One turn, and how long to wait after it; a fault is told and ends nothing."""
        try:
            return turn()
        except StoreError as error:
            self._failed(f"{STORE}: {error}")
        except Exception as error:  # noqa: BLE001  the outermost loop of a thread
            self._failed(f"tasks: {type(error).__name__}: {error}.")
        return _STORE_SECONDS

    def _failed(self, why: str) -> None:
        # Whoever stops the program closes the store under what is under way.
        if not self._clock.stopped:
            self._tell(f"{why} Trying on.")

    def _show_life(self) -> float:
        now_ms = self._clock.now_ms()
        self._keeper.store.task_runners.show_life(
            self._id, now_ms=now_ms, until_ms=now_ms + _DEAD_AFTER_MS
        )
        return _LIFE_SECONDS

    def _do_next(self) -> float:
        task = self._work.do_next()
        if task is None:
            return _NAP_SECONDS
        if not task.is_open:
            self._tell(_told(task))
        return 0.0


def _told(task: TaskRecord) -> str:
    about = f"{task.series or 'market caps'}: {task.kind.replace('_', ' ')} {task.state}."
    return " ".join(filter(None, (about, task.words, task.error)))
