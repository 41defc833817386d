"""Gaps: every stretch without a candle, each with its reason and the evidence for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import polars as pl

from chandlery.candles.frame import TIME
from chandlery.candles.gaps import gaps, places
from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span, cover, subtract
from chandlery.store import Entry, Store

Reason = Literal[
    "before listing",
    "empty at the exchange",
    "after delisting",
    "archive not published yet",
    "failed",
    "never asked",
    "off the grid",
    "lost",
]
"""`off the grid`: candles stand there, beside the places of the interval. `lost`: the ledger says
that candles are stored, and they are not there; `chandlery verify` says more."""

EPOCH: Final = 0
_EMPTY: Final = "empty at the exchange"
_REASONS: Final[dict[str, Reason]] = {
    "empty": _EMPTY,
    "failed": "failed",
    "unpublished": "archive not published yet",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a series in which no place has a candle."""

    span: Span
    candles: int | None
    """How many places of the interval's grid are empty; None before the series begins, and where
    nobody knows whether it had begun."""
    reason: Reason
    asked_ms: int | None = None
    """When the exchange said so, or failed to."""
    source: str | None = None
    request: str | None = None
    """By which question."""
    tries: int = 0
    """How often it was asked in vain."""
    error: str | None = None
    """Why it failed, in words."""

    @property
    def inside(self) -> bool:
        """Whether it lies where the exchange could have candles for all that is known."""
        return self.reason not in {"before listing", "after delisting", "off the grid"}


def find_gaps(
    series: Series,
    store: Store,
    *,
    now_ms: int,
    ended: bool = False,
    within: Span | None = None,
) -> list[Gap]:
    """Every gap from the beginning of time to the last close, ascending.

    `ended` says whether the exchange trades the symbol no more. Only of the time `within`, to
    which gaps are cut, candles are looked at. Raises `StoreError`.
    """
    opens = _opens(series, store, within)
    found = _found(series, opens, store.ledger.entries(series), now_ms=now_ms, ended=ended)
    return _joined(found if within is None else _cut(found, within, opens, series.interval))


@dataclass(frozen=True, slots=True)
class _Opens:
    """Open times of closed candles, and where the first and the last of all stand."""

    times: pl.Series
    first: int
    last: int
    looked: Span
    """All of the candles that open within it are among the times."""


def _opens(series: Series, store: Store, within: Span | None) -> _Opens | None:
    if within is None:
        times = store.candles.opens(series)
        if times.is_empty():
            return None
        first, last = int(times[0]), int(times[-1])
        return _Opens(times, first, last, Span(first, last + 1))
    stood = store.growth.since(series, within.end)
    if stood is None:
        return None
    looked = Span(stood.first_ms, stood.last_ms + 1).intersect(within)
    if looked is None:
        nothing = Span(stood.first_ms, stood.first_ms + 1)
        times = pl.Series([stood.first_ms], dtype=pl.Int64)
        return _Opens(times, stood.first_ms, stood.last_ms, nothing)
    times = store.candles.opens(series, span=looked)
    return _Opens(times, stood.first_ms, stood.last_ms, looked)


def _cut(
    found: Iterable[Gap], within: Span, opens: _Opens | None, interval: Interval
) -> Iterator[Gap]:
    for gap in found:
        inside = gap.span.intersect(within)
        if inside is None or inside == gap.span:
            yield from [gap] * (inside is not None)
            continue
        count = gap.candles
        if count is not None and opens is not None:
            count = places(inside, interval, anchor_ms=opens.first)
        if count != 0:
            yield replace(gap, span=inside, candles=count)


def _joined(found: Iterable[Gap]) -> list[Gap]:
    """What lies outside as few gaps, with the newest evidence: it is asked in many pages."""
    joined: list[Gap] = []
    for gap in found:
        before = joined[-1] if joined else None
        touches = before is not None and before.span.end == gap.span.start
        if before is None or gap.inside or not touches or before.reason != gap.reason:
            joined.append(gap)
            continue
        count = None if gap.candles is None else gap.candles + (before.candles or 0)
        newest = max(before, gap, key=lambda one: one.asked_ms or 0)
        joined[-1] = replace(newest, span=cover(before.span, gap.span), candles=count)
    return joined


def _found(
    series: Series, opens: _Opens | None, entries: list[Entry], *, now_ms: int, ended: bool
) -> Iterator[Gap]:
    interval = series.interval
    listed = listed_ms(entries, interval)
    if opens is None:
        yield from _of_none(entries, interval, listed, now_ms)
        return
    first, last = opens.first, opens.last
    yield from _before(first, entries, interval, listed)
    for hole in gaps(opens.times.cast(TIME), interval, opens.looked, anchor_ms=first):
        yield from _inside(hole, series, entries, opens)
    end = interval.floor(now_ms, anchor_ms=first)
    if interval.next(last) < end:
        after = Span(interval.next(last), end)
        yield from _after(after, entries, interval, first, ended=ended)


def listed_ms(entries: list[Entry], interval: Interval) -> int | None:
    """Where the time ends of which the exchange has said that nothing was there yet."""
    listed: int | None = None
    for entry in entries:
        # The first place of a grid may lie some days after the beginning of time.
        begins = listed if listed is not None else EPOCH + interval.typical_ms
        if entry.state == "empty" and entry.span.start <= begins:
            listed = entry.span.end
        elif entry.span.start >= begins:
            break
    return listed


def _of_none(
    entries: list[Entry], interval: Interval, listed: int | None, now_ms: int
) -> Iterator[Gap]:
    """The gaps of a series of which no candle is held."""
    if listed is None:
        yield from _explained(Span(EPOCH, now_ms), entries)
        return
    end = interval.floor(now_ms, anchor_ms=listed)
    yield from _unlisted(min(listed, end), entries, interval)
    if listed < end:
        yield from _after(Span(listed, end), entries, interval, listed, ended=False)


def _before(
    first: int, entries: list[Entry], interval: Interval, listed: int | None
) -> Iterator[Gap]:
    if first <= EPOCH:
        return
    if listed is None:
        yield from _explained(Span(EPOCH, first), entries)
        return
    yield from _unlisted(min(listed, first), entries, interval)
    if listed < first:
        yield from _after(Span(listed, first), entries, interval, first, ended=False)


def _unlisted(listed: int, entries: list[Entry], interval: Interval) -> Iterator[Gap]:
    start = EPOCH
    for gap in _explained(Span(EPOCH, listed), entries):
        if gap.reason == _EMPTY:
            yield replace(gap, span=Span(start, gap.span.end), reason="before listing")
        elif places(gap.span, interval, anchor_ms=listed):
            yield gap
        else:
            continue  # before the first place of the grid there is nothing to explain
        start = gap.span.end


def _inside(hole: Span, series: Series, entries: list[Entry], opens: _Opens) -> Iterator[Gap]:
    for gap in _explained(hole, entries):
        count = places(gap.span, series.interval, anchor_ms=opens.first)
        if not count:
            continue
        beside = gap.reason in {"lost", "never asked"} and _any(opens.times, gap.span)
        yield replace(gap, reason="off the grid" if beside else gap.reason, candles=count)


def _after(
    span: Span, entries: list[Entry], interval: Interval, anchor_ms: int, *, ended: bool
) -> Iterator[Gap]:
    """Gaps with no candle behind them; of what has ended, the newest cannot be proven empty yet."""
    over = False
    for gap in _explained(span, entries):
        count = places(gap.span, interval, anchor_ms=anchor_ms)
        over = ended and (gap.reason == _EMPTY or (over and gap.reason == "never asked"))
        if count:
            yield replace(gap, reason="after delisting" if over else gap.reason, candles=count)


def _explained(span: Span, entries: list[Entry]) -> Iterator[Gap]:
    """The span cut into pieces by what the ledger knows of it."""
    known = [
        (inside, entry) for entry in entries if (inside := entry.span.intersect(span)) is not None
    ]
    pieces = [Gap(rest, None, "never asked") for rest in subtract([span], [at for at, _ in known])]
    pieces += [
        Gap(
            at,
            None,
            _REASONS.get(entry.state, "lost"),
            entry.asked_ms,
            entry.source,
            entry.request,
            entry.tries if entry.error else 0,
            entry.error,
        )
        for at, entry in known
    ]
    yield from sorted(pieces, key=lambda gap: gap.span)


def _any(opens: pl.Series, span: Span) -> bool:
    return int(opens.search_sorted(span.start)) < int(opens.search_sorted(span.end))
