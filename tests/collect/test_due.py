"""When a job is due again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.interval import INTERVALS, MINUTE_MS, Interval
from chandlery.collect.due import SETTLE_MS, Rhythm, due_every_ms, due_ms
from chandlery.store import JobState

HOUR = Interval.parse("1h")
NOON = 1_717_243_200_000
"""2024-06-01 12:00 UTC."""
NOW = st.integers(min_value=0, max_value=4_000_000_000_000)
OFFSET = st.integers(min_value=-7_200_000, max_value=7_200_000)


def done(started_ms: int, offset_ms: int = 0) -> JobState:
    """A job whose last run went well."""
    return JobState("x", started_ms, started_ms, offset_ms)


def failed(started_ms: int, failures: int, kind: str = "Unreachable") -> JobState:
    """A job whose last runs failed."""
    return JobState("x", started_ms, None, 0, failures, "no", kind)


def test_never_done() -> None:
    """What was never done is due at once."""
    assert due_ms(None, Rhythm(HOUR), now_ms=NOON) == 0
    assert due_ms(JobState("x", holder="me", held_until_ms=9), Rhythm(HOUR), now_ms=NOON) == 0


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
@given(started=NOW, offset=OFFSET)
def test_soon_after_every_close(interval: Interval, started: int, offset: int) -> None:
    """A series is due the delay after the first close that its last run cannot have seen."""
    due = due_ms(done(started, offset), Rhythm(interval, delay_ms=2_000), now_ms=started)
    there = due + offset - 2_000
    assert there + SETTLE_MS > started + offset
    assert there % Rhythm(interval).period_ms == 0
    assert due > started
    assert due - started <= Rhythm(interval).period_ms + 3_000


@given(started=NOW, every=st.integers(1, 86_400), offset=OFFSET)
def test_every_so_many_seconds(started: int, every: int, offset: int) -> None:
    """A period that was set is kept for any interval, and does not drift with the work."""
    rhythm = Rhythm(HOUR, every_ms=every * 1000)
    due = due_ms(done(started, offset), rhythm, now_ms=started)
    assert started < due <= started + every * 1000
    assert due_ms(done(due, offset), rhythm, now_ms=due) == due + every * 1000


def test_the_exchange_decides_what_has_closed() -> None:
    """With a clock that is five seconds fast, an hour is collected five seconds later by it."""
    fast = done(NOON - 600_000, offset_ms=-5_000)
    assert due_ms(fast, Rhythm(HOUR), now_ms=NOON - 600_000) == NOON + 7_000


def test_too_early_for_the_close() -> None:
    """A run that began before the candle had settled does not count as having seen it close."""
    early = done(NOON + 900)
    assert due_ms(early, Rhythm(HOUR), now_ms=NOON + 900) == NOON + 2_000


def test_refresh() -> None:
    """The forming candle is fetched in between, and the close is not missed for it."""
    rhythm = Rhythm(HOUR, refresh_ms=15_000)
    assert due_ms(done(NOON - 60_000), rhythm, now_ms=NOON) == NOON - 45_000
    assert due_ms(done(NOON - 5_000), rhythm, now_ms=NOON) == NOON + 2_000


def test_a_failure_is_tried_again_soon_and_then_less_often() -> None:
    """What may pass by itself is tried again after five seconds, doubling up to a minute."""
    waits = [
        due_ms(failed(NOON + 9_000, n), Rhythm(HOUR), now_ms=NOON + 9_000)
        for n in (1, 2, 3, 4, 5, 99)
    ]
    assert [wait - NOON - 9_000 for wait in waits] == [
        5_000,
        10_000,
        20_000,
        40_000,
        60_000,
        60_000,
    ]


def test_a_failure_does_not_put_off_the_next_close() -> None:
    """However often it failed, a series is tried at its next close."""
    state = failed(NOON - 10_000, 50)
    assert due_ms(state, Rhythm(HOUR), now_ms=NOON) == NOON + 2_000


def test_what_only_a_person_can_change() -> None:
    """A symbol that does not exist is not asked for every few seconds."""
    state = failed(NOON, 1, "UnknownSymbol")
    assert due_ms(state, Rhythm(Interval.parse("1m")), now_ms=NOON) == NOON + 5 * MINUTE_MS


def test_a_clock_that_was_set_back() -> None:
    """A last run that lies in the future does not keep anything from being done."""
    assert due_ms(done(NOON + 36_000_000), Rhythm(HOUR), now_ms=NOON) == 0
    assert due_every_ms(done(NOON + 36_000_000), 60_000, now_ms=NOON) == 0


def test_what_has_no_candles() -> None:
    """Market caps and symbol lists are due a period after the last run, sooner after a failure."""
    assert due_every_ms(None, 60_000, now_ms=NOON) == 0
    assert due_every_ms(done(NOON), 60_000, now_ms=NOON) == NOON + 60_000
    assert due_every_ms(failed(NOON, 1), 60_000, now_ms=NOON) == NOON + 5_000
    assert due_every_ms(replace(failed(NOON, 9), error_kind="Refused"), 60_000, now_ms=NOON) == (
        NOON + 60_000
    )
