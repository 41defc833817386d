"""Market caps: every snapshot that was taken, and the permission for the next call."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store.database import Database
from chandlery.store.permit_table import claim, granted_ms
from chandlery.store.schema import COIN, SNAPSHOT

_CALL: Final = "market_caps"
_COIN: Final = (
    COIN.c.id,
    COIN.c.symbol,
    COIN.c.name,
    COIN.c.rank,
    COIN.c.price,
    COIN.c.market_cap,
    COIN.c.volume_24h,
    COIN.c.change_24h_percent,
    COIN.c.last_updated_ms,
)


class MarketCapTable:
    """Snapshots of the biggest coins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, snapshot: MarketCapSnapshot) -> None:
        """Write a snapshot; one of the same moment and currency is replaced."""
        named = {"currency": snapshot.currency, "taken_ms": snapshot.taken_ms}
        coins = [
            named | {"place": place} | {column.name: getattr(coin, column.name) for column in _COIN}
            for place, coin in enumerate(snapshot.coins)
        ]
        creation = self._database.backend.insert(SNAPSHOT).values(named)
        with self._database.writing() as conn:
            # The update does nothing but lock the row against another process that keeps the same.
            conn.execute(
                creation.on_conflict_do_update(
                    index_elements=["currency", "taken_ms"], set_={"taken_ms": snapshot.taken_ms}
                )
            )
            conn.execute(sa.delete(COIN).where(_of(snapshot.currency, snapshot.taken_ms)))
            if coins:
                conn.execute(sa.insert(COIN), coins)

    def latest(self, currency: str = "usd") -> MarketCapSnapshot | None:
        """The newest snapshot, or None when there is none in that currency."""
        newest = sa.select(sa.func.max(SNAPSHOT.c.taken_ms)).where(SNAPSHOT.c.currency == currency)
        with self._database.reading() as conn:
            taken_ms = conn.execute(newest).scalar_one()
            if taken_ms is None:
                return None
            coins = sa.select(*_COIN).where(_of(currency, taken_ms)).order_by(COIN.c.place)
            return MarketCapSnapshot(
                taken_ms, currency, tuple(MarketCap(*row) for row in conn.execute(coins))
            )

    def claim(self, now_ms: int, every_ms: int) -> bool:
        """Whether the caller may call the service now: over all processes, one per `every_ms`."""
        return claim(self._database, _CALL, now_ms=now_ms, every_ms=every_ms)

    def last_call_ms(self) -> int | None:
        """When the last claim was granted, or None."""
        return granted_ms(self._database, _CALL)


def _of(currency: str, taken_ms: int) -> sa.ColumnElement[bool]:
    return sa.and_(COIN.c.currency == currency, COIN.c.taken_ms == taken_ms)
