"""What a page changes in the store: a pure comparison of its rows with those that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.store.records import Kept


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be written, and what it counts as."""

    rows: pl.DataFrame
    """Rows to write, whole, in the stored columns: new, revised and forming ones."""
    revised_ms: list[int]
    """Open times whose closed row has to be put aside first."""
    new_ms: list[int]
    """Open times of the closed candles that were not there, closed, before; ascending."""
    kept: Kept


def compare(page: pl.DataFrame, there: Mapping[int, Sequence[object]]) -> Change:
    """Decide for each row of `page` against the row of the same open time in `there`, if any.

    Rows are the columns `VALUES` and then `closed`. The newer row wins whole, except that a
    forming one never replaces a closed one.
    """
    if not there:
        return _change(
            page, ["new" if closed else "forming" for closed in page["closed"].to_list()]
        )
    # Row by row: for the few rows of a usual page an expression on the frame costs far more.
    return _change(page, [_kind(row, there.get(row[0])) for row in page.rows()])


def _kind(row: Sequence[object], was: Sequence[object] | None) -> str:
    closed = row[-1]
    if was is None:
        return "new" if closed else "forming"
    same = tuple(row[:-1]) == tuple(was[:-1])
    if not closed:
        return "late" if was[-1] else "still forming" if same else "forming"
    if not was[-1]:
        return "new"
    return "unchanged" if same else "revised"


_WRITTEN: Final = ("new", "revised", "forming")


def _change(page: pl.DataFrame, kinds: list[str]) -> Change:
    count = Counter(kinds)
    opens = list(zip(page["open_ms"].to_list(), kinds, strict=True))
    if sum(count[kind] for kind in _WRITTEN) < page.height:
        page = page.filter(pl.Series([kind in _WRITTEN for kind in kinds], dtype=pl.Boolean))
    return Change(
        page,
        [open_ms for open_ms, kind in opens if kind == "revised"],
        [open_ms for open_ms, kind in opens if kind == "new"],
        Kept(
            new=count["new"],
            unchanged=count["unchanged"],
            revised=count["revised"],
            forming=count["forming"] + count["still forming"],
        ),
    )
