"""Spans: half-open ranges of time, and their set arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chandlery.clock import ms_to_text
from chandlery.errors import BadSpan


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """All of time from `start` up to but not including `end`, in epoch milliseconds."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            msg = (
                f"A span must end after it starts; asked was from {ms_to_text(self.start)} "
                f"until {ms_to_text(self.end)}."
            )
            raise BadSpan(msg)

    def __str__(self) -> str:
        return f"{ms_to_text(self.start)} to {ms_to_text(self.end)}"

    def __contains__(self, ms: int) -> bool:
        return self.start <= ms < self.end

    def intersect(self, other: Span) -> Span | None:
        """What both hold, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def cover(first: Span | None, second: Span) -> Span:
    """The shortest span that holds both."""
    if first is None:
        return second
    return Span(min(first.start, second.start), max(first.end, second.end))


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as can be, ascending; touching spans become one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(wanted: Iterable[Span], held: Iterable[Span]) -> list[Span]:
    """What of `wanted` is not in `held`, ascending."""
    left: list[Span] = []
    holes = merge(held)
    for span in merge(wanted):
        start = span.start
        for hole in holes:
            if hole.end <= start or hole.start >= span.end:
                continue
            if hole.start > start:
                left.append(Span(start, hole.start))
            start = max(start, hole.end)
        if start < span.end:
            left.append(Span(start, span.end))
    return left
