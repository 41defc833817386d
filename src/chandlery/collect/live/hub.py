"""The hub: follows what somebody looks at, and tells every reader of it the same, in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from chandlery.candles.series import Series
from chandlery.collect.live.audience import Audience, Entry
from chandlery.collect.live.backlog import MEMORY, QUEUE, Room
from chandlery.collect.live.catalogue_news import Shelf, kept_times
from chandlery.collect.live.events import LiveCandle, LiveEvent, LiveState
from chandlery.collect.live.pulse import Pulse
from chandlery.collect.live.said import candle_data, encoded, forming, kept, state_data
from chandlery.collect.live.subscription import LOST, Subscription
from chandlery.errors import InputError, StoreError

log = logging.getLogger(__name__)

BEAT_SECONDS: Final = 15.0
Tell: TypeAlias = Callable[[LiveEvent], None]


class Follows(Protocol):
    """What a hub needs of a `Follower`."""

    def watch(self, series: Collection[Series]) -> None:
        """Follow exactly these series from now on; returns at once."""

    def state(self, series: Series) -> LiveState:
        """How following stands for one of them."""

    def close(self) -> None:
        """Follow nothing any more."""


Follow: TypeAlias = Callable[[Tell], Follows]
"""Makes what follows; it tells what it hears from threads of its own."""


class HubClosed(Exception):
    """The hub has been closed: the program is about to end."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How patient a hub is, and how much it remembers."""

    beat_seconds: float = BEAT_SECONDS
    look_seconds: float = 1.0
    """Between two looks at the catalogue, and at who has gone."""
    linger_seconds: float = 10.0
    """For how long a series is followed after its last reader: pages are loaded again."""
    memory: Room = MEMORY
    """For those who come back."""
    queue: Room = QUEUE
    """For each reader."""


class LiveHub:
    """Live events for many readers. Thread-safe.

    Making one costs nothing: what follows the exchange is made by `follow` for the first reader,
    and closed some seconds after the last. Without `follow` the store alone is watched, and every
    series is `polling`. `label` is told to every reader.
    """

    def __init__(
        self,
        shelf: Shelf,
        follow: Follow | None = None,
        *,
        label: str | None = None,
        manners: Manners | None = None,
    ) -> None:
        self._shelf = shelf
        self._clock = shelf.clock
        self._follow = follow
        self._label = label
        self._manners = manners or Manners()
        self._audience = Audience(self._manners.memory)
        # Held while the follower is spoken to, never while it speaks: it may do both at once.
        self._steering = threading.RLock()
        self._follower: Follows | None = None
        self._steered: frozenset[Series] = frozenset()
        self._pulses: list[Pulse] = []
        self._kept_ms: dict[Series, int] = {}
        self._beaten_at = self._clock.monotonic()
        self._closed = False

    @property
    def readers(self) -> int:
        """How many are reading now."""
        return len(self._audience.readers)

    @property
    def sent(self) -> int:
        """How many events have been given to readers so far, each counted once for each."""
        return self._audience.sent

    @property
    def watched(self) -> frozenset[Series]:
        """The series that are followed now."""
        return self._audience.watched

    def subscribe(self, series: Iterable[Series], after: str | None = None) -> Subscription:
        """Everything of these series from now on, or from the event with the id `after` on.

        What comes first is `hello`; then `lost` if it cannot go on after `after`; then how things
        stand, or what was said since. Raises `HubClosed`, and `InputError` for series that cannot
        be followed.
        """
        with self._steering:
            if self._closed:
                raise HubClosed
            one = Subscription(series, self._leave, self._manners.queue)
            self._begin()
            entry = self._audience.enter(one, after)
            try:
                self._steer()
            except InputError:
                one.close()
                self._audience.let_go(self._clock.monotonic() + 1)
                raise
            one.greet(self._hello(one, entry))
            return one

    def close(self) -> None:
        """End all reading and following. May be called twice."""
        with self._steering:
            self._closed = True
            for one in self._audience.readers:
                one.close()
            self._rest()

    def tell(self, event: LiveEvent) -> None:
        """Tell all who read that series; called by what follows, from any thread."""
        series = event.series
        if isinstance(event, LiveCandle):
            data = candle_data(event, self._clock.now_ms())
            passing = None if event.closed else forming(series)
            self._audience.say("candle", data, series, passing=passing, open_ms=int(event.row[0]))
        else:
            state = {"series": str(series), **state_data(event.state)}
            self._audience.say("state", state, series)

    def _hello(self, one: Subscription, entry: Entry) -> bytes:
        states = {str(series): state_data(self._state(series)) for series in one.series}
        now_ms = self._clock.now_ms()
        data = {"id": entry.id, "now_ms": now_ms, "label": self._label, "states": states}
        return encoded("hello", data, entry.id) + (LOST if entry.lost else b"")

    def _state(self, series: Series) -> LiveState:
        if self._follower is not None:
            return self._follower.state(series)
        return LiveState("polling", self._clock.now_ms(), "This server only watches its store.")

    def _leave(self, one: Subscription) -> None:
        self._audience.leave(one, self._clock.monotonic())

    def _begin(self) -> None:
        """Start what is needed while there are readers, unless it runs already."""
        if self._follower is None and self._follow is not None:
            self._follower = self._follow(self.tell)
        if not self._pulses:
            every = self._manners.look_seconds
            self._pulses = [Pulse("live-hub", every, self._tidy), Pulse("kept", every, self._look)]
            for pulse in self._pulses:
                pulse.start()

    def _rest(self) -> None:
        """Stop what is needed only while there are readers."""
        for pulse in self._pulses:
            pulse.stop()
        self._pulses = []
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    def _steer(self) -> None:
        if self._follower is not None:
            self._steered = self.watched
            self._follower.watch(self._steered)

    def _tidy(self) -> None:
        """Let readers know that they are connected, and let go of what nobody looks at."""
        now = self._clock.monotonic()
        if now - self._beaten_at >= self._manners.beat_seconds:
            self._beaten_at = now
            self._audience.beat(encoded("beat", {"now_ms": self._clock.now_ms()}))
        with self._steering:
            self._audience.let_go(now - self._manners.linger_seconds)
            if not self.watched:
                self._rest()
            elif self.watched != self._steered:
                self._steer()

    def _look(self) -> None:
        """Tell where the catalogue has changed; one question for all series."""
        try:
            times = kept_times(self._shelf.catalogue(), self.watched)
        except StoreError as error:
            log.info("The catalogue cannot be read just now: %s", error)
            return
        news = {series: ms for series, ms in times.items() if self._kept_ms.get(series) != ms}
        self._kept_ms = times
        for series, ms in news.items():
            data: dict[str, object] = {"series": str(series), "updated_ms": ms}
            self._audience.say("kept", data, series, passing=kept(series))
