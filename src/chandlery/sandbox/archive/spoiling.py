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
SpoilKind = Literal[
    "cut",
    "disagree",
    "wrong-member",
    "garbage",
    "several",
    "dot-dot",
    "bomb",
    "other-month",
    "upside-down",
]
_BOMB_BYTES: Final = 1 << 24
"""Unpacked: far more than any month of minutes has."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is to be made."""

    path: ArchivePath
    pieces: Pieces
    member: str
    """The name of the file in the zip."""
    zipped: bool = True
    """False leaves the table bare, which is no zip."""
    beside: tuple[str, ...] = ()
    """Other files in the zip, of a few bytes."""
    filler_bytes: int = 0
    """So many line ends follow the candles."""


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


def _several(draft: Draft) -> Draft:
    """Another file lies beside the right one."""
    return replace(draft, beside=("README.txt",))


def _dot_dot(draft: Draft) -> Draft:
    """The name leads out of the folder in which somebody might unpack it."""
    return replace(draft, member=f"../../{draft.member}")


def _bomb(draft: Draft) -> Draft:
    """It unpacks to a hundred times what its month can hold."""
    return replace(draft, filler_bytes=_BOMB_BYTES)


def _other_month(draft: Draft) -> Draft:
    """The candles are said to be of five weeks later."""
    later = pl.col("open_time", "close_time") + 35 * DAY_MS
    return replace(draft, pieces=lambda: (piece.with_columns(later) for piece in draft.pieces()))


def _upside_down(draft: Draft) -> Draft:
    """Highs are lows, and lows highs."""
    turned = (pl.col("low").alias("high"), pl.col("high").alias("low"))
    return replace(draft, pieces=lambda: (piece.with_columns(turned) for piece in draft.pieces()))


_MORE: Final = pl.lit(Decimal("0.001"), EXACT)
_NONE: Final = pl.lit(Decimal(0), EXACT)
SPOILERS: Final[dict[SpoilKind, Callable[[Draft], Draft]]] = {
    "cut": _cut,
    "disagree": _disagree,
    "wrong-member": _wrong_member,
    "garbage": _garbage,
    "several": _several,
    "dot-dot": _dot_dot,
    "bomb": _bomb,
    "other-month": _other_month,
    "upside-down": _upside_down,
}
