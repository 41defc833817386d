"""Which symbols an exchange has: asked once a day, kept, and used to check what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.errors import RemoteError, UnknownSymbol, nearest
from chandlery.exchanges.exchange import Exchange
from chandlery.market import SymbolInfo
from chandlery.store import Store

_KEEP_MS: Final = 24 * 60 * 60 * 1000
_NEWS_MS: Final = 60 * 1000
"""A symbol that is not in the list may be a new listing: the list is asked again, once a minute."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A series with the exchange's own spelling, and what a person should know of it."""

    series: Series
    info: SymbolInfo
    notes: tuple[str, ...]


def in_capitals(series: Iterable[Series]) -> tuple[Series, ...]:
    """The same series with their symbols in upper case, as every exchange here spells them."""
    upper = (replace(one, symbol=one.symbol.upper()) for one in series)
    return tuple(dict.fromkeys(upper))


def respelled(series: Iterable[Series]) -> tuple[str, ...]:
    """A remark for every series whose symbol is not in upper case."""
    return tuple(
        f"{one.symbol} is read as {one.symbol.upper()}: symbols are upper case."
        for one in series
        if one.symbol != one.symbol.upper()
    )


def check(series: Series, exchange: Exchange, store: Store, clock: Clock) -> Checked:
    """The series as the exchange spells it. Raises `UnknownSymbol` with the nearest names.

    Lower-case symbols are corrected with a note. Raises `RemoteError` only when the list has never
    been had: an old list is better than none.
    """
    listed = _listed(exchange, store, clock, young_ms=_KEEP_MS)
    if _spelling(series.symbol, listed) is None:
        listed = _listed(exchange, store, clock, young_ms=_NEWS_MS)
    spelling = _spelling(series.symbol, listed)
    if spelling is None:
        trading = [name for name, info in listed.items() if info.status == "TRADING"]
        likest = nearest(series.symbol.upper(), trading)
        raise UnknownSymbol(exchange.name, series.symbol, likest)
    info = listed[spelling]
    return Checked(replace(series, symbol=spelling), info, tuple(_notes(series, info)))


def _listed(
    exchange: Exchange, store: Store, clock: Clock, *, young_ms: int
) -> Mapping[str, SymbolInfo]:
    held = store.symbols.read(exchange.name)
    if held is None or not 0 <= clock.now_ms() - held[1] < young_ms:
        try:
            symbols = exchange.symbols()
        except RemoteError:
            if held is None:
                raise
            symbols = held[0]
        else:
            store.symbols.keep(exchange.name, symbols)
    else:
        symbols = held[0]
    return {info.symbol: info for info in symbols}


def _spelling(symbol: str, listed: Mapping[str, SymbolInfo]) -> str | None:
    return next((text for text in (symbol, symbol.upper()) if text in listed), None)


def _notes(series: Series, info: SymbolInfo) -> list[str]:
    notes: list[str] = []
    if info.symbol != series.symbol:
        notes.extend(respelled([series]))
    if info.status in {"BREAK", "END_OF_DAY"}:
        notes.append(
            f"{info.symbol} is not trading ({info.status}): its history can be read, "
            "new candles do not come."
        )
    return notes
