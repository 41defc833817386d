"""The embedded loop: keeps every configured series and the market caps current in one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final, Self

from chandlery.candles.series import Series
from chandlery.clock import StoppableClock, Stopped
from chandlery.collect.keeper import Keeper
from chandlery.collect.report import Report
from chandlery.errors import ChandleryError
from chandlery.schedule.due import next_due_ms

Tell = Callable[[str], None]

_MARKET_CAPS_MS: Final = 60_000
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
        self._due = dict.fromkeys(keeper.settings.series, 0)
        self._market_caps_due = 0
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
        for series, due_ms in self._due.items():
            now_ms = self._clock.now_ms()
            # A due time further ahead than any comes from a clock that has been set back.
            due_again = next_due_ms(series.interval, now_ms, every=self._keeper.settings.every)
            if due_ms <= now_ms or due_ms > due_again:
                self._collect(series)
                self._due[series] = next_due_ms(
                    series.interval, self._clock.now_ms(), every=self._keeper.settings.every
                )
        self._refresh_market_caps()

    def _collect(self, series: Series) -> None:
        try:
            report = self._keeper.keep_current(series)
        except ChandleryError as error:
            if not self._clock.stopped:
                self._news.failed(str(series), str(error))
        else:
            self._news.reported(report)

    def _refresh_market_caps(self) -> None:
        now_ms = self._clock.now_ms()
        if self._market_caps_due - _MARKET_CAPS_MS < now_ms < self._market_caps_due:
            return
        self._market_caps_due = now_ms + _MARKET_CAPS_MS
        try:
            good = self._keeper.refresh_market_caps()
        except ChandleryError as error:
            self._news.failed("market caps", str(error))
            return
        if good:
            self._news.recovered("market caps")
        else:
            self._news.failed("market caps", str(self._keeper.status().market_caps_error))


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
