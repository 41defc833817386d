"""Candles as the tables hold them: epoch milliseconds, decimals as text, one row per version.

Columns are converted one by one: a polars expression per frame would cost more than the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA, Candles

_MOMENTS: Final = {"open_time": "open_ms", "close_time": "close_ms"}
_NAMES: Final = {stored: name for name, stored in _MOMENTS.items()}

VALUES: Final = tuple(_MOMENTS.get(name, name) for name in SCHEMA)
"""The stored columns of a frame, in the frame's order."""

_TEXTS: Final = {*DECIMAL_COLUMNS, "source"}
"""Columns that travel as text; all others are integers."""


def stored(candles: Candles) -> pl.DataFrame:
    """The columns `VALUES` and `closed` (1 or 0); decimals as text with eight digits."""
    closed = len(candles) - candles.unfinished
    flags = pl.Series("closed", [1] * closed + [0] * candles.unfinished, dtype=pl.Int64)
    return pl.DataFrame([*stored_frame(candles.frame).get_columns(), flags])


def stored_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of SCHEMA as `VALUES`."""
    return pl.DataFrame([*map(_to_stored, frame.get_columns())])


def fetched(rows: Sequence[Sequence[object]], extra: Sequence[str] = ()) -> pl.DataFrame:
    """Rows of `VALUES` and then `extra`, as a database gave them."""
    names = (*VALUES, *extra)
    columns = zip(*rows, strict=True) if rows else iter([()] * len(names))
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=pl.String if name in _TEXTS else pl.Int64)
            for name, values in zip(names, columns, strict=True)
        ]
    )


def unstored(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of SCHEMA, then the extra ones as they are."""
    return pl.DataFrame([*map(_from_stored, frame.get_columns())])


def _to_stored(column: pl.Series) -> pl.Series:
    if column.name in _MOMENTS:
        return column.cast(pl.Int64).alias(_MOMENTS[column.name])
    return column.cast(pl.String) if column.name in DECIMAL_COLUMNS else column


def _from_stored(column: pl.Series) -> pl.Series:
    name = _NAMES.get(column.name, column.name)
    return column.cast(SCHEMA[name]).alias(name) if name in SCHEMA else column
