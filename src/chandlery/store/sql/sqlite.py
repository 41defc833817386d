"""SQLite: one file, write-ahead log, many processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from itertools import chain, groupby, repeat
from pathlib import Path
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from chandlery.errors import BadSetting
from chandlery.store.sql.backend import LASTING, WRITES, Insert, replacing

_SYNCHRONOUS: Final = {
    # A candle that was acknowledged survives a power cut. NORMAL syncs only at checkpoints.
    True: "PRAGMA synchronous = FULL",
    False: "PRAGMA synchronous = NORMAL",
}
_PRAGMAS: Final = (_SYNCHRONOUS[True], "PRAGMA foreign_keys = ON")

_ROWS_A_STATEMENT: Final = 50
"""One each would take a third longer. Before SQLite 3.32 a statement may have 999 parameters; a
candle has fifteen."""


def sqlite_url(path: Path) -> str:
    """The store URL of a SQLite file, whatever characters its path has."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string()


class SqliteBackend:
    """What SQLite does in its own way."""

    words: Mapping[str, str] = {
        "key": "INTEGER NOT NULL PRIMARY KEY",
        "exact": "TEXT",
        "decimal": "TEXT",
        "clustered": "WITHOUT ROWID",
        "among": "IN (SELECT value FROM json_each(:keys))",
    }
    one_writer: bool = True

    def describe(self, url: sa.URL) -> str:
        """The path of the file."""
        return str(url.database)

    def engine(self, url: sa.URL, *, wait_seconds: float) -> sa.Engine:
        """Connections that begin transactions by themselves, on a file only its owner can read."""
        if not url.database or url.database.startswith((":memory:", "file:")):
            msg = "The store must be a file: sqlite:////path/to/store.sqlite. It is shared by many."
            raise BadSetting(msg)
        _create(Path(url.database))
        engine = sa.create_engine(
            url,
            connect_args={"timeout": wait_seconds},
            max_overflow=-1,  # a connection is an open file: cheap, and none should wait for one
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _set_up)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def prepare(self, engine: sa.Engine, *, wait_seconds: float) -> None:
        """Switch the write-ahead log on, so that readers and the writer do not wait for another.

        SQLite answers "locked" at once, without its usual patience, when two processes switch at
        the same moment; hence a patience of our own.
        """
        give_up = time.monotonic() + wait_seconds
        while not _switch_to_wal(engine, last_try=time.monotonic() >= give_up):
            time.sleep(0.01)

    def lock_schema(self, conn: sa.Connection) -> None:
        """Nothing more: BEGIN IMMEDIATE has locked the whole file."""

    def lock_version(self, conn: sa.Connection) -> None:
        """Nothing more, likewise."""

    def insert(self, table: sa.Table) -> Insert:
        """INSERT with ON CONFLICT."""
        return sqlite.insert(table)

    def keys(self, keys: Sequence[int]) -> object:
        """A JSON list: the number of parameters is limited, the length of one is not."""
        return str(list(keys))

    def upsert(
        self, conn: sa.Connection, table: sa.Table, rows: pl.DataFrame, fixed: Mapping[str, object]
    ) -> None:
        """A prepared statement of many rows, run by the driver over plain tuples."""
        names = [*rows.columns, *fixed]
        columns = [column.to_list() for column in rows.get_columns()]
        same = [repeat(value, rows.height) for value in fixed.values()]
        values = tuple(chain.from_iterable(zip(*columns, *same, strict=True)))
        length = _ROWS_A_STATEMENT * len(names)
        parts = (values[start : start + length] for start in range(0, len(values), length))
        for size, alike in groupby(parts, len):
            conn.exec_driver_sql(_upsert(table, names, size // len(names)), list(alike))


def _upsert(table: sa.Table, names: Sequence[str], rows: int) -> str:
    row = f"({', '.join('?' * len(names))})"
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608  names are ours
        f"VALUES {', '.join([row] * rows)} {replacing(table)}"
    )


def _create(path: Path) -> None:
    """Make folder and file if they are not there, for the owner only. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver shall not begin transactions by itself
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(conn: sa.Connection) -> None:
    options = conn.get_execution_options()
    if not options.get(WRITES):
        conn.exec_driver_sql("BEGIN")
        return
    conn.exec_driver_sql(_SYNCHRONOUS[options[LASTING]])
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _switch_to_wal(engine: sa.Engine, *, last_try: bool) -> bool:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last_try or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        connection.close()
    return True
