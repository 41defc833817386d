"""Bringing candles in from files.

What a file says is kept, but it proves nothing about what the exchange has: the ledger stays as it
is, so a later collection of the same time asks the exchange and corrects what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.appended import ascends, doubtful
from chandlery.candles.files import check_interval, read_rows
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.errors import BadFile
from chandlery.store import Kept, Store

_BATCH: Final = 20_000
_OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's candles."""

    kept: Kept
    duplicates: int
    """Rows whose open time stands again further down; the last one counts."""
    left_out: tuple[int, ...]
    """Open times of candles that may have been unfinished when an appended file was written."""
    contradicted: int
    """Candles left out because the exchange itself has answered otherwise for their time."""


def import_file(path: Path, series: Series, store: Store, *, now_ms: int) -> Imported:
    """Keep the candles of a CSV, JSON, Parquet or Feather file as `series`.

    Nothing is kept unless every row can be read. A candle that has not closed by `now_ms` is kept
    as forming; one that has not begun is refused. Where the exchange has answered, its word counts
    and not the file's. Raises `BadFile` with the line that is wrong, and `StoreError`.
    """
    rows = read_rows(path)
    if rows.is_empty():
        raise BadFile(path, "holds no candles.")
    check_interval(rows, series.interval, path)
    newest = int(rows["open_time"].dt.epoch("ms").max())  # type: ignore[arg-type]  # not empty
    if newest > now_ms:
        raise BadFile(path, f"holds a candle of the future ({ms_to_text(newest)}).")
    left_out = () if ascends(rows) else doubtful(rows, series.interval)
    frame = rows.unique("open_time", keep="last", maintain_order=True).sort("open_time")
    certain = frame.filter(~_OPEN_MS.is_in(pl.Series(left_out, dtype=pl.Int64).implode()))
    contradicted = _contradicted(certain, series, store)
    certain = certain.join(contradicted, on="open_time", how="anti").sort("open_time")
    kept = Kept()
    for batch in certain.iter_slices(_BATCH):
        closed = batch["close_time"].dt.epoch("ms") < now_ms
        unfinished = batch.height - int(closed.sum())
        candles = Candles(series, batch, unfinished)
        kept += store.candles.keep(candles, answered=None, source="file", request=path.name)
    return Imported(kept, rows.height - frame.height, left_out, contradicted.height)


def _contradicted(frame: pl.DataFrame, series: Series, store: Store) -> pl.DataFrame:
    """The candles for whose time the exchange has answered, and not with this."""
    inside = [
        _OPEN_MS.is_between(span.start, span.end - 1) for span in store.ledger.answered(series)
    ]
    if not inside or frame.is_empty():
        return frame.clear()
    answered = frame.filter(pl.any_horizontal(inside))
    first, last = (int(ms) for ms in frame["open_time"].dt.epoch("ms").gather([0, -1]))
    held = store.candles.read(series, span=Span(first, last + 1)).frame
    return answered.join(held, on=held.columns, how="anti", nulls_equal=True)
