"""A line: up to 1,024 streams over one connection after the other, kept up without a hole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.exchanges.binance_stream import address, command
from chandlery.exchanges.stream import StreamState, StreamStatus
from chandlery.exchanges.stream_habits import Attempts, StreamHabits, wait_before
from chandlery.exchanges.stream_link import Link

log = logging.getLogger(__name__)

Changed = Callable[[Collection[Series], StreamState], None]

_IN_ADDRESS: Final = 100
"""So many streams stand in the address; the others are commanded, for addresses may be too long."""
_IN_COMMAND: Final = 200
_LONGEST_SILENCE: Final = 300.0


class Line:
    """What becomes of the connection is decided by `step`, which one thread calls again and again.

    `wanted` may be set by other threads, as a whole.
    """

    def __init__(  # noqa: PLR0913  all that the lines of one stream share
        self,
        title: str,
        urls: Sequence[str],
        heard: Callable[[Link, bytes], None],
        changed: Changed,
        *,
        clock: Clock,
        habits: StreamHabits,
        attempts: Attempts,
    ) -> None:
        self.wanted: dict[str, Series] = {}
        """The series by the names of their streams."""
        self.links: list[Link] = []
        """Connections that have not ended yet."""
        self._title = title
        self._urls = urls
        self._heard = heard
        self._changed = changed
        self._clock = clock
        self._habits = habits
        self._attempts = attempts
        self._link: Link | None = None
        self._spare: Link | None = None
        self._live: frozenset[str] = frozenset()
        """Streams that were told to be live."""
        self._state = StreamState("connecting", clock.now_ms())
        self._failures = 0
        self._silences = 0
        self._url = 0
        self._next_try = 0.0
        self._next_command = 0.0
        self._commands = 0
        self._awaited: dict[int, tuple[Link, frozenset[str]]] = {}

    def state(self, name: str) -> StreamState:
        """How it stands for one stream."""
        state = self._state
        if state.status == "live" and name not in self._live:
            return StreamState("connecting", state.since_ms, None, state.connections)
        return state

    def step(self) -> None:
        """Do what is to be done now."""
        now = self._clock.monotonic()
        self.links = [link for link in self.links if not link.ended]
        if self._link is None:
            if self.wanted and now >= self._next_try:
                self._link = self._connect()
        elif self._link.ended:
            self._lost(self._link, now)
        elif self._link.opened is not None:
            self._keep_up(self._link, self._link.opened, now)

    def close(self) -> None:
        """End its connections soon."""
        for link in self.links:
            link.close()

    def acknowledged(self, link: Link, id_: object, error: str | None) -> None:
        """A command was answered; called from the connection's thread."""
        awaited = self._awaited.pop(id_, None) if isinstance(id_, int) else None
        if error is not None:
            link.refused = error
        elif awaited is not None:
            link.confirmed = link.confirmed | awaited[1]

    def _connect(self) -> Link | None:
        if not self._attempts.take():
            return None
        url = self._urls[self._url % len(self._urls)]
        names = list(islice(self.wanted, _IN_ADDRESS))
        link = Link(
            address(url, names),
            names,
            self._heard,
            clock=self._clock,
            open_timeout=self._habits.open_timeout,
        )
        self.links.append(link)
        return link

    def _keep_up(self, link: Link, opened: float, now: float) -> None:
        if link.refused is not None:
            link.error = f"{link.host} refused to stream: {link.refused}."
            link.close()
            return
        self._command(link, now)
        self._tell_live(link)
        if self._is_silent(link, now):
            self._give_up(link)
        elif self._spare is not None:
            self._change_over(link, self._spare, now)
        elif (link.shutting_down or now - opened > self._habits.life) and now >= self._next_try:
            self._spare = self._connect()

    def _command(self, link: Link, now: float) -> None:
        """Subscribe to what is wanted and unsubscribe from the rest, a piece at a time."""
        wanted = self.wanted
        if now < self._next_command:
            return
        surplus = list(islice(link.asked - wanted.keys(), _IN_COMMAND))
        lacking = list(islice((name for name in wanted if name not in link.asked), _IN_COMMAND))
        names = surplus or lacking
        if not names:
            return
        self._commands += 1
        self._next_command = now + self._habits.command_every
        method = "UNSUBSCRIBE" if surplus else "SUBSCRIBE"
        self._awaited[self._commands] = (link, frozenset(() if surplus else names))
        if link.send(command(method, names, self._commands)):
            link.asked = link.asked - set(names) if surplus else link.asked | set(names)
            if surplus:
                link.confirmed = link.confirmed - set(names)

    def _tell_live(self, link: Link) -> None:
        live = frozenset(self.wanted.keys() & link.confirmed)
        if not live:
            return
        if self._state.status != "live":
            connections = self._state.connections + 1
            self._state = StreamState("live", self._clock.now_ms(), None, connections)
            log.info("%s: streaming from %s.", self._title, link.host)
        new, self._live = live - self._live, live
        if new:
            self._changed([self.wanted[name] for name in new], self._state)
        if link.heard_candle:
            self._silences = 0

    def _is_silent(self, link: Link, now: float) -> bool:
        patience = min(_LONGEST_SILENCE, self._habits.silent * 2.0**self._silences)
        return link.heard_last is not None and now - link.heard_last > patience

    def _give_up(self, link: Link) -> None:
        waited = self._clock.monotonic() - (link.heard_last or 0.0)
        error = f"{link.host} has sent nothing for {waited:.0f} s."
        link.error = error
        link.abandon()
        self._silences = min(self._silences + 1, 10)
        self._tell("silent", error)
        self._replace_with(None)

    def _lost(self, link: Link, now: float) -> None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.ended:
            # Its replacement was on the way; what fell between is the reader's to fill.
            self._tell("connecting", link.error)
            self._link = spare
            return
        lasted = link.opened is not None and now - link.opened >= self._habits.proven
        self._failures = 0 if lasted or link.shutting_down else self._failures + 1
        if link.opened is None or link.refused:
            self._url += 1
        self._next_try = now + wait_before(self._habits, self._failures)
        self._tell("down", link.error or f"{link.host} ended the connection.")
        self._replace_with(None)

    def _change_over(self, link: Link, spare: Link, now: float) -> None:
        """Let the new connection take over once it has all streams of the old one."""
        if spare.ended:
            self._spare = None
            self._failures += 1
            self._url += 1
            self._next_try = now + wait_before(self._habits, self._failures)
        elif spare.opened is not None:
            self._command(spare, now)
            if self.wanted.keys() <= spare.confirmed and spare.heard_candle:
                log.info("%s: %s has taken over from %s.", self._title, spare.host, link.host)
                connections = self._state.connections + 1
                self._state = StreamState("live", self._clock.now_ms(), None, connections)
                self._failures = 0
                self._spare = None
                self._replace_with(spare)
                link.close()

    def _replace_with(self, link: Link | None) -> None:
        self._link = link
        if link is None:
            self._live = frozenset()
            if self._spare is not None:
                self._spare.close()
                self._spare = None

    def _tell(self, status: StreamStatus, error: str | None) -> None:
        if self._state.status == status and self._state.error == error:
            return
        self._live = frozenset()
        log.warning("%s: no stream: %s", self._title, error)
        self._state = StreamState(status, self._clock.now_ms(), error, self._state.connections)
        self._changed(list(self.wanted.values()), self._state)
