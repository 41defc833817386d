"""From rows to a page of candles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.errors import BadAnswer
from chandlery.exchanges.pages import Asked, FromTheFuture, read_candles
from tests.exchanges.wire import HOUR, NOW_MS, THIS_HOUR, complaint, hours, row

SERIES = Series.parse("binance:BTCUSDT:1h")
FIRST = THIS_HOUR - 4 * HOUR


def read(rows: list[Any], *, server_ms: int = NOW_MS, **bounds: int) -> Candles:
    """Read rows as the answer to a request for five hours."""
    asked = Asked(SERIES, **{"limit": 5, "start_ms": FIRST, "end_ms": NOW_MS, **bounds})
    return read_candles(rows, asked, server_ms=server_ms, settle_ms=1000)


class TestForming:
    """Closed and forming are decided by the exchange's clock."""

    def test_the_running_hour(self) -> None:
        """The candle of the running hour is unfinished."""
        candles = read(hours(FIRST, 5))
        assert (len(candles), candles.unfinished) == (5, 1)

    @pytest.mark.parametrize(
        ("after_close_ms", "unfinished"), [(0, 1), (1000, 1), (1001, 0), (60_000, 0)]
    )
    def test_settling(self, after_close_ms: int, unfinished: int) -> None:
        """A candle is closed only when more than a second has passed since its close."""
        close_ms = FIRST + HOUR - 1
        found = read([row(FIRST)], server_ms=close_ms + after_close_ms)
        assert found.unfinished == unfinished

    def test_one_settles_while_the_next_begins(self) -> None:
        """Right after the turn of the hour two candles are unfinished."""
        assert read(hours(FIRST, 5), server_ms=THIS_HOUR + 200).unfinished == 2

    def test_old_rows(self) -> None:
        """Old candles are all closed: the position in the list says nothing."""
        assert read(hours(FIRST, 3)).unfinished == 0

    def test_early_close(self) -> None:
        """A candle that an outage closed early is closed when its own close time has passed."""
        assert read([row(THIS_HOUR, length_ms=60_000)]).unfinished == 0

    def test_from_the_first_unfinished_on(self) -> None:
        """What follows an unfinished candle is not counted as closed, whatever its close time."""
        rows = [row(THIS_HOUR - HOUR, length_ms=2 * HOUR), row(THIS_HOUR, length_ms=60_000)]
        assert read(rows).unfinished == 2


class TestBadAnswers:
    """An answer is checked against what was asked."""

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            (hours(FIRST, 6), "6 rows where at most 5"),
            (hours(FIRST - HOUR, 2), "row 1 opens at 2023-11-14 17:00:00 UTC, before"),
            ([row(FIRST), row(FIRST)], "row 2 opens at .* not after the row before"),
            ([row(FIRST + HOUR), row(FIRST)], "row 2 opens at .* not after the row before"),
            ([row(FIRST), []], "row 2"),
            ([row(FIRST), None], "row 2"),
            ([[FIRST, *row(FIRST)[1:11]]], "row 1"),
            ([["x", *row(FIRST)[1:]]], "row 1: open_time"),
            ([[FIRST, 1.5, *row(FIRST)[2:]]], "row 1: open"),
            ([[FIRST, "NaN", *row(FIRST)[2:]]], "row 1: open"),
            ([row(FIRST), [FIRST + HOUR, "9", *row(FIRST)[2:]]], "row 2: its high is not"),
            ([[*row(FIRST)[:3], "1.5", *row(FIRST)[4:]]], "row 1: its low is not the lowest"),
            ([[*row(FIRST)[:3], "3", *row(FIRST)[4:]]], "row 1: its high is not the highest"),
            ([row(FIRST), row(FIRST + HOUR, length_ms=9 * HOUR)], "row 2: it closes long after"),
        ],
    )
    def test_reasons(self, rows: list[Any], reason: str) -> None:
        """The error names the row and what is wrong with it."""
        with pytest.raises(BadAnswer, match=reason):
            read(rows)

    def test_beyond_the_span(self) -> None:
        """A row that opens at or after the end is not what was asked for."""
        with pytest.raises(BadAnswer, match="row 3 opens at 2023-11-14 20:00:00 UTC, not before"):
            read(hours(FIRST, 3), end_ms=FIRST + 2 * HOUR)

    def test_from_the_future(self) -> None:
        """A row that opens later than now is refused, as a kind that questions the clock."""
        with pytest.raises(FromTheFuture, match=r"row 2 .* in the future"):
            read(hours(THIS_HOUR, 2), end_ms=NOW_MS + HOUR)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9) | st.none(), max_size=13)
        | st.permutations(row(FIRST)),
        max_size=4,
    )
)
def test_any_rows(rows: list[Any]) -> None:
    """Arbitrary rows become candles, or are refused in our own words."""
    said = complaint(lambda: read(rows))
    assert said is None or "row" in said


def test_recorded_page(recorded: Path) -> None:
    """A recorded page of 500 minutes, fetched while its last one was still open."""
    rows = orjson.loads((recorded / "binance_rest/klines_1m_500_2024-11-16.json").read_bytes())
    series = Series.parse("binance:ADAUSDT:1m")
    fetched_ms = rows[-1][0] + 30_000
    found = read_candles(rows, Asked(series, 500), server_ms=fetched_ms, settle_ms=1000)
    assert (len(found), found.unfinished) == (500, 1)
    assert found.forming["open_time"].dt.epoch("ms")[0] == rows[-1][0]
