"""The embedded loop: keeps every configured series and the market caps current in one process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, Self

from chandlery.clock import StoppableClock, Stopped
from chandlery.collect.jobs import Job
from chandlery.collect.keeper import Keeper
from chandlery.collect.runner import Runner
from chandlery.errors import StoreError
from chandlery.schedule.crew import Crew
from chandlery.schedule.news import STORE, News, Tell
from chandlery.schedule.probes import Probes

_LOOP: Final = "the loop"
_NAP_SECONDS: Final = 0.5
"""So soon it is noticed that the clock was set or the machine has slept."""
_SHORTEST_NAP: Final = 0.01
_PLAN_SHARE: Final = 0.05
"""The part of its time that the loop may spend on planning."""
_PLAN_EVERY_SECONDS: Final = 30.0
"""Even when nothing was done here: others may have done something."""
_STORE_SECONDS: Final = 2.0
"""Between two tries while the store is away."""
_JOIN_SECONDS: Final = 0.7


class EmbeddedLoop:
    """Does each job when it is due, until stopped. A context manager.

    `keeper` must have been made with `clock`, so that stopping ends its waiting too. `tell` gets
    one line for each change worth reading: new candles, a failure, the recovery; not one per try.
    Of what is in `failing` (services, series) the failure has been told already. With `refresh`
    forming candles are kept fresh between closes.
    """

    def __init__(
        self,
        keeper: Keeper,
        clock: StoppableClock,
        *,
        tell: Tell,
        failing: Iterable[str] = (),
        refresh: bool = True,
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._refresh = refresh
        self._news = News(tell, failing)
        self._probes = Probes(clock)
        self._runner = Runner(keeper)
        self._crew = Crew(keeper.settings.parallel, clock, self._do, self._failed)
        self._waiting: dict[str, Job] = {}
        self._wishes = keeper.wishes
        self._stale = threading.Event()
        self._stale.set()
        self._plan_after = self._plan_before = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="embedded-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.stop()
        self._thread.join(_JOIN_SECONDS)
        self._crew.dismiss()

    def run_due(self) -> None:
        """Do everything that is due now, once, and wait for it."""
        self._plan()
        while True:
            self._give_out()
            if self._crew.wait(_NAP_SECONDS) and not self._can_be_done():
                break
        self._news.summed_up()

    def _run(self) -> None:
        try:
            while not self._clock.stopped:
                self._turn_safely()
                if self._crew.wait(self._nap()):
                    self._clock.sleep(self._nap())
        except Stopped:
            return

    def _turn_safely(self) -> None:
        """One turn; a fault that nobody foresaw is told and must not end the loop."""
        try:
            self._turn()
        except StoreError as error:
            self._store_away(error)
        except Exception as error:  # noqa: BLE001  the outermost loop
            # Whoever stops the program closes the store under a plan that is being made.
            if not self._clock.stopped:
                self._news.failed(_LOOP, f"{type(error).__name__}: {error}.")
        else:
            self._news.recovered(_LOOP, "goes on")

    def _turn(self) -> None:
        now = self._clock.monotonic()
        if self._keeper.wishes != self._wishes:
            self._stale.set()
        if now >= self._plan_before or (self._stale.is_set() and now >= self._plan_after):
            self._plan()
        self._give_out()
        if not self._crew.busy():
            self._news.summed_up()

    def _plan(self) -> None:
        began = self._clock.monotonic()
        self._wishes = self._keeper.wishes
        self._stale.clear()
        busy = self._crew.busy()
        jobs = self._keeper.jobs(refresh=self._refresh)
        self._news.recovered(STORE, "is back")
        self._news.planned(jobs)
        # What is under way is planned anew when it has ended.
        self._waiting = {job.name: job for job in jobs if job.name not in busy}
        ended = self._clock.monotonic()
        self._plan_after = ended + (ended - began) / _PLAN_SHARE
        self._plan_before = ended + _PLAN_EVERY_SECONDS

    def _give_out(self) -> None:
        """Hand out what is due, in order, and no more at a time than can be done soon."""
        busy = self._crew.busy()
        for job in self._due():
            if len(busy) >= self._crew.enough:
                break
            if job.name not in busy and self._probes.allow(job, busy):
                busy[job.name] = job
                del self._waiting[job.name]
                self._crew.give(job)

    def _due(self) -> list[Job]:
        now_ms = self._clock.now_ms()
        return [job for job in self._waiting.values() if job.due_ms <= now_ms]

    def _can_be_done(self) -> bool:
        busy = self._crew.busy()
        return any(self._probes.allow(job, busy) for job in self._due())

    def _nap(self) -> float:
        if not self._waiting:
            return _NAP_SECONDS
        next_ms = min(job.due_ms for job in self._waiting.values()) - self._clock.now_ms()
        soon = self._plan_after - self._clock.monotonic() if self._stale.is_set() else _NAP_SECONDS
        # What is due and still waits, waits for a service that is away.
        due = next_ms / 1000 if next_ms > 0 else _NAP_SECONDS
        return max(_SHORTEST_NAP, min(due, soon, _NAP_SECONDS))

    def _do(self, job: Job) -> None:
        done = self._runner.do(job.name, due_ms=job.due_ms)
        self._probes.learn(job.name, done.failure)
        self._news.done(job, done)
        self._stale.set()

    def _failed(self, job: Job, error: Exception) -> None:
        if isinstance(error, StoreError):
            self._store_away(error)
        else:
            self._news.failed(job.name, f"{type(error).__name__}: {error}.")
        self._stale.set()

    def _store_away(self, error: StoreError) -> None:
        if not self._clock.stopped:
            self._news.failed(STORE, str(error))
        self._plan_after = self._plan_before = self._clock.monotonic() + _STORE_SECONDS
