"""When each series is asked over REST: a few threads, one question per series, at a gentle pace."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.exchanges.registry import rest_price

log = logging.getLogger(__name__)

_THREADS: Final = 4
_SHARE: Final = 0.5
"""Of the request budget; the rest is for those who wait for an answer."""
_AT_ONCE: Final = 20
"""Questions that need not wait for each other, after a quiet time."""
_LONGEST_WAIT: Final = 0.5
"""So soon it is noticed that the machine has slept."""
_JOIN_SECONDS: Final = 0.8


class _Pace:
    """How many questions one exchange takes: some at once, then so many a second."""

    def __init__(self, name: str, now: float) -> None:
        _, weight, limit = rest_price(name)
        self._every = 60.0 * weight / limit / _SHARE
        self._full_at = now
        """When all of the first ones could be asked at once again."""

    def free_in(self, now: float) -> float:
        """Seconds until one more may be asked."""
        return self._full_at - now - (_AT_ONCE - 1) * self._every

    def take(self, now: float) -> None:
        """One is asked."""
        self._full_at = max(self._full_at, now) + self._every


class Asking:
    """Calls `ask` for each series when it is due, never twice at a time for the same one."""

    def __init__(self, ask: Callable[[Series], None], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._due: dict[Series, float] = {}
        self._busy: set[Series] = set()
        self._paces: dict[str, _Pace] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def by(self, series: Series, when: float) -> None:
        """Ask at `when` (in the seconds of `Clock.monotonic`), or earlier if so planned."""
        with self._changed:
            self._due[series] = min(when, self._due.get(series, when))
            self._start()
            self._changed.notify()

    def forget(self, series: Series) -> None:
        """Do not ask any more."""
        with self._changed:
            self._due.pop(series, None)

    def stop(self) -> None:
        """Ask nothing more, and wait for a moment for what is under way."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
        deadline = self._clock.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - self._clock.monotonic()))

    def _start(self) -> None:
        if self._threads or self._stopped:
            return
        for number in range(_THREADS):
            thread = threading.Thread(target=self._run, name=f"follower {number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while (series := self._next()) is not None:
            try:
                self._ask(series)
            except Exception:
                if not self._stopped:
                    log.exception("%s: a fault of following that was not foreseen.", series)
            finally:
                with self._changed:
                    self._busy.discard(series)

    def _next(self) -> Series | None:
        with self._changed:
            while not self._stopped:
                now = self._clock.monotonic()
                waiting = [(when, one) for one, when in self._due.items() if one not in self._busy]
                when, series = min(waiting, key=lambda each: each[0], default=(now + 1, None))
                wait = when - now
                if series is not None and wait <= 0:
                    wait = self._pace(series, now).free_in(now)
                    if wait <= 0:
                        return self._taken(series, now)
                self._changed.wait(min(wait, _LONGEST_WAIT))
        return None

    def _taken(self, series: Series, now: float) -> Series:
        self._pace(series, now).take(now)
        del self._due[series]
        self._busy.add(series)
        return series

    def _pace(self, series: Series, now: float) -> _Pace:
        if series.exchange not in self._paces:
            self._paces[series.exchange] = _Pace(series.exchange, now)
        return self._paces[series.exchange]
