"""Doing a task: taken by one process of all, watched while it is done, and ended in words."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final

from chandlery.collect.keeper import Keeper
from chandlery.collect.task_gauge import Abandoned, Gauge
from chandlery.collect.task_verbs import Ended, do
from chandlery.errors import ChandleryError, StoreError
from chandlery.store import TaskRecord, TaskState

HOLD_MS: Final = 15_000
"""A process that shows no life for so long is taken for dead. If it is not, two do the same for a
while, which does no harm."""
MOST_TRIES: Final = 5
_NAP_SECONDS: Final = 0.1
_LOOK_TURNS: Final = 5
"""After so many naps progress is written, and it is looked whether the task shall stop."""
_GRACE_SECONDS: Final = 0.8
"""For work to stop by itself. Work that hangs in a request is left behind, to end with that."""

_CANCELLED: Final = "Cancelled. What had come is kept."
_HOPELESS: Final = (
    f"It was begun {MOST_TRIES} times, and each time the process that did it ended over it."
)


class TaskWork:
    """Does tasks of one keeper. Safe to use from many threads, and beside other processes.

    `stopped` tells that the program ends: then a task is given back, and goes on elsewhere or
    when the program is started again.
    """

    def __init__(
        self, keeper: Keeper, stopped: Callable[[], bool] = lambda: False, *, hold_ms: int = HOLD_MS
    ) -> None:
        self._keeper = keeper
        self._stopped = stopped
        self._hold_ms = hold_ms

    def do_next(self) -> TaskRecord | None:
        """Do the task that has waited longest; as it ended, or None when none waited.

        Also a task whose process has died. Raises `StoreError`; the task is then done later.
        """
        tasks, now_ms = self._keeper.store.tasks, self._keeper.clock.now_ms()
        if self._stopped() or not tasks.is_waiting(now_ms):
            return None
        holder = uuid.uuid4().hex
        task = tasks.claim(holder, now_ms=now_ms, until_ms=now_ms + self._hold_ms)
        if task is None:
            return None
        _Doing(self._keeper, task, holder, self._stopped, self._hold_ms).run()
        return tasks.get(task.id)


class _Doing:
    """One task in work: the work in a thread of its own, so that nothing keeps it from ending."""

    def __init__(
        self,
        keeper: Keeper,
        task: TaskRecord,
        holder: str,
        stopped: Callable[[], bool],
        hold_ms: int,
    ) -> None:
        self._keeper = keeper
        self._tasks = keeper.store.tasks
        self._task = task
        self._holder = holder
        self._stopped = stopped
        self._hold_ms = hold_ms
        self._gauge = Gauge(keeper.clock)
        self._over = threading.Event()
        self._ended: Ended | None = None

    def run(self) -> None:
        """Do it to its end. Raises `StoreError`."""
        if self._task.stopping:
            self._finish("cancelled", _CANCELLED)
        elif self._task.tries > MOST_TRIES:
            self._finish("failed", "", _HOPELESS)
        else:
            threading.Thread(target=self._work, name=f"task-{self._task.id}", daemon=True).start()
            self._watch()

    def _watch(self) -> None:
        for turn in count(1):
            if self._over.wait(_NAP_SECONDS):
                break
            looked = turn % _LOOK_TURNS == 0
            if self._stopped() or (looked and self._renew() is not False):
                self._gauge.stop()
                self._over.wait(_GRACE_SECONDS)
                break
        self._end()

    def _renew(self) -> bool | None:
        """Show life; whether the task shall stop, None when somebody else has it."""
        until_ms = self._keeper.clock.now_ms() + self._hold_ms
        progress, words = self._gauge.progress(), self._gauge.words()
        try:
            return self._tasks.renew(
                self._task.id, self._holder, progress, words, until_ms=until_ms
            )
        except StoreError:
            # If it is away for long the work fails by itself.
            return False

    def _end(self) -> None:
        ended = self._ended
        if ended is None and self._stopped():
            self._tasks.give_back(self._task.id, self._holder)
        elif ended is None:
            self._finish("cancelled", _CANCELLED)
        elif ended.failure is not None:
            self._finish("failed", ended.words, str(ended.failure))
        else:
            self._finish("done", ended.words)

    def _finish(self, state: TaskState, words: str, error: str | None = None) -> None:
        progress = self._gauge.progress()
        if state == "done":
            # What was expected may not have been there.
            progress = replace(progress, expected=progress.candles, left_ms=0)
        self._tasks.finish(
            self._task.id,
            self._holder,
            progress,
            state=state,
            words=words,
            error=error,
            ended_ms=self._keeper.clock.now_ms(),
        )

    def _work(self) -> None:
        try:
            self._ended = do(self._keeper, self._task, self._gauge)
        except Abandoned:
            pass
        except ChandleryError as failure:
            self._ended = self._failed(failure)
        except Exception as error:  # noqa: BLE001  the outermost of a thread
            self._ended = self._failed(ChandleryError(f"{type(error).__name__}: {error}."))
        finally:
            self._over.set()

    def _failed(self, failure: ChandleryError) -> Ended | None:
        """What went wrong, unless that is how the program ends: it closes the store under work."""
        return None if self._stopped() else Ended("", failure)
