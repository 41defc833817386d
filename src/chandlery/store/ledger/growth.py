"""How a series has grown: a sign, exact and cheap, of what has changed in it and what has not.

Closed candles never go away, and each that changes leaves a revision. So a stretch of a series is
as it was when it has as many candles and as many revisions as before; and all that is older than
the last candle of before is as it was when the newer ones account for the whole growth.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import sqlalchemy as sa

from chandlery.candles.series import Series
from chandlery.store import series_table
from chandlery.store.sql.database import Database


class Growth(NamedTuple):
    """The counters of a series at one moment, and how many candles are newer than another one."""

    candles: int
    revisions: int
    first_ms: int
    last_ms: int
    newer: int
    """Closed candles of the hot tier that open after the moment that was asked about; there may be
    more of them in the cold tier."""


# One statement, so that all of it is of one moment, whatever the engine does in between.
_GROWTH: Final = sa.text(
    "SELECT candles, revisions, first_ms, last_ms, (SELECT COUNT(*) FROM candle "
    "WHERE candle.series_id = series.id AND closed = 1 AND open_ms > :after) "
    "FROM series WHERE exchange = :exchange AND symbol = :symbol AND interval = :interval "
    "AND candles > 0"
)


class GrowthTable:
    """Reads one row of the catalogue, and a few keys of candles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, series: Series, after_ms: int) -> Growth | None:
        """How the series stands, and what is newer than `after_ms`; None without closed candles."""
        asked = series_table.named(series) | {"after": after_ms}
        with self._database.reading() as conn:
            row = conn.execute(_GROWTH, asked).one_or_none()
        return None if row is None else Growth(*row)
