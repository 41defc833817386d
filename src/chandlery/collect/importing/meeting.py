"""What happens where a file's candles meet those that are kept, and the exchange's own answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.candles.file_rows import FileRows
from chandlery.candles.frame import SCHEMA, empty
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.importing.imported import LeftOut
from chandlery.store import Store

_BATCH: Final = 20_000
_OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")


@dataclass(frozen=True, slots=True)
class Met:
    """What is to be written, and what is not."""

    frame: pl.DataFrame
    unchanged: int
    """Candles that are kept already and say the same."""
    left_out: tuple[LeftOut, ...]


def meet(frame: pl.DataFrame, rows: FileRows, series: Series, store: Store) -> Met:
    """Tell the candles that are to be written from those that are known, or known otherwise.

    `frame` ascends without duplicates. Where the exchange has answered its word counts, be it that
    there is no candle. A candle that lacks columns never replaces a fuller one.
    """
    answered = store.ledger.answered(series)
    written, left_out, unchanged = [empty()], [], 0
    for batch in frame.iter_slices(_BATCH) if frame.height else ():
        span = _span(batch)
        told = [part for one in answered if (part := one.intersect(span))]
        judged = _judged(batch, _held(batch, span, series, store), rows, told)
        written.append(judged.filter(pl.col("verdict") == "write").select(list(SCHEMA)))
        unchanged += judged.filter(pl.col("verdict") == "unchanged").height
        left_out += _left_out(judged)
    return Met(pl.concat(written), unchanged, tuple(left_out))


def _span(batch: pl.DataFrame) -> Span:
    first, last = (int(ms) for ms in batch.select(_OPEN_MS).to_series().gather([0, -1]))
    return Span(first, last + 1)


def _held(batch: pl.DataFrame, span: Span, series: Series, store: Store) -> pl.DataFrame:
    held = store.candles.scan(series, span=span, forming=False)
    wanted = batch.lazy().select("open_time")
    return held.join(wanted, on="open_time", how="semi").collect(engine="streaming")


def _judged(
    batch: pl.DataFrame, held: pl.DataFrame, rows: FileRows, answered: list[Span]
) -> pl.DataFrame:
    """The batch with a column `verdict`."""
    known = held.with_columns(known=pl.lit(value=True))
    both = batch.join(known, on="open_time", how="left", suffix="_held", maintain_order="left")
    is_known = pl.col("known").fill_null(value=False)
    same = is_known & pl.all_horizontal(
        _seen(name, rows).eq_missing(_seen(f"{name}_held", rows))
        for name in SCHEMA
        if name != "open_time" and name not in rows.lacking
    )
    fuller = is_known & pl.any_horizontal(
        pl.lit(value=False), *(pl.col(f"{name}_held").is_not_null() for name in rows.lacking)
    )
    told = pl.any_horizontal(
        pl.lit(value=False),
        *(_OPEN_MS.is_between(span.start, span.end - 1) for span in answered),
    )
    return both.with_columns(
        pl.when(same)
        .then(pl.lit("unchanged"))
        .when(told)
        .then(pl.lit("contradicted"))
        .when(fuller)
        .then(pl.lit("poorer"))
        .otherwise(pl.lit("write"))
        .alias("verdict")
    )


def _seen(name: str, rows: FileRows) -> pl.Expr:
    """A column as far as the file can tell."""
    column = pl.col(name)
    return column.dt.truncate("1s") if rows.whole_seconds and "close_time" in name else column


def _left_out(judged: pl.DataFrame) -> list[LeftOut]:
    return [
        LeftOut(open_ms, reason)
        for reason in ("contradicted", "poorer")
        for open_ms in judged.filter(pl.col("verdict") == reason).select(_OPEN_MS).to_series()
    ]
