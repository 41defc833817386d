"""Market caps: the snapshots that were taken, thinned with age, and the permit for the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from chandlery.clock import Clock
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store.market_caps.thinning import ALL_FOR_MS, surplus
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import COIN, SNAPSHOT
from chandlery.store.work.permit_table import claim, granted_ms

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
_MOST_GONE: Final = 200
"""So many snapshots are let go in one transaction: after a long pause nobody waits for it."""
_SLACK_MS: Final = 60_000
"""So far apart the clocks of processes that share a store may be."""


class MarketCapTable:
    """Snapshots of the biggest coins.

    One of a moment that has not come yet was taken while this machine's clock was ahead. It stays,
    and is not read before its time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @again
    def keep(self, snapshot: MarketCapSnapshot) -> None:
        """Write a snapshot; one of the same moment and currency is replaced.

        Older ones that are not needed any longer go in the same transaction: every snapshot stays
        for two days, the first of an hour for ninety, the first of a day for ever.
        """
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
            conn.execute(sa.delete(COIN).where(_of(COIN, snapshot.currency, snapshot.taken_ms)))
            if coins:
                conn.execute(sa.insert(COIN), coins)
            _thin(conn, snapshot.currency, _told_ms(snapshot))

    def latest(self, currency: str = "usd") -> MarketCapSnapshot | None:
        """The newest snapshot, or None when there is none in that currency."""
        return self.at(None, currency)

    def at(self, at_ms: int | None, currency: str = "usd") -> MarketCapSnapshot | None:
        """The newest snapshot that was taken at `at_ms` or before, or None; None asks for now."""
        with self._database.reading() as conn:
            if at_ms is None:
                taken_ms = newest_ms(conn, currency, self._clock.now_ms())
            else:
                taken_ms = _newest(conn, currency, at_ms)
            if taken_ms is None:
                return None
            coins = sa.select(*_COIN).where(_of(COIN, currency, taken_ms)).order_by(COIN.c.place)
            return MarketCapSnapshot(
                taken_ms, currency, tuple(MarketCap(*row) for row in conn.execute(coins))
            )

    def claim(self, now_ms: int, every_ms: int) -> bool:
        """Whether the caller may call the service now: over all processes, one per `every_ms`."""
        return claim(self._database, _CALL, now_ms=now_ms, every_ms=every_ms)

    def last_call_ms(self) -> int | None:
        """When the last claim was granted, or None."""
        return granted_ms(self._database, _CALL)


def newest_ms(conn: sa.Connection, currency: str, now_ms: int) -> int | None:
    """When the newest snapshot was taken that is not from the future; or None.

    When all are, this machine's clock has been set back, and it is the last one.
    """
    newest = _newest(conn, currency, now_ms + _SLACK_MS)
    return _newest(conn, currency, None) if newest is None else newest


def _newest(conn: sa.Connection, currency: str, until_ms: int | None) -> int | None:
    asked = sa.select(sa.func.max(SNAPSHOT.c.taken_ms)).where(SNAPSHOT.c.currency == currency)
    if until_ms is not None:
        asked = asked.where(SNAPSHOT.c.taken_ms <= until_ms)
    found: int | None = conn.execute(asked).scalar_one()
    return found


def _told_ms(snapshot: MarketCapSnapshot) -> int:
    """What time it is at most: a clock that is years ahead for a moment must not cost history.

    The service says when it knew each coin last; either clock may be ahead, hardly both.
    """
    told = [coin.last_updated_ms for coin in snapshot.coins if coin.last_updated_ms is not None]
    return min(snapshot.taken_ms, max(told, default=snapshot.taken_ms))


def _of(table: sa.Table, currency: str, *times: int) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.currency == currency, table.c.taken_ms.in_(times))


def _thin(conn: sa.Connection, currency: str, now_ms: int) -> None:
    older = (
        sa.select(SNAPSHOT.c.taken_ms)
        .where(SNAPSHOT.c.currency == currency, SNAPSHOT.c.taken_ms < now_ms - ALL_FOR_MS)
        .order_by(SNAPSHOT.c.taken_ms)
    )
    gone: Sequence[int] = surplus(conn.execute(older).scalars(), now_ms)[:_MOST_GONE]
    if gone:
        for table in (COIN, SNAPSHOT):
            conn.execute(sa.delete(table).where(_of(table, currency, *gone)))
