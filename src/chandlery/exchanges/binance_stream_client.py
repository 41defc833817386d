"""Binance's candle streams: connections in threads, kept up by one that watches over them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.errors import BadAnswer
from chandlery.exchanges.binance_stream import (
    Reply,
    Shutdown,
    StreamMarket,
    read_message,
    stream_name,
)
from chandlery.exchanges.binance_stream_line import Changed, Line
from chandlery.exchanges.stream import StreamCandle, StreamState
from chandlery.exchanges.stream_habits import HABITS, Attempts, StreamHabits
from chandlery.exchanges.stream_link import Link

log = logging.getLogger(__name__)

_STEP_SECONDS: Final = 0.1
_JOIN_SECONDS: Final = 0.8
_CLOCK_SET_BACK_MS: Final = 60_000
"""A message older than this by more is no late one: the exchange's clock was set."""


class BinanceStream:
    """The `CandleStream` of one of Binance's markets. Nobody is asked before `follow`."""

    def __init__(  # noqa: PLR0913  what `open_stream` takes, and the habits
        self,
        market: StreamMarket,
        urls: Sequence[str] | None = None,
        *,
        clock: Clock,
        heard: Callable[[StreamCandle], None],
        changed: Changed,
        habits: StreamHabits = HABITS,
    ) -> None:
        self.garbled = 0
        """Messages that could not be read, and were passed over."""
        self._market = market
        self._urls = tuple(urls or market.urls)
        self._clock = clock
        self._tell = heard
        self._changed = changed
        self._habits = habits
        self._attempts = Attempts(clock, habits.attempts)
        self._names: dict[str, Series] = {}
        self._lines: list[Line] = []
        self._last: dict[Series, StreamCandle] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._warden: threading.Thread | None = None

    def follow(self, series: Collection[Series]) -> None:
        """Follow exactly these series from now on; see `CandleStream`."""
        wanted = {stream_name(self._market, one): one for one in series}
        with self._lock:
            if self._closed:
                return
            self._names = wanted
            self._last = {one: said for one, said in self._last.items() if one in series}
            self._place(wanted)
            if self._warden is None and wanted:
                name = f"{self._market.name} streams"
                self._warden = threading.Thread(target=self._watch, name=name, daemon=True)
                self._warden.start()
        self._wake.set()

    def state(self, series: Series) -> StreamState:
        """How it stands for one series; see `CandleStream`."""
        name = stream_name(self._market, series)
        line = next((one for one in self._lines if name in one.wanted), None)
        if line is None:
            return StreamState("down", self._clock.now_ms(), "It is not followed.")
        return line.state(name)

    def close(self) -> None:
        """End the connections and the threads, within a second."""
        with self._lock:
            self._closed = True
            warden = self._warden
        self._wake.set()
        if warden is not None and warden is not threading.current_thread():
            warden.join(_JOIN_SECONDS)

    def _place(self, wanted: dict[str, Series]) -> None:
        """Leave each stream on its line, and give the new ones to lines that have room."""
        lines = list(self._lines)
        kept = [{n: s for n, s in line.wanted.items() if n in wanted} for line in lines]
        placed = {name for names in kept for name in names}
        new = [(name, one) for name, one in wanted.items() if name not in placed]
        for names in kept:
            room = self._habits.most_streams - len(names)
            names.update(new[:room])
            new = new[room:]
        while new:
            lines.append(self._line())
            kept.append(dict(new[: self._habits.most_streams]))
            new = new[self._habits.most_streams :]
        for line, names in zip(lines, kept, strict=True):
            line.wanted = names
        self._lines = lines

    def _line(self) -> Line:
        return Line(
            self._market.title,
            self._urls,
            self._heard,
            self._changed,
            clock=self._clock,
            habits=self._habits,
            attempts=self._attempts,
        )

    def _watch(self) -> None:
        while not self._closed:
            for line in self._lines:
                try:
                    line.step()
                except Exception:
                    log.exception(
                        "%s: a fault of the stream that was not foreseen.", self._market.title
                    )
            self._dismiss()
            self._wake.wait(_STEP_SECONDS)
            self._wake.clear()
        links = [link for line in self._lines for link in line.links]
        for link in links:
            link.close()
        for link in links:
            link.join(_JOIN_SECONDS / 2)

    def _dismiss(self) -> None:
        """Let go of lines that have nothing to do any more."""
        with self._lock:
            for line in [one for one in self._lines if not one.wanted]:
                line.close()
                if not line.links:
                    self._lines = [one for one in self._lines if one is not line]

    def _heard(self, link: Link, message: bytes) -> None:
        try:
            read = read_message(message, self._names, self._clock.now_ms())
        except BadAnswer as error:
            self.garbled += 1
            if self.garbled.bit_count() == 1:  # The 1st, 2nd, 4th, 8th: a flood is told briefly.
                log.warning("%s: message %d passed over: %s.", link.host, self.garbled, error)
            return
        if isinstance(read, StreamCandle):
            link.heard_candle = True
            self._heard_candle(read)
        elif isinstance(read, Reply):
            for line in self._lines:
                if link in line.links:
                    line.acknowledged(link, read.id, read.error)
            self._wake.set()
        elif isinstance(read, Shutdown):
            log.info("%s is shutting down; connecting anew.", link.host)
            link.shutting_down = True
            self._wake.set()

    def _heard_candle(self, said: StreamCandle) -> None:
        """Tell it, unless another connection has told it or something newer already."""
        last = self._last.get(said.series)
        if last is not None:
            late_ms = last.event_ms - said.event_ms
            again = late_ms == 0 and (said.closed, said.row[0]) == (last.closed, last.row[0])
            if again or 0 < late_ms < _CLOCK_SET_BACK_MS:
                return
        self._last[said.series] = said
        try:
            self._tell(said)
        except Exception:
            log.exception("%s: whoever is told of candles failed.", said.series)
