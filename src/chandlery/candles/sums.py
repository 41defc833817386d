"""Exact sums of smaller candles, each with what of its time has no smaller one: pure facts.

Why a smaller candle is not there is for `resample` to say; so that sums can be kept while what is
known of their holes changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.interval import SECOND_MS, Interval
from chandlery.candles.span import Span, merge, subtract

FACTS: Final[dict[str, pl.DataType]] = {
    "ends": pl.Int64(),
    "children": pl.Int64(),
    "places": pl.Int64(),
    "of": pl.Int64(),
    "over": pl.Boolean(),
}
"""Beside the columns of a larger candle: where it ends (epoch ms), how many smaller candles were
summed, how many places of the grid they take, how many there are, and whether one of them reaches
over the end."""

HOLES: Final[dict[str, pl.DataType]] = {
    "parent": pl.Int64(),
    "start": pl.Int64(),
    "end": pl.Int64(),
}
"""Open time of the larger candle (epoch ms), and a stretch in it without a smaller one."""

Engine = Literal["streaming", "in-memory"]

_SUMMED: Final = (
    "volume",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)


@dataclass(frozen=True, slots=True)
class Sums:
    """Larger candles: `frame` has the columns of SCHEMA and FACTS, `holes` those of HOLES."""

    frame: pl.DataFrame
    holes: pl.DataFrame

    @property
    def children(self) -> int:
        """How many smaller candles were summed in all."""
        return int(self.frame["children"].sum())

    @property
    def bytes(self) -> int:
        """What they take in memory."""
        return int(self.frame.estimated_size() + self.holes.estimated_size())

    def part(self, span: Span) -> Sums:
        """Those that open within `span`."""
        opens = pl.col("open_time").dt.epoch("ms")
        return Sums(
            self.frame.filter(opens.is_between(span.start, span.end - 1)),
            self.holes.filter(pl.col("parent").is_between(span.start, span.end - 1)),
        )

    def tail(self, count: int) -> Sums:
        """The newest `count` of them."""
        frame = self.frame.tail(count)
        if frame.is_empty():
            return none()
        first = frame["open_time"].dt.epoch("ms")[0]
        return Sums(frame, self.holes.filter(pl.col("parent") >= first))


def none() -> Sums:
    """No candles."""
    return Sums(pl.DataFrame(schema=SCHEMA | FACTS), pl.DataFrame(schema=HOLES))


def joined(parts: Sequence[Sums]) -> Sums:
    """Parts that follow each other, as one."""
    if not parts:
        return none()
    # In one piece: each step over a frame of a hundred pieces costs a hundred times its price.
    return Sums(
        pl.concat([part.frame for part in parts], rechunk=True),
        pl.concat([part.holes for part in parts], rechunk=True),
    )


def summed(
    frame: pl.LazyFrame | pl.DataFrame,
    child: Interval,
    parent: Interval,
    *,
    anchor_ms: int | None = None,
) -> Sums:
    """Sum candles of `child` length up to `parent` length; a lazy frame is never whole in memory.

    A sum over a value that some child lacks is null. `anchor_ms` is any open time of the 3d grid.
    """
    children = frame.lazy()
    engine: Engine = "streaming" if isinstance(frame, pl.LazyFrame) else "in-memory"
    into = parent.floor_expr(pl.col("open_time"), anchor_ms=anchor_ms)
    sums = _grouped(children, child, into).collect(engine=engine)
    sums = _with_ends(sums.sort("open_time"), child, parent)
    doubtful = sums.filter(pl.col("shifted") | (pl.col("children") < pl.col("of")))
    places = _places(children.with_columns(into.alias("parent")), doubtful, child)
    taken = places.collect(engine=engine).sort("parent", "place")
    counts = taken.group_by("parent").agg(pl.len().cast(pl.Int64).alias("places"))
    opens = pl.col("open_time").dt.epoch("ms")
    whole = sums.join(counts, left_on=opens, right_on="parent", how="left", maintain_order="left")
    frame = whole.with_columns(pl.col("places").fill_null(pl.col("children")))
    shape = SCHEMA | FACTS
    return Sums(frame.select(list(shape)).cast(pl.Schema(shape)), _holes(taken, doubtful, child))


def risen(sums: Sums, child: Interval, parent: Interval, *, anchor_ms: int | None = None) -> Sums:
    """The same of even larger candles: sums of sums, with the holes between them.

    `child` is the length of the candles that were summed first.
    """
    into = parent.floor_expr(pl.col("open_time"), anchor_ms=anchor_ms).alias("parent")
    ordered = sums.frame.with_columns(into)
    grouped = ordered.group_by("parent", maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        *(_exact_sum(name) for name in _SUMMED),
        pl.col("children", "places").sum(),
        pl.col("over").last(),
        pl.col("open_time").dt.epoch("ms").alias("starts"),
        pl.col("ends").alias("stops"),
    )
    larger = _with_edges(grouped.rename({"parent": "open_time"}), child, parent)
    holes = _risen_holes(sums.holes, larger, parent, anchor_ms)
    shape = SCHEMA | FACTS
    return Sums(larger.select(list(shape)).cast(pl.Schema(shape)), holes)


def _risen_holes(
    inner: pl.DataFrame, larger: pl.DataFrame, parent: Interval, anchor_ms: int | None
) -> pl.DataFrame:
    """The holes of the smaller sums, and those between them, as few as can be."""
    found: dict[int, list[Span]] = {}
    for _, start, end in inner.iter_rows():
        open_ms = parent.floor(start, anchor_ms=anchor_ms)
        found.setdefault(open_ms, []).append(Span(start, end))
    edges = larger.select(pl.col("open_time").dt.epoch("ms"), "ends", "starts", "stops")
    for open_ms, ends, starts, stops in edges.iter_rows():
        summed_spans = [Span(start, stop) for start, stop in zip(starts, stops, strict=True)]
        found.setdefault(open_ms, []).extend(subtract([Span(open_ms, ends)], summed_spans))
    rows = [
        (open_ms, hole.start, hole.end)
        for open_ms in sorted(found)
        for hole in merge(found[open_ms])
    ]
    return pl.DataFrame(rows, schema=HOLES, orient="row")


def _grouped(children: pl.LazyFrame, child: Interval, into: pl.Expr) -> pl.LazyFrame:
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
    return sums.rename({"parent": "open_time"})


def _exact_sum(name: str) -> pl.Expr:
    """The sum, or null when a child lacks the value: a part of a sum would be a wrong number."""
    value = pl.col(name)
    return pl.when(value.count() == pl.len()).then(value.sum()).alias(name)


def _with_ends(sums: pl.DataFrame, child: Interval, parent: Interval) -> pl.DataFrame:
    """With its edges, and whether a child reaches `over` the end."""
    edged = _with_edges(sums, child, parent)
    # A second of grace: in files whose times are text, a close is rounded up to a second.
    over = (edged["until"].dt.epoch("ms") >= edged["ends"] + SECOND_MS).fill_null(value=False)
    return edged.with_columns(over.alias("over"))


def _with_edges(sums: pl.DataFrame, child: Interval, parent: Interval) -> pl.DataFrame:
    """With `close_time`, `ends`, and how many children fit (`of`)."""
    opens = sums["open_time"].dt.epoch("ms")
    if parent.length_ms is None:
        ends = pl.Series("ends", [parent.next(ms) for ms in opens.to_list()], dtype=pl.Int64)
    else:
        ends = (opens + parent.length_ms).alias("ends")
    of = ((ends - opens) // child.typical_ms).alias("of")
    return sums.with_columns((ends - 1).cast(TIME).alias("close_time"), ends, of)


def _places(children: pl.LazyFrame, doubtful: pl.DataFrame, child: Interval) -> pl.LazyFrame:
    """The places of the grid that have a child, by `parent` (both epoch ms).

    A child off the grid takes the place in which it opens. So two children in one place do not
    make up for an empty one, and a shifted stretch of February 2018 has no holes but at its ends;
    that its children cross the edges of the larger candle is a doubt of its own.
    """
    place = child.floor_expr(pl.col("open_time")).dt.epoch("ms").alias("place")
    if doubtful.is_empty():
        return pl.LazyFrame(schema={"parent": pl.Int64, "place": pl.Int64})
    return (
        children.filter(pl.col("parent").is_in(doubtful["open_time"].implode()))
        .select(pl.col("parent").dt.epoch("ms"), place)
        .unique()
    )


def _holes(taken: pl.DataFrame, doubtful: pl.DataFrame, child: Interval) -> pl.DataFrame:
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
    return found.sort("parent", "start").cast(pl.Schema(HOLES))
