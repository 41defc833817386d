"""The series table: who has which number, and the catalogue's exact counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Final

import sqlalchemy as sa

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.store.records import Held
from chandlery.store.sql.backend import Backend
from chandlery.store.sql.schema import SERIES
from chandlery.store.tiers.compare import Change


@dataclass(frozen=True, slots=True)
class Counted:
    """A series row as it stands, locked."""

    id: int
    candles: int
    first_ms: int | None
    last_ms: int | None
    revisions: int
    cold: int
    """How many of the candles stand in the cold tier."""


_FOUND: Final = sa.select(
    SERIES.c.id,
    SERIES.c.candles,
    SERIES.c.first_ms,
    SERIES.c.last_ms,
    SERIES.c.revisions,
    SERIES.c.cold,
).where(*(SERIES.c[name] == sa.bindparam(name) for name in ("exchange", "symbol", "interval")))
_LOCKED: Final = _FOUND.with_for_update()

# Written out, for every page is counted: building it with Core takes longer than it runs.
_SAVE: Final = sa.text(
    "UPDATE series SET candles = :candles, first_ms = :first_ms, last_ms = :last_ms, "
    "revisions = :revisions, cold = :cold, updated_ms = :updated_ms WHERE id = :id"
)


def found(conn: sa.Connection, series: Series) -> Counted | None:
    """The row of `series` as it stands, not locked; None when there is none."""
    row = conn.execute(_FOUND, named(series)).one_or_none()
    return None if row is None else Counted(*row)


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
    row = conn.execute(_LOCKED, named(series)).one_or_none()
    if row is None:
        conn.execute(_creation(backend, series))
        row = conn.execute(_LOCKED, named(series)).one()
    return Counted(*row)


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
    more = row.revisions + change.kept.revised
    return replace(grown(row, change.new_ms), revisions=more)


def grown(row: Counted, new_ms: Sequence[int]) -> Counted:
    """The row with closed candles added that open at these times, which ascend."""
    return replace(
        row,
        candles=row.candles + len(new_ms),
        first_ms=min((*_known(row.first_ms), *new_ms[:1]), default=None),
        last_ms=max((*_known(row.last_ms), *new_ms[-1:]), default=None),
    )


def save(conn: sa.Connection, row: Counted, now_ms: int) -> None:
    """Write the counters of a row that this transaction has locked."""
    conn.execute(_SAVE, {**asdict(row), "updated_ms": now_ms})


def save_folded(conn: sa.Connection, row: Counted) -> None:
    """Write the counters after a fold, which keeps nothing: `updated_ms` stays as it is."""
    counters = {name: value for name, value in asdict(row).items() if name != "id"}
    conn.execute(sa.update(SERIES).where(SERIES.c.id == row.id).values(counters))


# Written out, for the catalogue is asked for all the time, and may have thousands of lines.
_CATALOGUE: Final = sa.text(
    "SELECT exchange, symbol, interval, candles, first_ms, last_ms, updated_ms, revisions "
    "FROM series ORDER BY exchange, symbol"
)


def catalogue(conn: sa.Connection) -> list[Held]:
    """Every series that was ever kept, by name; one row is read for each, and no candle."""
    held = [
        Held(_series(exchange, symbol, interval), candles, first_ms, last_ms, updated_ms, revisions)
        for (
            exchange,
            symbol,
            interval,
            candles,
            first_ms,
            last_ms,
            updated_ms,
            revisions,
        ) in conn.execute(_CATALOGUE)
    ]
    held.sort(key=_by_name)
    return held


@lru_cache(maxsize=1 << 16)
def _series(exchange: str, symbol: str, interval: str) -> Series:
    return Series(exchange, symbol, Interval.parse(interval))


def _by_name(held: Held) -> tuple[str, str, int]:
    series = held.series
    return series.exchange, series.symbol, series.interval.typical_ms


def _known(ms: int | None) -> tuple[int, ...]:
    return () if ms is None else (ms,)
