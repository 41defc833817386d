"""Spans as sets of time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.span import Span, merge, subtract
from chandlery.errors import BadSpan

SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda t: Span(t[0], t[0] + t[1])),
    max_size=8,
)


def points(spans: list[Span]) -> set[int]:
    """Every moment in the spans."""
    return {ms for span in spans for ms in range(span.start, span.end)}


def is_tidy(spans: list[Span]) -> bool:
    """Whether the spans ascend and never touch."""
    return all(a.end < b.start for a, b in itertools.pairwise(spans))


@given(spans=SPANS)
def test_merge(spans: list[Span]) -> None:
    """Merging keeps exactly the same time in ascending spans that do not touch."""
    assert points(merge(spans)) == points(spans)
    assert is_tidy(merge(spans))


@given(wanted=SPANS, held=SPANS)
def test_subtract(wanted: list[Span], held: list[Span]) -> None:
    """Subtracting leaves exactly what is wanted and not held."""
    assert points(subtract(wanted, held)) == points(wanted) - points(held)


@given(a=SPANS.filter(bool), b=SPANS.filter(bool))
def test_intersect(a: list[Span], b: list[Span]) -> None:
    """What two spans share is the time that lies in both."""
    common = a[0].intersect(b[0])
    assert (points([common]) if common else set()) == points([a[0]]) & points([b[0]])


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5)])
def test_no_span(start: int, end: int) -> None:
    """A span that does not end after it starts is refused in words."""
    with pytest.raises(BadSpan, match="must end after it starts"):
        Span(start, end)
