"""Runs and holes, against a plain model of places."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.interval import DAY_MS, HOUR_MS, Interval
from chandlery.candles.runs import holes, runs
from chandlery.candles.span import Span

HOUR = Interval.parse("1h")
MONTH = Interval.parse("1M")
MONTHS = MONTH.grid(0, 60 * 31 * DAY_MS).dt.epoch("ms").to_list()
"""The first five years, month by month."""


def opens(times: list[int]) -> pl.Series:
    """Open times as the store gives them."""
    return pl.Series(times, dtype=pl.Int64)


def hours(*pairs: tuple[float, float]) -> list[Span]:
    """Spans in hours."""
    return [Span(round(start * HOUR_MS), round(end * HOUR_MS)) for start, end in pairs]


def at(*hours: float) -> pl.Series:
    """Open times in hours."""
    return opens([round(hour * HOUR_MS) for hour in hours])


def grouped(taken: list[bool]) -> list[tuple[int, int]]:
    """The first place of each stretch of taken places, and the one after its last."""
    found: list[tuple[int, int]] = []
    for place, one in enumerate(taken):
        if one and found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        elif one:
            found.append((place, place + 1))
    return found


TAKEN = st.lists(st.booleans(), max_size=40)


@given(taken=TAKEN)
def test_runs_of_hours(taken: list[bool]) -> None:
    """A run is a stretch of taken places, from its first open to the end of its last candle."""
    times = at(*(hour for hour, one in enumerate(taken) if one))
    assert runs(times, HOUR) == hours(*grouped(taken))


@given(taken=TAKEN)
def test_runs_of_months(taken: list[bool]) -> None:
    """Months follow each other whatever their lengths."""
    times = opens([MONTHS[place] for place, one in enumerate(taken) if one])
    expected = [Span(MONTHS[first], MONTHS[stop]) for first, stop in grouped(taken)]
    assert runs(times, MONTH) == expected


@given(taken=TAKEN.filter(bool))
def test_holes_of_hours(taken: list[bool]) -> None:
    """On the grid, holes are what the runs leave of the span."""
    (within,) = hours((0, len(taken)))
    times = at(*(hour for hour, one in enumerate(taken) if one))
    assert holes(times, within, HOUR) == hours(*grouped([not one for one in taken]))


@given(taken=TAKEN.filter(bool))
def test_holes_of_months(taken: list[bool]) -> None:
    """So it is with months."""
    times = opens([MONTHS[place] for place, one in enumerate(taken) if one])
    within = Span(MONTHS[0], MONTHS[len(taken)])
    expected = [Span(MONTHS[a], MONTHS[b]) for a, b in grouped([not one for one in taken])]
    assert holes(times, within, MONTH) == expected


OFF_GRID = st.sets(st.integers(0, 4_000), max_size=40).map(sorted)


@given(minutes=OFF_GRID, start=st.integers(0, 300), length=st.integers(1, 4_000))
def test_any_times(minutes: list[int], start: int, length: int) -> None:
    """Off the grid too, runs hold every candle, holes none, and neither overlap."""
    within = Span(start * 60_000, (start + length) * 60_000)
    times = opens([minute * 60_000 for minute in minutes if minute * 60_000 in within])
    found, empty = runs(times, HOUR), holes(times, within, HOUR)
    for spans in (found, empty):
        assert spans == sorted(spans)
        assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(any(ms in run for run in found) for ms in times)
    assert not any(ms in hole for ms in times for hole in empty)
    assert not any(run.intersect(hole) for run in found for hole in empty)
    assert all(within.intersect(hole) == hole for hole in empty)


def test_nothing() -> None:
    """Without candles there is no run, and all of the span is a hole."""
    assert runs(at(), HOUR) == []
    assert holes(at(), Span(3, 5), HOUR) == [Span(3, 5)]


def test_off_the_grid() -> None:
    """As in February 2018: candles behind an outage stand half an hour off, and are one run."""
    times = at(1, 2, 9.5, 10.5, 11.5)
    assert runs(times, HOUR) == hours((1, 3), (9.5, 12.5))
    assert holes(times, Span(HOUR_MS, 13 * HOUR_MS), HOUR) == hours((3, 9.5), (12.5, 13))


def test_a_candle_cut_short() -> None:
    """A candle whose time overlaps that of the next one is followed by it."""
    times = at(1, 1.5, 2.5)
    assert runs(times, HOUR) == hours((1, 3.5))
    assert holes(times, Span(HOUR_MS, 4 * HOUR_MS), HOUR) == hours((3.5, 4))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1, 2, []),
        (0.5, 2, []),
        (0, 2, [(0, 1)]),
        (-0.5, 2, [(0, 1)]),
        (1, 2.5, [(2, 2.5)]),
    ],
)
def test_edges(start: float, end: float, expected: list[tuple[float, float]]) -> None:
    """A hole at an edge begins at a place; before the first candle less than one is no hole."""
    (within,) = hours((start, end))
    assert holes(at(1), within, HOUR) == hours(*expected)
