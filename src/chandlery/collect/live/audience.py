"""Who reads what, what was said, and from where one who comes back can go on."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from chandlery.candles.series import Series
from chandlery.collect.live.backlog import Backlog, Room
from chandlery.collect.live.said import Passing, Said, encoded
from chandlery.collect.live.subscription import Subscription
from chandlery.collect.live.watched import Watched, abandoned, standing


@dataclass(frozen=True, slots=True)
class Entry:
    """How a reader begins."""

    id: str
    """The event after which everything comes."""
    lost: bool
    """Whether it wanted to go on after an event from which on not all is known."""


class Audience:
    """All readers of a hub. Every event goes to each in the same order. Thread-safe.

    Ids ascend, and begin with a word of their own for each process.
    """

    def __init__(self, memory: Room) -> None:
        self._lock = threading.Lock()
        self._boot = ""
        self._number = 0
        self._forgotten = 0
        self._memory = Backlog(memory)
        self._watched: dict[Series, Watched] = {}
        self._readers: set[Subscription] = set()
        self._sent = 0

    @property
    def readers(self) -> list[Subscription]:
        """Who reads now."""
        with self._lock:
            return [*self._readers]

    @property
    def sent(self) -> int:
        """Events given to readers so far, counted once for each reader."""
        return self._sent

    @property
    def watched(self) -> frozenset[Series]:
        """The series that somebody reads, or did a short time ago."""
        with self._lock:
            return frozenset(self._watched)

    def enter(self, one: Subscription, after: str | None) -> Entry:
        """Let a reader in, who wants everything after the event with that id, if any."""
        with self._lock:
            # Not when the hub is made: a server may fork after that, and ids must differ.
            self._boot = self._boot or secrets.token_hex(4)
            for series in one.series:
                if series not in self._watched:
                    # A number of its own, so that no earlier id can be resumed from.
                    self._number += 1
                    self._watched[series] = Watched(self._number)
                self._watched[series].readers.add(one)
            self._readers.add(one)
            number = self._resumable(one.series, after)
            if number is None:
                one.begin(self._standing(one, states=False))
                return Entry(self._id(self._number), lost=bool(after))
            theirs = (said for said in self._memory if said.series in one.series)
            one.begin([said for said in theirs if said.number > number])
            return Entry(self._id(number), lost=False)

    def leave(self, one: Subscription, now: float) -> None:
        """A reader is gone; `now` by the monotonic clock. Again is harmless."""
        with self._lock:
            self._readers.discard(one)
            for series in one.series:
                watched = self._watched.get(series)
                if watched is not None and one in watched.readers:
                    watched.readers.discard(one)
                    watched.left_at = now

    def let_go(self, before: float) -> None:
        """Forget the series whose last reader went before that moment."""
        with self._lock:
            for series in abandoned(self._watched, before):
                del self._watched[series]

    def say(
        self,
        kind: str,
        data: dict[str, object],
        series: Series,
        *,
        passing: Passing | None = None,
        open_ms: int | None = None,
    ) -> None:
        """Tell all who read that series."""
        with self._lock:
            watched = self._watched.get(series)
            if watched is None:
                return
            self._number += 1
            text = encoded(kind, data, self._id(self._number))
            said = Said(self._number, series, text, passing, open_ms)
            watched.remember(said, kind)
            self._remember(said)
            self._sent += len(watched.readers)
            for one in watched.readers:
                if not one.tell(said):
                    one.lose(self._standing(one, states=True))

    def beat(self, data: bytes) -> None:
        """Tell all readers something that is of no series and gets no id."""
        beat = Said(0, None, data, ("beat", ""))
        for one in self.readers:
            one.tell(beat)

    def _remember(self, said: Said) -> None:
        self._memory.add(said)
        while self._memory.overfull:
            self._forgotten = self._memory.pop().number

    def _id(self, number: int) -> str:
        return f"{self._boot}-{number}"

    def _resumable(self, series: Sequence[Series], after: str | None) -> int | None:
        boot, _, digits = (after or "").rpartition("-")
        if boot != self._boot or not digits.isdecimal():
            return None
        number = int(digits)
        missed = max(self._forgotten, *(self._watched[one].since for one in series))
        return number if missed <= number <= self._number else None

    def _standing(self, one: Subscription, *, states: bool) -> list[Said]:
        watched = [self._watched[series] for series in one.series if series in self._watched]
        return standing(watched, states=states)
