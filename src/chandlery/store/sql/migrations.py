"""How a store came to its present shape: one step per schema version, oldest first.

A step is never changed once it was released; a new shape is a new step at the end, and schema.py
follows it. Steps are written as plain SQL, so that they mean the same in ten years.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from chandlery.errors import StoreCorrupt, StoreTooNew
from chandlery.store.sql.migration_3 import version_3
from chandlery.store.sql.migration_4 import version_4
from chandlery.store.sql.migration_5 import version_5
from chandlery.store.sql.schema import METADATA, VERSION

Migration = Callable[[sa.Connection, Mapping[str, str]], None]
"""Takes a store from one version to the next; the mapping has the engine's words for types."""

_CANDLE_COLUMNS: Final = """
    series_id BIGINT NOT NULL REFERENCES series (id),
    open_ms BIGINT NOT NULL,
    open {exact}, high {exact}, low {exact}, close {exact}, volume {exact},
    close_ms BIGINT,
    quote_volume {exact}, trades BIGINT,
    taker_buy_volume {exact}, taker_buy_quote_volume {exact},
    closed SMALLINT NOT NULL,
    known_ms BIGINT NOT NULL,
    source TEXT NOT NULL
"""

_VERSION_1: Final = (
    "CREATE TABLE chandlery_version (version BIGINT NOT NULL)",
    "INSERT INTO chandlery_version VALUES (0)",
    """CREATE TABLE series (
        id {key},
        exchange TEXT NOT NULL, symbol TEXT NOT NULL, interval TEXT NOT NULL,
        candles BIGINT NOT NULL, first_ms BIGINT, last_ms BIGINT,
        revisions BIGINT NOT NULL, updated_ms BIGINT NOT NULL,
        UNIQUE (exchange, symbol, interval))""",
    f"CREATE TABLE candle ({_CANDLE_COLUMNS}, PRIMARY KEY (series_id, open_ms)) {{clustered}}",
    "CREATE INDEX candle_forming ON candle (series_id, open_ms) WHERE closed = 0",
    f"CREATE TABLE revision (id {{key}}, {_CANDLE_COLUMNS}, replaced_ms BIGINT NOT NULL)",
    "CREATE INDEX revision_open ON revision (series_id, open_ms)",
    """CREATE TABLE ledger (
        series_id BIGINT NOT NULL REFERENCES series (id),
        start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, state TEXT NOT NULL,
        asked_ms BIGINT NOT NULL, source TEXT NOT NULL, request TEXT NOT NULL,
        PRIMARY KEY (series_id, start_ms)) {clustered}""",
    """CREATE TABLE snapshot (
        currency TEXT NOT NULL, taken_ms BIGINT NOT NULL,
        PRIMARY KEY (currency, taken_ms)) {clustered}""",
    """CREATE TABLE coin (
        currency TEXT NOT NULL, taken_ms BIGINT NOT NULL, place BIGINT NOT NULL,
        id TEXT NOT NULL, symbol TEXT NOT NULL, name TEXT NOT NULL, rank BIGINT,
        price {decimal}, market_cap {decimal}, volume_24h {decimal},
        change_24h_percent {decimal}, last_updated_ms BIGINT,
        PRIMARY KEY (currency, taken_ms, place),
        FOREIGN KEY (currency, taken_ms) REFERENCES snapshot (currency, taken_ms)) {clustered}""",
    "CREATE TABLE permit (name TEXT NOT NULL PRIMARY KEY, granted_ms BIGINT NOT NULL)",
    "CREATE TABLE listing (exchange TEXT NOT NULL PRIMARY KEY, fetched_ms BIGINT NOT NULL)",
    """CREATE TABLE symbol (
        exchange TEXT NOT NULL REFERENCES listing (exchange), place BIGINT NOT NULL,
        symbol TEXT NOT NULL, base TEXT NOT NULL, quote TEXT NOT NULL,
        status TEXT NOT NULL, price_decimals BIGINT,
        PRIMARY KEY (exchange, place)) {clustered}""",
    """CREATE TABLE run (
        id TEXT NOT NULL PRIMARY KEY, series TEXT NOT NULL,
        started_ms BIGINT NOT NULL, ended_ms BIGINT,
        outcome TEXT NOT NULL, report_json TEXT NOT NULL)""",
    "CREATE INDEX run_started ON run (started_ms, id)",
    "CREATE INDEX run_series ON run (series, started_ms, id)",
)


def _version_1(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """From an empty database to the first shape."""
    _refuse_foreign_tables(conn)
    for statement in _VERSION_1:
        conn.execute(sa.text(statement.format_map(words)))


_VERSION_2: Final = (
    """CREATE TABLE job (
        name TEXT NOT NULL PRIMARY KEY, started_ms BIGINT, succeeded_ms BIGINT,
        offset_ms BIGINT NOT NULL, failures BIGINT NOT NULL, error TEXT, error_kind TEXT,
        holder TEXT, held_until_ms BIGINT) {clustered}""",
    """CREATE TABLE tally (
        name TEXT NOT NULL, label TEXT NOT NULL, value BIGINT NOT NULL,
        PRIMARY KEY (name, label)) {clustered}""",
)


def _version_2(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """Jobs, which survive restarts and dead workers, and counters for metrics."""
    for statement in _VERSION_2:
        conn.execute(sa.text(statement.format_map(words)))


MIGRATIONS: Final[Sequence[Migration]] = (
    _version_1,
    _version_2,
    version_3,
    version_4,
    version_5,
)


_NOW: Final = f"SELECT version FROM {VERSION.name}"  # noqa: S608  the name is ours


def version(conn: sa.Connection) -> int:
    """The version of this store; 0 when nothing of ours is there yet."""
    if not sa.inspect(conn).has_table(VERSION.name):
        return 0
    found = conn.execute(sa.select(VERSION.c.version)).scalars().all()
    if len(found) != 1:
        msg = (
            f"The store's version table has {len(found)} rows where it must have one. "
            "Restore it from a backup, or start with another store."
        )
        raise StoreCorrupt(msg)
    return int(found[0])


def missing(conn: sa.Connection, migrations: Sequence[Migration]) -> Sequence[Migration]:
    """The steps this store has not gone yet. Raises `StoreTooNew`."""
    found = version(conn)
    if found > len(migrations):
        raise StoreTooNew(found, len(migrations))
    return migrations[found:]


def refuse_newer(conn: sa.Connection, known: int) -> None:
    """Raises `StoreTooNew` when the store has a later version than is `known`."""
    found = conn.exec_driver_sql(_NOW).scalars().first()
    if found is not None and int(found) > known:
        raise StoreTooNew(int(found), known)


def migrate(conn: sa.Connection, migrations: Sequence[Migration], words: Mapping[str, str]) -> None:
    """Go every missing step; the caller holds the store's lock and an open transaction."""
    for step in missing(conn, migrations):
        step(conn, words)
    conn.execute(sa.update(VERSION).values(version=len(migrations)))


def _refuse_foreign_tables(conn: sa.Connection) -> None:
    ours = sorted(set(METADATA.tables) & set(sa.inspect(conn).get_table_names()))
    if ours:
        msg = (
            f"This database holds tables of another program ({', '.join(ours)}). "
            "Point CHANDLERY_STORE_URL at an empty database."
        )
        raise StoreCorrupt(msg)
