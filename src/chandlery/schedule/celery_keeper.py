"""The keeper of a worker's process: opened when first needed, and patient with its store."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from celery.utils.log import get_task_logger

from chandlery.collect.keeper import Keeper
from chandlery.errors import StoreLocked, StoreUnreachable
from chandlery.schedule.celery_words import Outage
from chandlery.settings import Settings

T = TypeVar("T")

_LOG: Final = get_task_logger(__name__)
_NAP_SECONDS: Final = 2.0
AWAY: Final = (StoreUnreachable, StoreLocked)
"""What passes by itself."""


class ProcessKeeper:
    """Opens one keeper per process, so that a forked one has connections of its own."""

    def __init__(self, settings: Settings, *, patience: float) -> None:
        self.settings = settings
        self._patience = patience
        # A signal may close it while the same thread opens it.
        self._lock = threading.RLock()
        self._keeper: Keeper | None = None
        self._pid = 0
        self._away = Outage(_LOG)

    def use(self, work: Callable[[Keeper], T]) -> T:
        """What `work` gives back, tried again while the store is away.

        Raises `StoreError` when that lasts too long, or will not pass by itself.
        """
        give_up = time.monotonic() + self._patience
        while True:
            try:
                done = work(self.open())
            except AWAY as error:
                if time.monotonic() + _NAP_SECONDS > give_up:
                    raise
                self._away.began(f"{error} Waiting for it")
                time.sleep(_NAP_SECONDS)
            else:
                self._away.ended("The store is back")
                return done

    def close(self) -> None:
        """Close it, if it was opened in this process."""
        with self._lock:
            keeper, self._keeper = self._keeper, None
        if keeper is not None and self._pid == os.getpid():
            keeper.close()

    def open(self) -> Keeper:
        """The keeper of this process. Raises `BadSetting`, `StoreError`."""
        with self._lock:
            if self._keeper is None or self._pid != os.getpid():
                self._keeper = Keeper(self.settings, background=True)
                self._pid = os.getpid()
            return self._keeper
