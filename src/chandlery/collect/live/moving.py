"""What is known of one series that is followed: heard, kept, and when it is to be asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chandlery.candles.series import Series
from chandlery.collect.live.events import LiveState, LiveStatus
from chandlery.collect.live.rows import Row, closes, opens
from chandlery.exchanges.stream import StreamCandle, StreamState

SETTLED_MS: Final = 1_200
"""After its close time: from then on an exchange's answer says that a candle is closed for good."""
OVERDUE_MS: Final = 3_000
"""After its close time: if no stream has said by then that a candle is closed, it is asked."""
_MOST_CLAIMS: Final = 100


@dataclass(slots=True)
class Moving:
    """One series. Not thread-safe: the follower holds its lock."""

    series: Series
    state: LiveState
    stream: StreamState | None = None
    """None when there is no stream for it."""
    failure: str | None = None
    """Why it could not be asked over REST the last time."""
    asked: bool = False
    """Whether an answer has come over REST since it is followed."""
    offset_ms: int = 0
    """How far the exchange's clock is ahead of ours."""
    forming: Row | None = None
    kept: Row | None = None
    """The newest closed candle that the store has."""
    told_ms: int = -1
    """The open time of the newest candle that was told to be closed."""
    unsettled: bool = False
    """Whether REST's last answer had a candle that has ended and may still change."""
    claims: dict[int, Row] = field(default_factory=dict)
    """What the stream said of closed candles that REST has not been asked for, by open time."""

    @property
    def is_live(self) -> bool:
        """Whether its stream is connected."""
        return self.stream is not None and self.stream.status == "live"

    def hear(self, said: StreamCandle) -> int | None:
        """Take in a stream's message; in how many ms to ask REST at the latest, None if unknown."""
        self.offset_ms = said.event_ms - said.heard_ms
        opened = opens(said.row)
        if said.closed:
            self.claims[opened] = said.row
            if len(self.claims) > _MOST_CLAIMS:
                del self.claims[min(self.claims)]
            self.told_ms = max(self.told_ms, opened)
            return closes(said.row) + SETTLED_MS - said.event_ms
        before, self.forming = self.forming, said.row
        if before is not None and self.told_ms < opens(before) < opened:
            # The next one has begun, and nobody has said that this one is closed.
            return closes(before) + SETTLED_MS - said.event_ms
        return closes(said.row) + OVERDUE_MS - said.event_ms

    def is_late(self, said: StreamCandle) -> bool:
        """Whether the message is of a candle that is known to be closed."""
        kept_ms = opens(self.kept) if self.kept is not None else -1
        return opens(said.row) <= (kept_ms if said.closed else max(kept_ms, self.told_ms))

    def keep(self, closed: list[Row], forming: list[Row]) -> list[Row]:
        """Take in what the store has now; the closed candles that are new or were revised."""
        self.asked, self.failure = True, None
        self.unsettled = len(forming) > 1
        kept = self.kept
        news = [row for row in closed if kept is None or _is_news(row, kept)]
        if closed and (kept is None or opens(closed[-1]) >= opens(kept)):
            self.kept = closed[-1]
            self.told_ms = max(self.told_ms, opens(closed[-1]))
        if forming and (self.forming is None or opens(forming[-1]) >= opens(self.forming)):
            self.forming = forming[-1]
        return news

    def disputed(self, closed: list[Row]) -> list[tuple[Row, Row]]:
        """Claims of the stream that REST contradicts: what was said, and what is kept."""
        kept = {opens(row): row for row in closed}
        settled = [opened for opened in self.claims if self.kept and opened <= opens(self.kept)]
        said = {opened: self.claims.pop(opened) for opened in settled}
        pairs = [(row, kept[opened]) for opened, row in said.items() if opened in kept]
        return [(row, right) for row, right in pairs if row != right]

    def next_ms(self, now_ms: int) -> int:
        """In how many ms to ask again while a stream is live."""
        if self.claims or self.unsettled:
            return 1_000  # It was asked too early.
        if self.forming is None:
            return 60_000
        left_ms = closes(self.forming) + OVERDUE_MS - (now_ms + self.offset_ms)
        # When no candle follows, as in an outage, it is asked less and less often than that.
        return left_ms if left_ms > 0 else min(60_000, self.series.interval.typical_ms)

    def judged(self, now_ms: int, switched_off: str | None) -> LiveState:
        """How it stands now; the same object as long as nothing has changed."""
        if self.is_live:
            return self._became("live", self.failure, now_ms)
        if self.failure is not None:
            return self._became("unreachable", self.failure, now_ms)
        if not self.asked and self.state.status == "starting":
            return self._became("starting", None, now_ms)
        error = self.stream.error if self.stream is not None else switched_off
        return self._became("polling", error, now_ms)

    def _became(self, status: LiveStatus, error: str | None, now_ms: int) -> LiveState:
        if (self.state.status, self.state.error) != (status, error):
            since_ms = self.state.since_ms if self.state.status == status else now_ms
            self.state = LiveState(status, since_ms, error)
        return self.state


def _is_news(row: Row, kept: Row) -> bool:
    """Whether a closed candle is newer than the newest kept one, or another version of it."""
    return opens(row) > opens(kept) or (opens(row) == opens(kept) and row != kept)
