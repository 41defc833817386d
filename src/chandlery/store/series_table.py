"""The series table: who has which number, and the catalogue's exact counters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.store.backend import Backend
from chandlery.store.compare import Change
from chandlery.store.records import Held
from chandlery.store.schema import SERIES


@dataclass(frozen=True, slots=True)
class Counted:
    """A series row as it stands, locked."""

    id: int
    candles: int
    first_ms: int | None
    last_ms: int | None
    revisions: int


_LOCKED: Final = (
    sa.select(
        SERIES.c.id, SERIES.c.candles, SERIES.c.first_ms, SERIES.c.last_ms, SERIES.c.revisions
    )
    .where(*(SERIES.c[name] == sa.bindparam(name) for name in ("exchange", "symbol", "interval")))
    .with_for_update()
)

# Written out, for every page is counted: building it with Core takes longer than it runs.
_SAVE: Final = sa.text(
    "UPDATE series SET candles = :candles, first_ms = :first_ms, last_ms = :last_ms, "
    "revisions = :revisions, updated_ms = :updated_ms WHERE id = :id"
)


def is_series(series: Series) -> sa.ColumnElement[bool]:
    """The condition that finds its row."""
    return sa.and_(
        SERIES.c.exchange == series.exchange,
        SERIES.c.symbol == series.symbol,
        SERIES.c.interval == series.interval.text,
    )


def named(series: Series) -> dict[str, object]:
    """The parameters of statements that find its row."""
    return {
        "exchange": series.exchange,
        "symbol": series.symbol,
        "interval": series.interval.text,
    }


def locked(conn: sa.Connection, backend: Backend, series: Series) -> Counted:
    """The row of `series`, made if need be; nobody else can write it until the transaction ends."""
    found = conn.execute(_LOCKED, named(series)).one_or_none()
    if found is None:
        conn.execute(_creation(backend, series))
        found = conn.execute(_LOCKED, named(series)).one()
    return Counted(*found)


def _creation(backend: Backend, series: Series) -> sa.Insert:
    """Does nothing where another process was faster."""
    return (
        backend.insert(SERIES)
        .values(
            **named(series),
            candles=0,
            revisions=0,
            updated_ms=0,  # until `save`, in the same transaction
        )
        .on_conflict_do_nothing()
    )


def counted(row: Counted, change: Change) -> Counted:
    """The row with `change` added: closed candles never go away, so the counters only grow."""
    return Counted(
        row.id,
        row.candles + change.kept.new,
        min((*_known(row.first_ms), *change.new_ms[:1]), default=None),
        max((*_known(row.last_ms), *change.new_ms[-1:]), default=None),
        row.revisions + change.kept.revised,
    )


def save(conn: sa.Connection, row: Counted, now_ms: int) -> None:
    """Write the counters of a row that this transaction has locked."""
    conn.execute(_SAVE, {**asdict(row), "updated_ms": now_ms})


def catalogue(conn: sa.Connection) -> list[Held]:
    """Every series that was ever kept, by name; one row is read for each, and no candle."""
    rows = conn.execute(
        sa.select(
            SERIES.c.exchange,
            SERIES.c.symbol,
            SERIES.c.interval,
            SERIES.c.candles,
            SERIES.c.first_ms,
            SERIES.c.last_ms,
            SERIES.c.updated_ms,
            SERIES.c.revisions,
        )
    )
    held = [
        Held(Series(exchange, symbol, Interval.parse(interval)), *counters)
        for exchange, symbol, interval, *counters in rows
    ]
    return sorted(held, key=_by_name)


def _by_name(held: Held) -> tuple[str, str, int]:
    series = held.series
    return series.exchange, series.symbol, series.interval.typical_ms


def _known(ms: int | None) -> tuple[int, ...]:
    return () if ms is None else (ms,)
