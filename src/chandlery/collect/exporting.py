"""Bringing candles out: which series goes into which file, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from chandlery.candles.files import write_candles
from chandlery.candles.layouts import file_in, is_layout
from chandlery.candles.series import Series
from chandlery.candles.writing import refuse_existing
from chandlery.collect.keeper import Keeper
from chandlery.errors import BadFile


@dataclass(frozen=True, slots=True)
class Target:
    """One series and the file into which it goes."""

    series: Series
    path: Path


def targets(
    keeper: Keeper, series: Sequence[str], to: Path, *, form: str, force: bool
) -> list[Target]:
    """Where each series goes: to `to` itself, or into the folder `to` if the form is a layout.

    Everything that can be refused is refused here, before anything is written. Raises
    `UnknownSeries`, `FileExists` unless `force`, and `BadFile` for places that cannot be.
    """
    known = list(dict.fromkeys(keeper.known(one) for one in series))
    if is_layout(form):
        found = [Target(one, file_in(to, one, form, _names(keeper))) for one in known]
        _refuse_same_file(found)
    elif len(known) > 1:
        why = (
            f"is one file, and {len(known)} series were asked for. Export them one by one, or "
            "choose a format that writes into a folder: freqtrade, freqtrade-json, backtesting."
        )
        raise BadFile(to, why)
    else:
        found = [Target(known[0], to)]
    for target in found:
        refuse_existing(target.path, force=force)
    return found


def write(candles: pl.LazyFrame, target: Target, *, form: str, force: bool) -> int:
    """Write the candles of one series, whole or not at all; gives their number.

    The folder of a layout is made where it is missing. Raises `FileExists` and `BadFile`.
    """
    if is_layout(form):
        _make(target.path.parent)
    write_candles(candles, target.path, form=form, force=force)
    return int(candles.select(pl.len()).collect(engine="streaming").item())


def _names(keeper: Keeper) -> Callable[[str, str], tuple[str, str] | None]:
    def names(exchange: str, symbol: str) -> tuple[str, str] | None:
        listing = keeper.listings.held(exchange)
        info = listing.symbols.get(symbol) if listing else None
        return (info.base, info.quote) if info else None

    return names


def _refuse_same_file(found: Sequence[Target]) -> None:
    first: dict[Path, Series] = {}
    for target in found:
        other = first.setdefault(target.path, target.series)
        if other != target.series:
            why = f"would be the file of {other} and of {target.series}. Use two folders."
            raise BadFile(target.path, why)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadFile(folder, f"cannot be made a folder: {error.strerror or error}.") from error
