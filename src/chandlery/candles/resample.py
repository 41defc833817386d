"""Larger candles from smaller ones, in decimal arithmetic, so that the sums are exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.interval import DAY_MS, SECOND_MS, Interval
from chandlery.candles.span import Span, subtract
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

_SUMMED: Final = (
    "volume",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)


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
    into = parent.floor_expr(pl.col("open_time"), anchor_ms=anchor_ms)
    sums = _with_edges(_summed(children, child, into), child, parent)
    whole = sums.select(list(SCHEMA)).cast(pl.Schema(SCHEMA))
    doubtful = sums.filter(pl.col("shifted") | (pl.col("children") < pl.col("of")))
    taken = _taken(children.with_columns(into.alias("parent")), doubtful, child)
    reasons: dict[int, list[str]] = {}
    if not taken.is_empty():
        known = known or _known_of(children)
        for parent_ms, hole in _holes(taken, doubtful, child):
            reasons.setdefault(parent_ms, []).extend(_reasons(hole, known, child))
    return Resampled(whole, _incomplete(sums, taken, reasons))


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


def _summed(children: pl.LazyFrame, child: Interval, into: pl.Expr) -> pl.DataFrame:
    """The sums, and what tells whether they may lack something.

    The streaming engine keeps one line per larger candle and reads the smaller ones in pieces.
    It promises no order within a group, so that first and last go by the time.
    """
    off_grid = pl.col("open_time").dt.epoch("ms") % child.typical_ms != 0
    sums = children.group_by(into.alias("parent")).agg(
        pl.col("open").min_by("open_time"),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").max_by("open_time"),
        *(_exact_sum(name) for name in _SUMMED),
        pl.len().cast(pl.Int64).alias("children"),
        off_grid.any().alias("shifted"),
        pl.col("close_time").max().alias("until"),
    )
    return sums.rename({"parent": "open_time"}).sort("open_time").collect(engine="streaming")


def _exact_sum(name: str) -> pl.Expr:
    """The sum, or null when a child lacks the value: a part of a sum would be a wrong number."""
    value = pl.col(name)
    return pl.when(value.count() == pl.len()).then(value.sum()).alias(name)


def _with_edges(sums: pl.DataFrame, child: Interval, parent: Interval) -> pl.DataFrame:
    """With `close_time`, `ends` (epoch ms), how many children fit (`of`), and `crossed`.

    A larger candle is `crossed` when a child reaches over its end, or over its start: then some
    of its trades are counted in its neighbour, or the other way round.
    """
    opens = sums["open_time"].dt.epoch("ms")
    ends = pl.Series("ends", [parent.next(ms) for ms in opens.to_list()], dtype=pl.Int64)
    # A second of grace: in files whose times are text, a close is rounded up to a second.
    over = sums["until"].dt.epoch("ms") >= ends + SECOND_MS
    entered = over.shift(1, fill_value=False) & (ends.shift(1) == opens).fill_null(value=False)
    return sums.with_columns(
        (ends - 1).cast(TIME).alias("close_time"),
        ends,
        ((ends - opens) // child.typical_ms).alias("of"),
        (over | entered).alias("crossed"),
    )


def _taken(children: pl.LazyFrame, doubtful: pl.DataFrame, child: Interval) -> pl.DataFrame:
    """The places of the grid that have a child, by `parent` (both epoch ms, ascending).

    A child off the grid takes the place in which it opens. So two children in one place do not
    make up for an empty one, and a shifted stretch of February 2018 has no holes but at its ends;
    that its children cross the edges of the larger candle is a doubt of its own.
    """
    place = child.floor_expr(pl.col("open_time")).dt.epoch("ms").alias("place")
    if doubtful.is_empty():
        return pl.DataFrame(schema={"parent": pl.Int64, "place": pl.Int64})
    return (
        children.filter(pl.col("parent").is_in(doubtful["open_time"].implode()))
        .select(pl.col("parent").dt.epoch("ms"), place)
        .unique()
        .sort("parent", "place")
        .collect(engine="streaming")
    )


def _holes(
    taken: pl.DataFrame, doubtful: pl.DataFrame, child: Interval
) -> Iterator[tuple[int, Span]]:
    """Every stretch of places without a child, with the larger candle in which it lies."""
    step = child.typical_ms
    free_from = (pl.col("place").shift(1).over("parent") + step).fill_null(pl.col("parent"))
    inner = taken.select("parent", free_from.alias("start"), pl.col("place").alias("end"))
    ends = doubtful.select(pl.col("open_time").dt.epoch("ms").alias("parent"), "ends")
    outer = (
        taken.group_by("parent")
        .agg(pl.col("place").max() + step)
        .join(ends, on="parent")
        .select("parent", pl.col("place").alias("start"), pl.col("ends").alias("end"))
    )
    found = pl.concat([inner, outer]).filter(pl.col("start") < pl.col("end"))
    for parent_ms, start, end in found.sort("parent", "start").iter_rows():
        yield parent_ms, Span(start, end)


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


def _incomplete(
    sums: pl.DataFrame, taken: pl.DataFrame, reasons: dict[int, list[str]]
) -> pl.DataFrame:
    counts = dict(taken.group_by("parent").len().iter_rows())
    rows = []
    asked = sums.select(pl.col("open_time").dt.epoch("ms"), "children", "of", "crossed")
    for open_ms, children, of, crossed in asked.iter_rows():
        why = [*dict.fromkeys(reasons.get(open_ms, [])), *[OFF_GRID] * crossed]
        if why:
            rows.append((open_ms, counts.get(open_ms, children), of, why))
    return pl.DataFrame(rows, schema=INCOMPLETE, orient="row")
