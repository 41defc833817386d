"""When a job is due again; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chandlery.candles.interval import DAY_MS, Interval
from chandlery.store import JobState

SETTLE_MS: Final = 1_000
"""How long after its close a candle is not yet taken as closed, by the slowest exchange."""
SPREAD_MS: Final = 5_000
"""The series of a pattern are due over so long, for they would all be due at one moment."""

_FIRST_RETRY_MS: Final = 5_000
_LAST_RETRY_MS: Final = 60_000
_HOPELESS_MS: Final = 300_000
"""What only a person can put right is tried again now and then."""
_TEMPORARY: Final = {"Unreachable", "RateLimited", "ServerFault", "BadAnswer"}
_SLACK_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a series is collected; all in milliseconds."""

    interval: Interval
    every_ms: int | None = None
    """Between two collections; None for at each candle's close."""
    delay_ms: int = 2_000
    """After a close, until the exchange has settled the candle."""
    refresh_ms: int | None = None
    """How old the forming candle may get between closes; None for as old as it likes."""
    spread_ms: int = 0
    """So much later than others."""

    @property
    def period_ms(self) -> int:
        """Between two collections, when all is well."""
        return self.every_ms or _closes_every_ms(self.interval)


def due_ms(state: JobState | None, rhythm: Rhythm, *, now_ms: int) -> int:
    """When a series is due, by this machine's clock: 0 when it never was collected."""
    if state is None or state.started_ms is None or state.started_ms > now_ms + _SLACK_MS:
        # A run that began in the future is one by a clock that has been set back since.
        return 0
    regular = _after(state.started_ms, rhythm, state.offset_ms)
    if not state.failures:
        return regular
    retry = state.started_ms + retry_ms(state)
    return min(regular, retry) if state.error_kind in _TEMPORARY else retry


def due_every_ms(state: JobState | None, every_ms: int, *, now_ms: int) -> int:
    """When something is due that has nothing to do with candles."""
    if state is None or state.started_ms is None or state.started_ms > now_ms + _SLACK_MS:
        return 0
    wait = min(retry_ms(state), every_ms) if state.failures else every_ms
    return state.started_ms + wait


def retry_ms(state: JobState) -> int:
    """How long after a failed run the next one may begin."""
    if state.error_kind not in _TEMPORARY:
        return _HOPELESS_MS
    doubled: int = _FIRST_RETRY_MS * 2 ** min(state.failures - 1, 10)
    return min(doubled, _LAST_RETRY_MS)


def _after(started_ms: int, rhythm: Rhythm, offset_ms: int) -> int:
    """The first due time that a run which began at `started_ms` has not served."""
    # What counts is the exchange's clock: by ours the candle may have closed already, or not yet.
    there = started_ms + offset_ms
    period = rhythm.period_ms
    moment = rhythm.delay_ms + rhythm.spread_ms
    if rhythm.every_ms is None:
        # The first close that the run cannot have seen settled.
        close = (there - SETTLE_MS) // period * period + period
        due = close + moment
    else:
        due = (there - moment) // period * period + period + moment
    if rhythm.refresh_ms is not None and rhythm.every_ms is None:
        due = min(due, there + rhythm.refresh_ms)
    return due - offset_ms


def _closes_every_ms(interval: Interval) -> int:
    # Longer candles close at the end of a day too, only not of each.
    length = interval.length_ms
    return length if length and length <= DAY_MS else DAY_MS
