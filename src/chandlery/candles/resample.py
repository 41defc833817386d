"""Larger candles from smaller ones, in decimal arithmetic, so that the sums are exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.span import Span, subtract
from chandlery.candles.sums import Sums, summed
from chandlery.errors import BadSpan

OLDER: Final = "nothing older is held"
NEWER: Final = "nothing newer is held"
UNASKED: Final = "never asked"
FORMING: Final = "still forming"
OFF_GRID: Final = "off the grid"

INCOMPLETE: Final[dict[str, pl.DataType]] = {
    "open_time": TIME,
    "children": pl.Int64(),
    "of": pl.Int64(),
    "reasons": pl.List(pl.String()),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the smaller candles besides themselves."""

    held: Span
    """From the first to the last closed candle that is kept, whatever part of them is summed."""
    answered: Sequence[Span] = ()
    """Where the exchange has given every candle, so that a hole is one of its own."""
    forming_ms: int | None = None
    """Open time of the candle that is not closed yet."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """Larger candles, and which of them cannot be whole.

    `frame` has the columns of `SCHEMA`, `incomplete` those of `INCOMPLETE`: one row for each
    candle of `frame` that is no sum of all its time, with how many `children` it has `of` how
    many, and the `reasons`: `OLDER`, `NEWER`, `UNASKED`, `FORMING`, `OFF_GRID`. A candle whose
    missing children the exchange itself does not have is complete.
    """

    frame: pl.DataFrame
    incomplete: pl.DataFrame

    def part(self, span: Span | None, last: int | None) -> Resampled:
        """The larger candles that open in `span`, of these the `last` ones."""
        opens = pl.col("open_time").dt.epoch("ms")
        inside = pl.lit(value=True) if span is None else opens.is_between(span.start, span.end - 1)
        frame = self.frame.filter(inside)
        frame = frame if last is None else frame.tail(last)
        return Resampled(frame, self.incomplete.join(frame, on="open_time", how="semi"))


def resample(
    frame: pl.DataFrame | pl.LazyFrame,
    child: Interval,
    parent: Interval,
    *,
    anchor_ms: int | None = None,
    known: Known | None = None,
) -> Resampled:
    """Sum closed candles of `child` length up to `parent` length.

    A sum over a value that some child lacks is null. Without `known`, `frame` is all that is held,
    and no hole counts as confirmed by the exchange. For 3d, `anchor_ms` is any open time of the
    symbol's own 3d candles. Raises `BadSpan` when `parent` is not a multiple of `child`.

    A lazy frame is never in memory as a whole.
    """
    check_multiple(child, parent)
    children = frame.lazy()
    sums = summed(children, child, parent, anchor_ms=anchor_ms)
    if known is None and not sums.holes.is_empty():
        known = _known_of(children)
    return judged(sums, child, known)


def judged(sums: Sums, child: Interval, known: Known | None) -> Resampled:
    """The sums of `child` candles with the reasons why some of them cannot be whole.

    `known` is needed where there are holes.
    """
    reasons: dict[int, list[str]] = {}
    if known is not None:
        for parent_ms, start, end in sums.holes.iter_rows():
            reasons.setdefault(parent_ms, []).extend(_reasons(Span(start, end), known, child))
    return Resampled(sums.frame.select(list(SCHEMA)), _incomplete(sums.frame, reasons))


def check_multiple(child: Interval, parent: Interval) -> None:
    """Raises `BadSpan` when candles of `parent` length are no sums of those of `child` length."""
    fits = child.length_ms is not None and (
        DAY_MS % child.length_ms == 0 and child.text != "3d"
        if parent.length_ms is None
        else parent.length_ms > child.length_ms and parent.length_ms % child.length_ms == 0
    )
    if not fits:
        msg = f"{parent} candles cannot be summed from {child} candles."
        raise BadSpan(msg)


def _reasons(hole: Span, known: Known, child: Interval) -> Iterator[str]:
    """Why the children of a hole are not there; nothing when the exchange has none."""
    for span in subtract([hole], known.answered):
        if child.ceil(span.start) >= span.end:
            continue  # no child opens in what is left, as where an answer ended amid a candle
        if span.end <= known.held.start:
            yield OLDER
        elif span.start < known.held.end:
            yield UNASKED
        else:
            forms = known.forming_ms is not None and known.forming_ms < hole.end
            yield FORMING if forms else NEWER


def _known_of(children: pl.LazyFrame) -> Known:
    opens = pl.col("open_time").dt.epoch("ms")
    first, last = children.select(opens.min(), opens.max().alias("last")).collect().row(0)
    return Known(Span(first, last + 1))


def _incomplete(sums: pl.DataFrame, reasons: dict[int, list[str]]) -> pl.DataFrame:
    opens = pl.col("open_time").dt.epoch("ms")
    doubtful = sums.select(opens, "places", "of", _crossed().alias("crossed")).filter(
        pl.col("crossed") | pl.col("open_time").is_in([*reasons])
    )
    rows = []
    for open_ms, places, of, crossed in doubtful.iter_rows():
        why = [*dict.fromkeys(reasons.get(open_ms, [])), *[OFF_GRID] * crossed]
        if why:
            rows.append((open_ms, places, of, why))
    return pl.DataFrame(rows, schema=INCOMPLETE, orient="row")


def _crossed() -> pl.Expr:
    """Whether a child reaches over the end of a larger candle, or over its start.

    Then some of its trades are counted in the neighbour, or the other way round.
    """
    follows = pl.col("ends").shift(1) == pl.col("open_time").dt.epoch("ms")
    entered = (pl.col("over").shift(1) & follows).fill_null(value=False)
    return pl.col("over") | entered
