"""Market caps over time: which snapshots there are, and columns of many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from chandlery.clock import Clock
from chandlery.store.market_caps.table import newest_ms
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import COIN, SNAPSHOT

_MANY: Final = 500
"""Snapshots in one statement."""


class PastCap(NamedTuple):
    """One coin in one snapshot, at its place: 0 is the biggest."""

    taken_ms: int
    place: int
    id: str
    symbol: str
    name: str
    market_cap: Decimal | None


class PastPlace(NamedTuple):
    """Who stood at which place of a snapshot."""

    taken_ms: int
    place: int
    id: str
    name: str


class PastPrice(NamedTuple):
    """What a coin cost."""

    taken_ms: int
    id: str
    price: Decimal | None


class MarketCapPast:
    """What the kept snapshots tell together; every list is in the order of time.

    None is from the future, see `MarketCapTable`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def bounds(self, currency: str = "usd") -> tuple[int | None, int | None, int]:
        """When the first and the last snapshot were taken (epoch ms), and how many there are."""
        taken = SNAPSHOT.c.taken_ms
        asked = sa.select(sa.func.min(taken), sa.func.max(taken), sa.func.count()).where(
            SNAPSHOT.c.currency == currency
        )
        with self._database.reading() as conn:
            newest = newest_ms(conn, currency, self._clock.now_ms())
            if newest is None:
                return None, None, 0
            first, last, count = conn.execute(asked.where(taken <= newest)).one()
            return first, last, count

    def times(
        self, since_ms: int | None = None, until_ms: int | None = None, currency: str = "usd"
    ) -> list[int]:
        """When snapshots were taken, from `since_ms` to before `until_ms`."""
        taken = SNAPSHOT.c.taken_ms
        asked = sa.select(taken).where(SNAPSHOT.c.currency == currency).order_by(taken)
        if since_ms is not None:
            asked = asked.where(taken >= since_ms)
        if until_ms is not None:
            asked = asked.where(taken < until_ms)
        with self._database.reading() as conn:
            newest = newest_ms(conn, currency, self._clock.now_ms())
            if newest is None:
                return []
            return list(conn.execute(asked.where(taken <= newest)).scalars())

    def caps(self, times: Sequence[int], currency: str = "usd") -> Iterator[PastCap]:
        """Every coin of the snapshots taken at `times`, biggest first within each."""
        columns = (COIN.c[name] for name in PastCap._fields)
        return map(PastCap._make, self._rows(sa.select(*columns), times, currency))

    def places(self, times: Sequence[int], top: int, currency: str = "usd") -> Iterator[PastPlace]:
        """The `top` biggest coins of the snapshots taken at `times`."""
        asked = sa.select(*(COIN.c[name] for name in PastPlace._fields)).where(COIN.c.place < top)
        return map(PastPlace._make, self._rows(asked, times, currency))

    def prices(
        self, times: Sequence[int], ids: Sequence[str], currency: str = "usd"
    ) -> Iterator[PastPrice]:
        """The prices of the coins `ids` in the snapshots taken at `times`."""
        asked = sa.select(*(COIN.c[name] for name in PastPrice._fields)).where(COIN.c.id.in_(ids))
        return map(PastPrice._make, self._rows(asked, times, currency))

    def _rows(
        self, asked: sa.Select[Any], times: Sequence[int], currency: str
    ) -> Iterator[sa.Row[Any]]:
        asked = asked.where(COIN.c.currency == currency).order_by(COIN.c.taken_ms, COIN.c.place)
        for start in range(0, len(times), _MANY):
            some = asked.where(COIN.c.taken_ms.in_(times[start : start + _MANY]))
            with self._database.reading() as conn:
                rows = conn.execute(some).all()
            yield from rows
