"""The statements of the candle and revision tables.

They are written out, not built by Core: decimals travel as text and times as integers, which are
turned into columns all at once; Core would make a Python object of each value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from chandlery.candles.frame import DECIMAL_COLUMNS
from chandlery.store.sql.rows import VALUES
from chandlery.store.sql.schema import CANDLE

EVER: Final = 1 << 62
"""Further than any time, and more than any count, in what BIGINT holds."""

_READABLE: Final = ", ".join(
    f"CAST({name} AS TEXT)" if name in DECIMAL_COLUMNS else name for name in VALUES
)
_COLUMNS: Final = ", ".join(CANDLE.columns.keys())

_SERIES: Final = (
    "FROM series WHERE exchange = :exchange AND symbol = :symbol AND interval = :interval"
)

READ: Final = sa.text(
    f"SELECT {_READABLE}, closed FROM candle "  # noqa: S608  names are ours
    f"WHERE series_id = (SELECT id {_SERIES}) AND open_ms >= :start AND open_ms < :end "
    # A forming row below the last closed one is left over from a time that nobody asked about
    # again: it is no candle that still forms.
    "AND (closed = 1 OR (:forming = 1 "
    f"AND open_ms > COALESCE((SELECT last_ms {_SERIES}), :never))) "
    "ORDER BY open_ms DESC LIMIT :last"
)

OPENS: Final = sa.text(
    f"SELECT open_ms FROM candle WHERE series_id = (SELECT id {_SERIES}) AND closed = 1 "  # noqa: S608
    "AND open_ms >= :start AND open_ms < :end ORDER BY open_ms"
)

LAST_OPENS: Final = sa.text(
    f"SELECT open_ms FROM candle WHERE series_id = (SELECT id {_SERIES}) "  # noqa: S608
    "AND closed = 1 ORDER BY open_ms DESC LIMIT :last"
)

REVISIONS: Final = sa.text(
    f"SELECT {_READABLE}, replaced_ms, known_ms, source FROM revision "  # noqa: S608
    f"WHERE series_id = (SELECT id {_SERIES}) ORDER BY open_ms, id"
)

CLOSED: Final = sa.text(
    f"SELECT {_READABLE}, known_ms, source FROM candle "  # noqa: S608  names are ours
    "WHERE series_id = :series_id AND closed = 1 AND open_ms >= :start AND open_ms < :end "
    "ORDER BY open_ms LIMIT :most"
)

NTH_NEWEST: Final = sa.text(
    "SELECT open_ms FROM candle WHERE series_id = :series_id AND closed = 1 "
    "ORDER BY open_ms DESC LIMIT 1 OFFSET :place"
)

CLOSED_OPENS: Final = sa.text(
    "SELECT open_ms FROM candle WHERE series_id = :series_id AND closed = 1 "
    "AND open_ms >= :start AND open_ms < :end ORDER BY open_ms"
)

ANY_THERE: Final = sa.text(
    "SELECT 1 FROM candle WHERE series_id = :series_id AND open_ms >= :first AND open_ms <= :last "
    "ORDER BY open_ms LIMIT 1"  # by its key, so that no planner thinks of reading all candles
)

FORGET_FORMING: Final = sa.text(
    "DELETE FROM candle WHERE series_id = :series_id AND closed = 0 "
    "AND open_ms >= :start AND open_ms < :end"
)


@dataclass(frozen=True, slots=True)
class KeyedSql:
    """Statements about the candles of the open times in the parameter `:keys`."""

    there: sa.TextClause
    """What of them is stored."""
    newest: sa.TextClause
    """Since when the newest of them is known."""
    put_aside: sa.TextClause
    """Copy them to the revisions, replaced at `:now_ms`."""
    remove: sa.TextClause
    """Take their rows away, which stand in the cold tier."""

    @classmethod
    def of(cls, words: Mapping[str, str]) -> KeyedSql:
        """In the words of an engine."""
        rows = f"FROM candle WHERE series_id = :series_id AND open_ms {words['among']}"
        return cls(
            sa.text(f"SELECT {_READABLE}, closed {rows}"),
            sa.text(f"SELECT MAX(known_ms) {rows}"),
            sa.text(
                f"INSERT INTO revision ({_COLUMNS}, replaced_ms) "
                f"SELECT {_COLUMNS}, CAST(:now_ms AS BIGINT) {rows}"
            ),
            sa.text(f"DELETE {rows} AND closed = 1"),
        )
