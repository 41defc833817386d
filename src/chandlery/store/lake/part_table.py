"""Parts: the stretches of a series whose candles stand in the cold tier.

The lake alone does not say so: a process may have died between writing to it and telling here.
What lies in no part is not there.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chandlery.candles.span import Span, cover
from chandlery.store.sql.schema import PART

_FIND: Final = sa.text(
    "SELECT start_ms, end_ms FROM part WHERE series_id = :series_id "
    "AND start_ms <= :end_ms AND end_ms >= :start_ms ORDER BY start_ms"
)
_REMOVE: Final = sa.text(
    "DELETE FROM part WHERE series_id = :series_id AND start_ms <= :end_ms AND end_ms >= :start_ms"
)
_EVER: Final = Span(-(1 << 62), 1 << 62)


def parts(conn: sa.Connection, series_id: int, span: Span | None = None) -> list[Span]:
    """The parts of a series that overlap `span`, cut to it, ascending."""
    wanted = span or _EVER
    found = _touching(conn, series_id, wanted)
    return [inside for part in found if (inside := part.intersect(wanted))]


def add(conn: sa.Connection, series_id: int, span: Span) -> None:
    """Enter that the candles of `span` stand there; parts that touch become one."""
    whole = span
    for part in _touching(conn, series_id, span):
        whole = cover(whole, part)
    conn.execute(_REMOVE, _bounds(series_id, span))
    row = {"series_id": series_id, "start_ms": whole.start, "end_ms": whole.end}
    conn.execute(sa.insert(PART), row)


def _touching(conn: sa.Connection, series_id: int, span: Span) -> list[Span]:
    return [Span(start, end) for start, end in conn.execute(_FIND, _bounds(series_id, span))]


def _bounds(series_id: int, span: Span) -> dict[str, int]:
    return {"series_id": series_id, "start_ms": span.start, "end_ms": span.end}
