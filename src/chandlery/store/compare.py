"""What a page changes in the store: a pure comparison of its rows with those that are there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from chandlery.store.records import Kept
from chandlery.store.rows import VALUES


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


def compare(page: pl.DataFrame, there: pl.DataFrame) -> Change:
    """Decide for each row of `page` against the row of the same open time in `there`, if any.

    The newer row wins whole, except that a forming one never replaces a closed one.
    """
    if there.is_empty():
        return _change(
            page, ["new" if closed else "forming" for closed in page["closed"].to_list()]
        )
    pairs = page.lazy().join(there.lazy(), on="open_ms", how="left", suffix="_was")
    # The order is made by a sort of our own: polars 2.1 at times forgets the order that a join
    # was told to keep, when the join's key is not among the columns asked for.
    kinds = pairs.select("open_ms", kind=_KIND).collect().sort("open_ms")["kind"]
    return _change(page, kinds.to_list())


_WAS: Final = pl.col("closed_was")
_SAME: Final = pl.all_horizontal(
    pl.col(name).eq_missing(pl.col(f"{name}_was")) for name in VALUES if name != "open_ms"
)
_CLOSED_KIND: Final = (
    pl.when(_WAS.is_null() | (_WAS == 0))
    .then(pl.lit("new"))
    .when(_SAME)
    .then(pl.lit("unchanged"))
    .otherwise(pl.lit("revised"))
)
_FORMING_KIND: Final = (
    pl.when(_WAS == 1)
    .then(pl.lit("late"))
    .when(_WAS.is_null() | ~_SAME)
    .then(pl.lit("forming"))
    .otherwise(pl.lit("still forming"))
)
_KIND: Final = pl.when(pl.col("closed") == 1).then(_CLOSED_KIND).otherwise(_FORMING_KIND)

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
