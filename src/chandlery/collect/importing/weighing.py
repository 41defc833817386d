"""Which candles of a file are beyond doubt: pure, from the file alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.appended import Order, doubtful, newest_doubtful, order_of
from chandlery.candles.file_rows import FileRows, Places
from chandlery.candles.interval import SECOND_MS, Interval
from chandlery.collect.importing.imported import LeftOut

_OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")
_NEWEST_FIRST: Final = "The file has its newest candles first; they are kept in order of time."
_MIXED: Final = "The file's candles stand in no order; they are kept in order of time."
_APPENDED: Final = (
    "The file was written by appending. A candle that was stored unfinished and not again cannot "
    "be told from the file; collecting the same time corrects it."
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The certain candles of a file, and what became of the others."""

    frame: pl.DataFrame
    """Ascending and unique."""
    doubtful: pl.DataFrame
    """Candles that are left out as unfinished, unless somebody else confirms them; ascending."""
    duplicates: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def weigh(rows: FileRows, interval: Interval, *, closed: bool) -> Weighed:
    """Tell the certain candles of a file from the others.

    A candle is certain when a later one follows it in the file, or when all are `closed`. Where a
    file was written by appending, the later row of a candle counts; elsewhere rows of one candle
    must be equal.
    """
    order = order_of(rows.frame)
    frame, notes = rows.frame, _notes(rows, order)
    lines = _Lines(rows.places, frame.height, reverse=order == "newest first")
    if order == "newest first":
        frame = frame.reverse()
    doubt = () if closed else _doubtful(frame, interval, order)
    conflicts = {} if order == "appended" and not closed else _conflicts(frame, lines)
    left_out = [LeftOut(ms, "conflict", found) for ms, found in conflicts.items()]
    left_out += [LeftOut(ms, "unfinished") for ms in doubt if ms not in conflicts]
    unique = frame.unique("open_time", keep="last", maintain_order=True).sort("open_time")
    dropped = pl.Series([one.open_ms for one in left_out], dtype=pl.Int64)
    certain = unique.filter(~_OPEN_MS.is_in(dropped.implode()))
    if rows.whole_seconds:
        certain, told = _with_whole_closes(certain, interval)
        notes = (*notes, told)
    return Weighed(
        certain,
        unique.filter(_OPEN_MS.is_in(pl.Series(doubt, dtype=pl.Int64).implode())),
        frame.height - unique.height,
        tuple(sorted(left_out, key=lambda one: one.open_ms)),
        notes,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where rows stand in the file, by their place in the order in which they are weighed."""

    places: Places
    height: int
    reverse: bool

    def of(self, rows: list[int]) -> list[int]:
        turned = [self.height - 1 - row for row in rows] if self.reverse else rows
        return self.places.numbers(turned)


def _doubtful(frame: pl.DataFrame, interval: Interval, order: Order) -> tuple[int, ...]:
    if order == "appended":
        return doubtful(frame, interval)
    if order == "mixed":
        return newest_doubtful(frame, interval)
    newest = frame.select(_OPEN_MS.last()).item()
    return (int(newest),)


def _conflicts(frame: pl.DataFrame, lines: _Lines) -> dict[int, tuple[int, ...]]:
    """Open times that stand there with different values, and the lines of each."""
    repeated = frame.with_row_index("row").filter(pl.col("open_time").is_duplicated())
    if repeated.is_empty():
        return {}
    versions = repeated.unique(frame.columns, keep="first").filter(
        pl.col("open_time").is_duplicated()
    )
    wrong = repeated.join(versions, on="open_time", how="semi").sort("open_time", "row")
    places: dict[int, list[int]] = defaultdict(list)
    numbers = lines.of(wrong["row"].to_list())
    for open_ms, number in zip(wrong.select(_OPEN_MS).to_series(), numbers, strict=True):
        places[open_ms].append(number)
    return {open_ms: tuple(sorted(found)) for open_ms, found in places.items()}


def _notes(rows: FileRows, order: Order) -> tuple[str, ...]:
    notes = []
    if rows.lacking:
        notes.append(f"The file has no {', '.join(rows.lacking)}; nothing is made up for them.")
    if order == "newest first":
        notes.append(_NEWEST_FIRST)
    if order == "mixed":
        notes.append(_MIXED)
    if order == "appended":
        notes.append(_APPENDED)
    return tuple(notes)


def _with_whole_closes(frame: pl.DataFrame, interval: Interval) -> tuple[pl.DataFrame, str]:
    """Close times cut to seconds made whole, where the candle filled its interval."""
    opens = frame.select(_OPEN_MS).to_series().to_list()
    closes = pl.Series([interval.close(ms) for ms in opens], dtype=pl.Int64)
    regular = closes.cast(pl.Datetime("ms", "UTC"))
    cut = (closes // SECOND_MS * SECOND_MS).cast(pl.Datetime("ms", "UTC"))
    full = (frame["close_time"] == cut).fill_null(value=False)
    whole = pl.select(pl.when(full).then(regular).otherwise(frame["close_time"])).to_series()
    others = frame.height - int(full.sum())
    told = (
        "The file has its close times in whole seconds. Those of full candles are completed to "
        f"the last millisecond; {others:,} others are kept as they stand."
    )
    return frame.with_columns(whole.alias("close_time")), told
