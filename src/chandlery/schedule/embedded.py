"""The embedded loop: keeps every configured series and the market caps current in one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final, Self

from chandlery.candles.series import Series
from chandlery.clock import StoppableClock, Stopped
from chandlery.collect.keeper import Keeper
from chandlery.collect.report import Report
from chandlery.collect.runner import Done, Runner

Tell = Callable[[str], None]

_NAP_SECONDS: Final = 0.5
_JOIN_SECONDS: Final = 1.5


class EmbeddedLoop:
    """Collects each series when it is due, until stopped. A context manager.

    `keeper` must have been made with `clock`, so that stopping ends its waiting too. `tell` gets
    one line for each change worth reading: new candles, a failure, the recovery; not one per try.
    Of the series in `failing` the failure has been told already.
    """

    def __init__(
        self,
        keeper: Keeper,
        clock: StoppableClock,
        *,
        tell: Tell,
        failing: Iterable[Series] = (),
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._news = _News(tell, set(map(str, failing)))
        self._runner = Runner(keeper)
        self._thread = threading.Thread(target=self._run, name="embedded-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.stop()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        try:
            while not self._clock.stopped:
                self._run_safely()
                self._clock.sleep(_NAP_SECONDS)
        except Stopped:
            return

    def _run_safely(self) -> None:
        """One pass; a fault that nobody foresaw is told and must not end the loop."""
        try:
            self.run_due()
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  the outermost loop
            # Whoever stops the program closes the store under a pass that is still under way.
            if not self._clock.stopped:
                self._news.failed("the loop", f"{type(error).__name__}: {error}.")
        else:
            self._news.recovered("the loop")

    def run_due(self) -> None:
        """Do everything that is due now, once."""
        for job in self._keeper.jobs(refresh=True):
            if job.due_ms <= self._clock.now_ms():
                self._told(self._runner.do(job.name, due_ms=job.due_ms))

    def _told(self, done: Done) -> None:
        if done.report is not None:
            self._news.reported(done.report)
        elif done.failure is not None:
            self._news.failed(done.name, str(done.failure))
        elif done.skipped is None:
            self._news.recovered(done.name)


class _News:
    """Turns a stream of outcomes into lines, one per change of state."""

    def __init__(self, tell: Tell, failing: set[str]) -> None:
        self._tell = tell
        self._failing = failing

    def reported(self, report: Report) -> None:
        name = str(report.series)
        if report.failure is not None:
            self.failed(name, str(report.failure))
            return
        self.recovered(name)
        if report.kept.new or report.kept.revised:
            revised = f", {report.kept.revised} revised" if report.kept.revised else ""
            self._tell(f"{name}: {report.kept.new} new{revised}")

    def failed(self, name: str, why: str) -> None:
        if name not in self._failing:
            self._failing.add(name)
            self._tell(f"{name}: {why} Trying on.")

    def recovered(self, name: str) -> None:
        if name in self._failing:
            self._failing.discard(name)
            self._tell(f"{name}: is current again.")
