"""Threads that do jobs: as many at once as are allowed, none twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from chandlery.clock import StoppableClock, Stopped
from chandlery.collect.jobs import Job

_JOIN_SECONDS: Final = 1.0


class Crew:
    """Does jobs in up to `size` daemon threads, each started when it is first needed.

    `work` does one job. What it raises goes to `failed`, unless the clock has been stopped.
    """

    def __init__(
        self,
        size: int,
        clock: StoppableClock,
        work: Callable[[Job], None],
        failed: Callable[[Job, Exception], None],
    ) -> None:
        self._size = size
        self._clock = clock
        self._work = work
        self._failed = failed
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy: dict[str, Job] = {}
        self._changed = threading.Condition()

    @property
    def enough(self) -> int:
        """How many jobs at once keep everybody at work; more would only stand in line."""
        return 2 * self._size

    def busy(self) -> dict[str, Job]:
        """The jobs that are being done or wait for a thread, by name."""
        with self._changed:
            return dict(self._busy)

    def give(self, job: Job) -> None:
        """Let somebody do the job, unless somebody is at it already."""
        with self._changed:
            if job.name in self._busy:
                return
            self._busy[job.name] = job
            if len(self._threads) < min(self._size, len(self._busy)):
                self._start_one()
        self._queue.put(job)

    def wait(self, seconds: float) -> bool:
        """Wait until a job has ended, or for so long; whether nothing is left to be done."""
        with self._changed:
            if self._busy:
                self._changed.wait(seconds)
            return not self._busy

    def dismiss(self) -> None:
        """Let the threads go, now that the clock has stopped; one in mid-request is left alone."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(_JOIN_SECONDS / len(self._threads))

    def _start_one(self) -> None:
        name = f"crew-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None and not self._clock.stopped:
            try:
                self._work(job)
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001  the outermost loop of a thread
                # Whoever stops the program closes the store under jobs that are under way.
                if self._clock.stopped:
                    return
                self._failed(job, error)
            finally:
                self._over(job)

    def _over(self, job: Job) -> None:
        with self._changed:
            self._busy.pop(job.name, None)
            self._changed.notify_all()
