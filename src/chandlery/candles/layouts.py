"""Folders in which other programs look for candles: what they call the file of a series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.errors import BadFile

Names = Callable[[str, str], tuple[str, str] | None]
"""From an exchange and a symbol to the names of base and quote, or None where nobody knows."""

_FUTURES: Final = frozenset({"binance-um"})
"""Exchanges whose symbols are futures, settled in the quote currency."""


def _freqtrade(series: Series, folder: Path, names: Names, *, ending: str) -> PurePath:
    known = names(series.exchange, series.symbol)
    if known is None:
        why = (
            f"freqtrade names its files after base and quote, and those of {series} are not known "
            f"here. 'chandlery collect {series} --last 1' fetches the symbol list."
        )
        raise BadFile(folder, why)
    base, quote = known
    time = _freqtrade_time(series.interval)
    if series.exchange not in _FUTURES:
        return PurePath(f"{base}_{quote}-{time}.{ending}")
    if series.symbol != base + quote:
        why = (
            f"{series} is no perpetual contract, and freqtrade has a known file name only for "
            "those. Choose another format."
        )
        raise BadFile(folder, why)
    return PurePath("futures", f"{base}_{quote}_{quote}-{time}-futures.{ending}")


def _freqtrade_time(interval: Interval) -> str:
    return "1Mo" if interval.text == "1M" else interval.text


def _backtesting(series: Series, folder: Path, names: Names, *, ending: str) -> PurePath:
    del folder, names
    return PurePath(f"{series.exchange}-{series.symbol}-{series.interval.slug}.{ending}")


_LAYOUTS: Final[dict[str, tuple[Callable[..., PurePath], str]]] = {
    "freqtrade": (_freqtrade, "feather"),
    "freqtrade-json": (_freqtrade, "json"),
    "backtesting": (_backtesting, "csv"),
}


def is_layout(form: str) -> bool:
    """Whether the form writes into a folder and names the files itself."""
    return form in _LAYOUTS


def file_in(folder: Path, series: Series, form: str, names: Names) -> Path:
    """The file of `series` in `folder`, in the layout `form`.

    Raises `BadFile` when the layout cannot name it.
    """
    name_of, ending = _LAYOUTS[form]
    return folder / name_of(series, folder, names, ending=ending)
