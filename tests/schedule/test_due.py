"""When a series is due again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.interval import INTERVALS, Interval
from chandlery.schedule.due import DELAY_MS, REFRESH_MS, next_due_ms

NOW = st.integers(min_value=0, max_value=4_000_000_000_000)


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
@given(now=NOW)
def test_soon_after_every_close(interval: Interval, now: int) -> None:
    """A series is due shortly after its candle closes, and never long before or after that."""
    due = next_due_ms(interval, now)
    assert now < due <= now + REFRESH_MS
    close = interval.next(interval.floor(now, anchor_ms=0))
    assert due <= close + DELAY_MS


@given(now=NOW, every=st.integers(1, 86_400))
def test_every_so_many_seconds(now: int, every: int) -> None:
    """A period that was set is kept to the millisecond, for any interval."""
    assert {next_due_ms(one, now, every=every) for one in INTERVALS} == {now + every * 1000}
