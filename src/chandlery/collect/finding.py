"""Finding symbols by a few letters: the likest first, over the lists of several exchanges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chandlery.candles.series import Series
from chandlery.collect.symbols import Listing
from chandlery.errors import RemoteError, UnknownExchange
from chandlery.exchanges.registry import names
from chandlery.market import SymbolInfo

if TYPE_CHECKING:
    from chandlery.collect.keeper import Keeper

_IGNORED: Final = str.maketrans("", "", " /-_:")
"""People write BTC/USDT; no exchange here does."""
_TRADING: Final = "TRADING"


@dataclass(frozen=True, slots=True)
class FoundSymbol:
    """One symbol, and of which intervals candles are kept."""

    exchange: str
    info: SymbolInfo
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundSymbols:
    """What was found; `listed_ms` is when the oldest of the lists looked at was fetched."""

    symbols: tuple[FoundSymbol, ...]
    listed_ms: int | None


def find_symbols(
    keeper: Keeper, query: str, *, limit: int, exchange: str | None = None
) -> FoundSymbols:
    """At most `limit` symbols of the stored lists; a list that was never fetched is asked for.

    Looks at `exchange`, else at those of which series are kept. Raises `UnknownExchange`, and
    `RemoteError` when no list can be had.
    """
    kept = _kept(keeper)
    exchanges = [exchange] if exchange else sorted({one.exchange for one in keeper.patterns()})
    lists = _lists(keeper, exchanges)
    found = _likest(lists, query.translate(_IGNORED).upper(), kept)[:limit]
    return FoundSymbols(
        tuple(
            FoundSymbol(name, info, _intervals(kept.get((name, info.symbol), ())))
            for name, info in found
        ),
        min((listing.fetched_ms for listing in lists.values()), default=None),
    )


def _kept(keeper: Keeper) -> dict[tuple[str, str], set[Series]]:
    """What is wanted or stored, by exchange and symbol."""
    kept: dict[tuple[str, str], set[Series]] = {}
    for series in (*keeper.wanted_series(), *(line.series for line in keeper.catalogue())):
        kept.setdefault((series.exchange, series.symbol), set()).add(series)
    return kept


def _lists(keeper: Keeper, exchanges: Iterable[str]) -> dict[str, Listing]:
    lists: dict[str, Listing] = {}
    failure: RemoteError | None = None
    for name in exchanges:
        if name not in names():
            raise UnknownExchange(name, names())
        try:
            lists[name] = keeper.listings.held(name) or keeper.listings.young(keeper.exchange(name))
        except RemoteError as error:
            failure = error
    if failure is not None and not lists:
        raise failure
    return lists


def _likest(
    lists: Mapping[str, Listing], text: str, kept: Mapping[tuple[str, str], object]
) -> list[tuple[str, SymbolInfo]]:
    """All that match, the likest first; of those alike what is kept, trades, is shorter."""
    ranked = [
        (
            rank,
            (name, info.symbol) not in kept,
            info.status != _TRADING,
            len(info.symbol),
            name,
            info,
        )
        for name, listing in lists.items()
        for info in listing.symbols.values()
        if (rank := _rank(info, text)) is not None
    ]
    ranked.sort(key=lambda one: (*one[:5], one[5].symbol))
    return [(one[4], one[5]) for one in ranked]


def _rank(info: SymbolInfo, text: str) -> int | None:
    """How well it matches, 0 the best; None when it does not."""
    hits = (
        info.symbol == text,
        info.symbol.startswith(text),
        info.base.startswith(text),
        text in info.symbol,
    )
    return next((rank for rank, hit in enumerate(hits) if hit), None)


def _intervals(kept: Iterable[Series]) -> tuple[str, ...]:
    by_length = sorted({one.interval for one in kept}, key=lambda one: one.typical_ms)
    return tuple(interval.text for interval in by_length)
