"""Sparklines: the newest week of prices of each of the biggest coins, as it was last told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import SPARKLINE


class SparklineTable:
    """One set of sparklines per currency; a newer one takes its place whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self, currency: str, taken_ms: int, sparklines: Mapping[str, Sequence[Decimal]]
    ) -> None:
        """Write the sparklines by coin id, oldest price first; those of before are forgotten."""
        text = json.dumps(
            {coin: [f"{price:f}" for price in prices] for coin, prices in sparklines.items()},
            separators=(",", ":"),
        )
        told = {"taken_ms": taken_ms, "prices_json": text}
        written = (
            self._database.backend.insert(SPARKLINE)
            .values(currency=currency, **told)
            .on_conflict_do_update(index_elements=["currency"], set_=told)
        )
        with self._database.writing() as conn:
            conn.execute(written)

    def taken_ms(self, currency: str = "usd") -> int | None:
        """When they were told (epoch ms); None if never."""
        asked = sa.select(SPARKLINE.c.taken_ms).where(SPARKLINE.c.currency == currency)
        with self._database.reading() as conn:
            return conn.execute(asked).scalar_one_or_none()

    def read(self, currency: str = "usd") -> Mapping[str, tuple[Decimal, ...]]:
        """The sparklines by coin id, oldest price first; empty if there are none."""
        asked = sa.select(SPARKLINE.c.prices_json).where(SPARKLINE.c.currency == currency)
        with self._database.reading() as conn:
            text = conn.execute(asked).scalar_one_or_none()
        found: dict[str, list[str]] = json.loads(text) if text else {}
        return {coin: tuple(map(Decimal, prices)) for coin, prices in found.items()}
