"""Symbols: each exchange's list, as it was last fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from chandlery.clock import Clock
from chandlery.market import SymbolInfo
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import LISTING, SYMBOL

_INFO = (
    SYMBOL.c.symbol,
    SYMBOL.c.base,
    SYMBOL.c.quote,
    SYMBOL.c.status,
    SYMBOL.c.price_decimals,
)


class SymbolTable:
    """The symbol list of each exchange."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, exchange: str, symbols: Sequence[SymbolInfo]) -> None:
        """Replace the list of `exchange`."""
        fetched = {"fetched_ms": self._clock.now_ms()}
        listing = (
            self._database.backend.insert(LISTING)
            .values(exchange=exchange, **fetched)
            .on_conflict_do_update(index_elements=["exchange"], set_=fetched)
        )
        rows = [
            {"exchange": exchange, "place": place, **asdict(symbol)}
            for place, symbol in enumerate(symbols)
        ]
        with self._database.writing() as conn:
            conn.execute(listing)  # also locks the list against another process that keeps it
            conn.execute(sa.delete(SYMBOL).where(SYMBOL.c.exchange == exchange))
            if rows:
                conn.execute(sa.insert(SYMBOL), rows)

    def fetched_ms(self, exchange: str) -> int | None:
        """When the list was fetched; None if never."""
        wanted = sa.select(LISTING.c.fetched_ms).where(LISTING.c.exchange == exchange)
        with self._database.reading() as conn:
            return conn.execute(wanted).scalar_one_or_none()

    def read(self, exchange: str) -> tuple[list[SymbolInfo], int] | None:
        """The list in the exchange's order and when it was fetched (epoch ms); None if never."""
        fetched = sa.select(LISTING.c.fetched_ms).where(LISTING.c.exchange == exchange)
        symbols = sa.select(*_INFO).where(SYMBOL.c.exchange == exchange).order_by(SYMBOL.c.place)
        with self._database.reading() as conn:
            fetched_ms = conn.execute(fetched).scalar_one_or_none()
            if fetched_ms is None:
                return None
            return [SymbolInfo(*row) for row in conn.execute(symbols)], fetched_ms
