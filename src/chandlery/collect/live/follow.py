"""Follow series: a stream's hints are told at once, and REST has the last word on each candle."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import Final, Protocol

from chandlery.candles.binance_rows import LATEST_MS
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock, ms_to_text
from chandlery.collect.live.asking import Asking
from chandlery.collect.live.events import LiveCandle, LiveChange, LiveEvent, LiveState
from chandlery.collect.live.moving import Moving
from chandlery.collect.live.rows import Row, differences, opens, rows_of
from chandlery.collect.live.streaming import Streaming
from chandlery.collect.report import Report
from chandlery.errors import ChandleryError, InputError, RemoteError, StoreError
from chandlery.exchanges.exchange import Exchange
from chandlery.exchanges.stream import StreamCandle, StreamState
from chandlery.settings import Settings
from chandlery.store import Store

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 5.0
"""Between two questions for the forming candle while there is no stream."""
DISAGREEMENTS: Final = "stream_disagreements"
"""The counter of candles that a stream told otherwise than REST, by exchange."""

_STREAM_FIRST_SECONDS: Final = 3.0
"""So long a stream has for its start before REST is asked without it."""
_HOPELESS_SECONDS: Final = 60.0
"""Between two questions that the exchange has refused."""
_FIRST: Final = 3
_MOST: Final = 1000
"""Candles that are filled in after a time without a connection; more is a backfill's work."""


class Keeps(Protocol):
    """What following needs of a keeper."""

    settings: Settings
    clock: Clock
    store: Store

    def collect(
        self, series: Series, *, last: int | None = None, since: int | None = None
    ) -> Report:
        """Fetch and keep candles; see `Keeper.collect`."""

    def exchange(self, name: str) -> Exchange:
        """The adapter of that name; see `Keeper.exchange`."""

    def read(self, series: Series, *, last: int | None = None, span: Span | None = None) -> Candles:
        """Kept candles; see `Keeper.read`."""


class Follower:
    """Keeps the newest candles of some series moving: a stream's hints, reconciled over REST.

    `tell` is called from several threads, and must be quick. Each movement that a stream tells is
    told onward at once. After each close, after each connection and when a close event is missed,
    the exchange is asked over REST, so that the store has its own candle; that one is told too,
    and wins where they differ. Without a stream it is asked every few seconds. Of series that
    `keeps` does not name nothing is kept: they are only looked at, such as the sums of others.
    """

    def __init__(
        self,
        keeper: Keeps,
        tell: Callable[[LiveEvent], None],
        keeps: Callable[[Series], bool] = lambda _: True,
    ) -> None:
        self._keeper = keeper
        self._keeps = keeps
        self._clock = keeper.clock
        self._tell = tell
        self._moving: dict[Series, Moving] = {}
        self._lock = threading.Lock()
        self._asking = Asking(self._ask, keeper.clock)
        self._streams = Streaming(
            keeper.settings, keeper.clock, heard=self._heard, changed=self._changed
        )
        self._closed = False

    def watch(self, series: Collection[Series]) -> None:
        """Follow exactly these series from now on; returns at once.

        What cannot be followed is told by its state: `unreachable`, and why.
        """
        wanted = set(series)
        with self._lock:
            if self._closed:
                return
            for one in self._moving.keys() - wanted:
                del self._moving[one]
                self._asking.forget(one)
            new = wanted - self._moving.keys()
            starting = LiveState("starting", self._clock.now_ms(), None)
            self._moving.update({one: Moving(one, starting) for one in new})
        streamed = self._streams.follow(wanted)
        now = self._clock.monotonic()
        for one in new:
            self._asking.by(one, now + (_STREAM_FIRST_SECONDS if one in streamed else 0.0))

    def state(self, series: Series) -> LiveState:
        """How it stands for one series; `starting` for one that is not followed."""
        with self._lock:
            moving = self._moving.get(series)
            return moving.state if moving else LiveState("starting", self._clock.now_ms(), None)

    def close(self) -> None:
        """Follow nothing any more; threads end within a second, but for a request under way."""
        with self._lock:
            self._closed = True
            self._moving.clear()
        self._streams.close()
        self._asking.stop()

    def _heard(self, said: StreamCandle) -> None:
        """A stream has told a candle; called from its threads."""
        with self._lock:
            moving = self._moving.get(said.series)
            if moving is None:
                return
            late = moving.is_late(said)
            within_ms = None if late and not said.closed else moving.hear(said)
        if not late:
            self._say(said.series, said.row, said.event_ms, closed=said.closed, heard=said.heard_ms)
        if within_ms is not None:
            self._asking.by(said.series, self._clock.monotonic() + max(0, within_ms) / 1000)

    def _changed(self, series: Collection[Series], state: StreamState) -> None:
        """A stream stands otherwise for some series; called from its threads.

        Live: whatever fell into the time before is asked for now. Else: polling begins.
        """
        for one in series:
            with self._lock:
                moving = self._moving.get(one)
                if moving is not None:
                    moving.stream = state
            self._judge(one)
            self._asking.by(one, self._clock.monotonic())

    def _ask(self, series: Series) -> None:
        """Ask REST for one series, keep what it says, tell it, and plan the next time."""
        with self._lock:
            moving = self._moving.get(series)
            kept = moving.kept if moving else None
        if moving is None:
            return
        wait = POLL_SECONDS
        try:
            failure = self._collected(moving, opens(kept) if kept else self._held(series))
        except InputError as error:
            wait, failure = _HOPELESS_SECONDS, error
        except StoreError as error:
            failure = error
        with self._lock:
            if self._moving.get(series) is not moving:
                return
            moving.failure = str(failure) if failure else None
            if moving.is_live and failure is None:
                wait = moving.next_ms(self._clock.now_ms()) / 1000
        self._judge(series)
        self._asking.by(series, self._clock.monotonic() + wait)

    def _held(self, series: Series) -> int | None:
        """The newest closed candle that the store has, by its open time."""
        held = self._keeper.store.candles.last_opens(series, 1)
        return held[-1] if held else None

    def _collected(self, moving: Moving, kept_ms: int | None) -> ChandleryError | None:
        """Collect from the newest kept candle on, and tell what that brought; what went wrong."""
        series = moving.series
        if not self._keeps(series):
            return self._looked(moving)
        now_ms = self._clock.now_ms() + moving.offset_ms
        count: int | None = _FIRST
        if kept_ms is not None:
            far = (now_ms - kept_ms) // series.interval.typical_ms > _MOST
            count = _MOST if far else None
        report = self._keeper.collect(series, last=count, since=None if count else kept_ms)
        if report.failure is not None:
            return report.failure
        if count is not None:
            candles = self._keeper.read(series, last=count)
        else:
            candles = self._keeper.read(series, span=Span(kept_ms or 0, LATEST_MS))
        self._settle(moving, *rows_of(candles))
        return None

    def _looked(self, moving: Moving) -> ChandleryError | None:
        """Tell the newest candles of a series that is not kept; what went wrong."""
        exchange = self._keeper.exchange(moving.series.exchange)
        try:
            page = exchange.newest(moving.series, _FIRST)
        except RemoteError as failure:
            return failure
        self._settle(moving, *rows_of(page.candles))
        return None

    def _settle(self, moving: Moving, closed: list[Row], forming: list[Row]) -> None:
        with self._lock:
            news = moving.keep(closed, forming)
            disputed = moving.disputed(closed)
            event_ms = self._clock.now_ms() + moving.offset_ms
            unfinished = [] if moving.is_live else forming[-1:]
        for said, kept in disputed:
            self._disagreed(moving.series, said, kept)
        for row in news:
            self._say(moving.series, row, event_ms, closed=True)
        for row in unfinished:
            self._say(moving.series, row, event_ms, closed=False)

    def _disagreed(self, series: Series, said: Row, kept: Row) -> None:
        log.warning(
            "%s: the stream told the candle of %s otherwise than the exchange's REST interface, "
            "whose one is kept: %s.",
            series,
            ms_to_text(opens(said)),
            differences(said, kept),
        )
        self._keeper.store.jobs.count({(DISAGREEMENTS, series.exchange): 1})

    def _judge(self, series: Series) -> None:
        with self._lock:
            moving = self._moving.get(series)
            if moving is None:
                return
            before = moving.state
            state = moving.judged(self._clock.now_ms(), self._streams.missing(series.exchange))
        if state is not before:
            self._tell(LiveChange(series, state))

    def _say(
        self, series: Series, row: Row, event_ms: int, *, closed: bool, heard: int | None = None
    ) -> None:
        if heard is None:
            now_ms = self._clock.now_ms()
            self._tell(LiveCandle(series, row, closed, "rest", event_ms, now_ms))
        else:
            self._tell(LiveCandle(series, row, closed, "stream", event_ms, heard))
