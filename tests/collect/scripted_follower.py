"""What a hub follows with in tests: it tells what the test says, when the test says it."""

from __future__ import annotations

from collections.abc import Collection

import orjson

from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.collect.live.events import LiveCandle, LiveChange, LiveState
from chandlery.collect.live.hub import Tell
from chandlery.errors import NoSuchInterval

LIVE = LiveState("live", 1_000, None)
NO_SECONDS = Series.parse("binance:BTCUSDT:1s")
"""A series that cannot be followed here."""


class ScriptedFollower:
    """Follows nothing; remembers what it was asked to follow."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.asked: list[frozenset[Series]] = []
        self.states: dict[Series, LiveState] = {}
        self.closed = False

    def watch(self, series: Collection[Series]) -> None:
        """Follow these."""
        self.asked.append(frozenset(series))
        if NO_SECONDS in series:
            raise NoSuchInterval(NO_SECONDS.exchange, NO_SECONDS.interval.text, ["1m"])

    def state(self, series: Series) -> LiveState:
        """As the test has set it, else live."""
        return self.states.get(series, LIVE)

    def close(self) -> None:
        """Follow nothing any more."""
        self.closed = True

    def move(self, series: Series, close: str, *, hour: int = 0, closed: bool = False) -> None:
        """Say that the candle of that hour stands at this price."""
        open_ms = hour * HOUR_MS
        sums = ("7", open_ms + HOUR_MS - 1, "8", 9, "3", "4")
        row = (open_ms, "1", "99", "1", close, *sums)
        self._tell(LiveCandle(series, row, closed, "stream", event_ms=5, heard_ms=6))

    def change(self, series: Series, state: LiveState) -> None:
        """Say that things stand otherwise now."""
        self.states[series] = state
        self._tell(LiveChange(series, state))


class Followers:
    """Makes followers for a hub, and keeps them at hand."""

    def __init__(self) -> None:
        self.made: list[ScriptedFollower] = []

    def __call__(self, tell: Tell) -> ScriptedFollower:
        """A new one."""
        self.made.append(ScriptedFollower(tell))
        return self.made[-1]

    @property
    def last(self) -> ScriptedFollower:
        """The one that is in use."""
        return self.made[-1]


def events_in(text: bytes) -> list[tuple[str, str, dict[str, object]]]:
    """Kind, id and data of each server-sent event in a piece of a stream."""
    found = []
    for block in filter(None, text.decode().split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "event" in fields:
            found.append((fields["event"], fields.get("id", ""), orjson.loads(fields["data"])))
    return found
