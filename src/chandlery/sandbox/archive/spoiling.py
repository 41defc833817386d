"""How a file can be wrong: one small function for each kind of fault that is in the file itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

import polars as pl

from chandlery.candles.interval import DAY_MS
from chandlery.sandbox.archive.paths import ArchivePath
from chandlery.sandbox.sources.rendering import EXACT

Pieces = Callable[[], Iterator[pl.DataFrame]]
"""The candles of a file from the beginning, piece by piece; a piece is of whole days."""
SpoilKind = Literal["cut", "disagree", "wrong-member", "garbage"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is to be made."""

    path: ArchivePath
    pieces: Pieces
    member: str
    """The name of the file in the zip."""
    zipped: bool = True
    """False leaves the table bare, which is no zip."""


def _cut(draft: Draft) -> Draft:
    """Only the first half of the candles."""
    return replace(draft, pieces=lambda: _first_half(draft.pieces))


def _first_half(pieces: Pieces) -> Iterator[pl.DataFrame]:
    left = sum(piece.height for piece in pieces()) // 2
    for piece in pieces():
        yield piece.head(left)
        left -= min(left, piece.height)


def _disagree(draft: Draft) -> Draft:
    """One candle of each day with another volume, in monthly files alone."""
    if draft.path.period == "daily":
        return draft
    return replace(draft, pieces=lambda: map(_with_other_volumes, draft.pieces()))


def _with_other_volumes(piece: pl.DataFrame) -> pl.DataFrame:
    more = pl.when((pl.col("open_time") // DAY_MS).is_first_distinct()).then(_MORE).otherwise(_NONE)
    return piece.with_columns((pl.col("volume") + more).cast(piece.schema["volume"]))


def _wrong_member(draft: Draft) -> Draft:
    """The zip holds a file of another name."""
    return replace(draft, member=f"OTHER-{draft.member}")


def _garbage(draft: Draft) -> Draft:
    """What should be a zip is the bare table."""
    return replace(draft, zipped=False)


_MORE: Final = pl.lit(Decimal("0.001"), EXACT)
_NONE: Final = pl.lit(Decimal(0), EXACT)
SPOILERS: Final[dict[SpoilKind, Callable[[Draft], Draft]]] = {
    "cut": _cut,
    "disagree": _disagree,
    "wrong-member": _wrong_member,
    "garbage": _garbage,
}
