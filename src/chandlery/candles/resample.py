"""Larger candles from smaller ones, in decimal arithmetic, so that the sums are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.interval import DAY_MS, Interval
from chandlery.errors import BadSpan

_SUMMED: Final = (
    "volume",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)


@dataclass(frozen=True, slots=True)
class Resampled:
    """Larger candles (`frame`, in `SCHEMA`), and the open times of those that lack children."""

    frame: pl.DataFrame
    incomplete: pl.Series


def resample(
    frame: pl.DataFrame, child: Interval, parent: Interval, *, anchor_ms: int | None = None
) -> Resampled:
    """Sum candles of `child` length up to `parent` length.

    Every candle of the result is the exact sum of the children that are there; those with fewer
    children than fit are listed in `incomplete` (an outage, or the edge of the data). Raises
    `BadSpan` when `parent` is not a multiple of `child`. For 3d, `anchor_ms` is any open time of
    the symbol's own 3d candles.
    """
    _check_multiple(child, parent)
    parent_open = parent.floor_expr(pl.col("open_time"), anchor_ms=anchor_ms)
    grouped = (
        frame.with_columns(parent_open.alias("parent"))
        .group_by("parent", maintain_order=True)
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            *(pl.col(name).sum() for name in _SUMMED),
            pl.len().alias("children"),
        )
        .rename({"parent": "open_time"})
    )
    opens = grouped["open_time"].dt.epoch("ms").to_list()
    closes = pl.Series("close_time", [parent.close(ms) for ms in opens], dtype=pl.Int64)
    expected = [_children(child, parent, ms) for ms in opens]
    incomplete = grouped["open_time"].filter(grouped["children"] < pl.Series(expected))
    whole = grouped.with_columns(closes.cast(TIME)).select(list(SCHEMA)).cast(pl.Schema(SCHEMA))
    return Resampled(whole, incomplete)


def _check_multiple(child: Interval, parent: Interval) -> None:
    fits = child.length_ms is not None and (
        DAY_MS % child.length_ms == 0 and child.text != "3d"
        if parent.length_ms is None
        else parent.length_ms > child.length_ms and parent.length_ms % child.length_ms == 0
    )
    if not fits:
        msg = f"{parent} candles cannot be summed from {child} candles."
        raise BadSpan(msg)


def _children(child: Interval, parent: Interval, open_ms: int) -> int:
    return (parent.next(open_ms) - open_ms) // child.typical_ms
