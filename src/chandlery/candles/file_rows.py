"""What a candle file holds, before anybody judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

NEEDED: Final = ("open_time", "open", "high", "low", "close", "volume")
"""Without these there is no candle. The other columns may be missing and are null then."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rows of a file stand, in the words and numbers that people find them by."""

    unit: str
    """`line` or `row`."""
    numbers: Callable[[Sequence[int]], list[int]]
    """The numbers, from 1, of rows that are counted from 0."""


def counted_rows(rows: Sequence[int]) -> list[int]:
    """Numbers for a file without lines: the first row is row 1."""
    return [row + 1 for row in rows]


ROWS: Final = Places("row", counted_rows)


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file in the file's order, duplicates and all."""

    frame: pl.DataFrame
    """In `SCHEMA`; columns that the file lacks are null."""
    places: Places = ROWS
    lacking: tuple[str, ...] = ()
    """Columns that the file does not have, or has in a form that cannot be exact."""
    header: tuple[str, ...] | None = None
    """The column names as the file spells them, of CSV only."""
    whole_seconds: bool = False
    """Whether close times were cut to whole seconds, as text times often are."""
    microseconds: bool = False
    """Whether any open time was written in microseconds, which only the spot archive does."""
