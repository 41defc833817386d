"""Why a candle is absent: confirmed empty at the exchange, or never asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chandlery.candles.gaps import gaps, places
from chandlery.candles.series import Series
from chandlery.candles.span import Span, subtract
from chandlery.store import Entry, Store


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without candles inside a series."""

    span: Span
    candles: int
    """How many places of the interval's grid are empty."""
    reason: Literal["empty at the exchange", "never asked"]
    asked_ms: int | None
    """When the exchange said so."""


def find_gaps(series: Series, store: Store) -> list[Gap]:
    """Every gap between the first and the last closed candle, ascending, each with its reason."""
    frame = store.candles.read(series, forming=False).frame
    if frame.is_empty():
        return []
    opens = frame["open_time"]
    first, last = (int(ms) for ms in opens.dt.epoch("ms").gather([0, -1]))
    entries = store.ledger.entries(series)
    found = gaps(opens, series.interval, Span(first, last + 1), anchor_ms=first)
    return [_explained(span, series, first, entries) for span in found]


def _explained(span: Span, series: Series, anchor_ms: int, entries: list[Entry]) -> Gap:
    count = places(span, series.interval, anchor_ms=anchor_ms)
    asked = [entry for entry in entries if entry.span.intersect(span)]
    if subtract([span], [entry.span for entry in asked]):
        return Gap(span, count, "never asked", None)
    return Gap(span, count, "empty at the exchange", max(entry.asked_ms for entry in asked))
