"""Candles of the store as the rows that live events carry."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

from chandlery.candles.binance_rows import rows
from chandlery.candles.frame import SCHEMA, Candles

Row: TypeAlias = tuple[int | str, ...]
"""Eleven values in the order of `SCHEMA`; see `LiveCandle`."""

OPEN, CLOSE = 0, 6
"""Where a row has its open time and its close time."""


def rows_of(candles: Candles) -> tuple[list[Row], list[Row]]:
    """The closed candles and the forming ones; those that lack a value are left out."""
    return _rows(candles.closed), _rows(candles.forming)


def opens(row: Row) -> int:
    """The open time, in epoch milliseconds."""
    return int(row[OPEN])


def closes(row: Row) -> int:
    """The close time, in epoch milliseconds."""
    return int(row[CLOSE])


def differences(one: Row, other: Row) -> str:
    """In what two rows differ, in words; "" when they are equal."""
    named = zip(SCHEMA, one, other, strict=True)
    return ", ".join(f"{name} {a} against {b}" for name, a, b in named if a != b)


def _rows(frame: pl.DataFrame) -> list[Row]:
    return [tuple(row[: len(SCHEMA)]) for row in rows(frame.drop_nulls())]
