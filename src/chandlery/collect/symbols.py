"""Which symbols an exchange has: asked now and then, kept, and used to check what is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.errors import RemoteError, UnknownSymbol, nearest
from chandlery.exchanges.exchange import Exchange
from chandlery.market import SymbolInfo
from chandlery.store import Store

KEEP_MS: Final = 24 * 60 * 60 * 1000
_NEWS_MS: Final = 60 * 1000
"""A symbol that is not in the list may be a new listing: the list is asked again, once a minute."""
_TRUST_SECONDS: Final = 30.0
"""For so long the store is not asked whether another process has kept a newer list."""


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


@dataclass(frozen=True, slots=True)
class Listing:
    """The symbols of one exchange by name, and when they were fetched."""

    symbols: Mapping[str, SymbolInfo]
    fetched_ms: int


class Listings:
    """The symbol lists of all exchanges, from memory, from the store or fetched. Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Listing, float]] = {}
        self._fetching = threading.Lock()
        self._failed: dict[str, tuple[float, RemoteError]] = {}

    def held(self, exchange: str) -> Listing | None:
        """The list as it was fetched last, by whomever; None if it never was."""
        with self._lock:
            known = self._known.get(exchange)
            now = self._clock.monotonic()
            if known is not None and 0 <= now - known[1] < _TRUST_SECONDS:
                return known[0]
            fetched_ms = self._store.symbols.fetched_ms(exchange)
            if fetched_ms is None:
                return None
            if known is None or known[0].fetched_ms != fetched_ms:
                known = (self._read(exchange), now)
            self._known[exchange] = (known[0], now)
            return known[0]

    def fetch(self, exchange: Exchange) -> Listing:
        """Ask the exchange and keep what it says. Raises `RemoteError`."""
        self._store.symbols.keep(exchange.name, exchange.symbols())
        with self._lock:
            listing = self._read(exchange.name)
            self._known[exchange.name] = (listing, self._clock.monotonic())
            return listing

    def young(self, exchange: Exchange, *, young_ms: int = KEEP_MS) -> Listing:
        """A list that is not older than `young_ms`, if one can be had.

        Raises `RemoteError` only when there never was one: an old list is better than none.
        """
        held = self.held(exchange.name)
        if held is not None and self._is_young(held, young_ms):
            return held
        began = self._clock.monotonic()
        # One asks for all: a list that was just right for hundreds of series is old for them all.
        with self._fetching:
            return self._renewed(exchange, young_ms, began)

    def _renewed(self, exchange: Exchange, young_ms: int, began: float) -> Listing:
        """What another thread was told since `began`, good or bad; else what the exchange says."""
        held = self.held(exchange.name)
        if held is not None and self._is_young(held, young_ms):
            return held
        failed_at, failure = self._failed.get(exchange.name, (began, None))
        if failure is None or failed_at <= began:
            try:
                return self.fetch(exchange)
            except RemoteError as error:
                failure = error
                self._failed[exchange.name] = (self._clock.monotonic(), error)
        if held is None:
            raise failure
        return held

    def _is_young(self, held: Listing, young_ms: int) -> bool:
        return 0 <= self._clock.now_ms() - held.fetched_ms < young_ms

    def _read(self, exchange: str) -> Listing:
        held = self._store.symbols.read(exchange)
        symbols, fetched_ms = held if held is not None else ([], 0)
        return Listing({info.symbol: info for info in symbols}, fetched_ms)


def check(series: Series, exchange: Exchange, listings: Listings) -> Checked:
    """The series as the exchange spells it. Raises `UnknownSymbol` with the nearest names.

    Lower-case symbols are corrected with a note. Raises `RemoteError` when no list can be had.
    """
    listed = listings.young(exchange).symbols
    if _spelling(series.symbol, listed) is None:
        listed = listings.young(exchange, young_ms=_NEWS_MS).symbols
    spelling = _spelling(series.symbol, listed)
    if spelling is None:
        trading = [name for name, info in listed.items() if info.status == "TRADING"]
        likest = nearest(series.symbol.upper(), trading)
        raise UnknownSymbol(exchange.name, series.symbol, likest)
    info = listed[spelling]
    return Checked(replace(series, symbol=spelling), info, tuple(_notes(series, info)))


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
