"""Larger candles of a kept series, with all that the store knows of the holes in it."""

from __future__ import annotations

from typing import Final

from chandlery.candles.frame import empty
from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.resample import Known, Resampled, check_multiple, resample
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.collect.wanted import Wanted
from chandlery.errors import BadSpan
from chandlery.store import Held, Store

LISTED_AFTER_MS: Final = 7 * DAY_MS
"""So long before its first candle must the exchange have had none for that to be the listing.

The longest outage on record took a day and a half: a symbol that is silent for a week is new.
"""


def resampled(
    series: Series,
    interval: Interval,
    store: Store,
    wanted: Wanted,
    *,
    anchor_ms: int | None = None,
) -> Resampled:
    """The larger candles that open in the wanted span, of these the last ones, from closed ones.

    Raises `BadSpan` when they are no sums of the kept ones, and when the grid of 3d candles is
    not known.
    """
    check_multiple(series.interval, interval)
    # The ledger is read before the candles: what it has answered by now is among them, while of
    # what is answered from now on we may not have seen the candles.
    answered = store.ledger.answered(series)
    lines = {line.series: line for line in store.catalogue()}
    line = lines.get(series)
    if line is None or line.first_ms is None or line.last_ms is None:
        return resample(empty(), series.interval, interval, anchor_ms=anchor_ms or 0)
    held = Span(line.first_ms, line.last_ms + 1)
    if interval.text == "3d" and anchor_ms is None:
        anchor_ms = known_anchor(series, lines, held, answered)
    needed = _needed(series.interval, interval, held, wanted.span, anchor_ms)
    if wanted.last is not None:
        # One more than asked, for the oldest may be cut.
        most = (wanted.last + 1) * (interval.typical_ms // series.interval.typical_ms)
        needed = needed if most >= line.candles else _end_of(needed, most, series, store)
    children = store.candles.scan(series, span=needed, forming=False)
    known = Known(held, answered, _forming_ms(series, store))
    made = resample(children, series.interval, interval, anchor_ms=anchor_ms, known=known)
    return made.part(wanted.span, wanted.last)


def _needed(
    child: Interval, parent: Interval, held: Span, span: Span | None, anchor_ms: int | None
) -> Span:
    """The open times of the children; and one before, which may reach over the first edge."""
    if span is None:
        return held
    start = parent.ceil(span.start, anchor_ms=anchor_ms) - child.typical_ms
    end = min(parent.ceil(span.end, anchor_ms=anchor_ms), held.end)
    return Span(min(start, end - 1), end)


def _end_of(needed: Span, count: int, series: Series, store: Store) -> Span:
    """The part of the span that has its newest `count` candles; only their times are read."""
    opens = store.candles.scan(series, span=needed, forming=False).select("open_time").tail(count)
    first = opens.head(1).collect()["open_time"].dt.epoch("ms")
    return needed if first.is_empty() else Span(int(first[0]), needed.end)


def _forming_ms(series: Series, store: Store) -> int | None:
    forming = store.candles.read(series, last=2).forming["open_time"].dt.epoch("ms")
    return None if forming.is_empty() else int(forming[0])


def known_anchor(
    series: Series, lines: dict[Series, Held], held: Span, answered: list[Span]
) -> int:
    """The symbol's first day, on which its 3d candles count: from them, or from the listing."""
    own = lines.get(Series(series.exchange, series.symbol, Interval.parse("3d")))
    if own is not None and own.first_ms is not None:
        return own.first_ms
    before = Span(held.start - LISTED_AFTER_MS, held.start)
    if any(one.start <= before.start and one.end >= before.end for one in answered):
        return held.start
    msg = (
        f"The 3d candles of {series.symbol} count from its first day at {series.exchange}, and "
        f"nothing kept says that this is {ms_to_text(held.start)}. Give the day on which any of "
        f"them opens with --anchor, or fetch some: chandlery collect {series.exchange}:"
        f"{series.symbol}:3d --last 3"
    )
    raise BadSpan(msg)
