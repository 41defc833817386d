"""One open database: its connections, its transactions, and its errors told plainly."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

import sqlalchemy as sa

from chandlery.errors import BadSetting, StoreError
from chandlery.store.backend import Backend
from chandlery.store.failures import told_plainly
from chandlery.store.migrations import MIGRATIONS, Migration, migrate, missing
from chandlery.store.postgres import PostgresBackend
from chandlery.store.sqlite import BEGIN, SqliteBackend

_BACKENDS: Final[dict[str, tuple[str, Backend]]] = {
    "sqlite": ("sqlite+pysqlite", SqliteBackend()),
    "sqlite+pysqlite": ("sqlite+pysqlite", SqliteBackend()),
    "postgres": ("postgresql+psycopg", PostgresBackend()),
    "postgresql": ("postgresql+psycopg", PostgresBackend()),
    "postgresql+psycopg": ("postgresql+psycopg", PostgresBackend()),
}
"""How a URL may begin: the driver that stands behind it, and what we know of its engine."""

_OPEN: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


def _forget_connections() -> None:
    """After a fork the child opens its own connections and leaves those of the parent alone."""
    for engine in _OPEN:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)


class Database:
    """Connections to one migrated store. Safe to use from many threads and after a fork."""

    def __init__(self, name: str, backend: Backend, engine: sa.Engine) -> None:
        self.name = name
        self.backend = backend
        self._engine = engine
        self._closed = False
        _OPEN.add(engine)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        wait_seconds: float = 30.0,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Self:
        """Open, create or carry forward the store at `url`. Raises `BadSetting`, `StoreError`."""
        parsed, backend = _parse(url)
        name = backend.describe(parsed)
        with told_plainly(name):
            engine = backend.engine(parsed, wait_seconds=wait_seconds)
        database = cls(name, backend, engine)
        try:
            database._bring_forward(migrations, wait_seconds)
        except BaseException:
            database.close()
            raise
        return database

    def _bring_forward(self, migrations: Sequence[Migration], wait_seconds: float) -> None:
        with self.reading() as conn:
            behind = missing(conn, migrations)
        with told_plainly(self.name):
            self.backend.prepare(self._engine, wait_seconds=wait_seconds)
        if behind:
            with self.writing() as conn:
                self.backend.lock_schema(conn)
                migrate(conn, migrations, self.backend.words)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with self._transaction("BEGIN") as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is written whole when the block ends, and not at all if it raises."""
        with self._transaction("BEGIN IMMEDIATE") as conn:
            yield conn

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sa.Connection]:
        if self._closed:
            msg = f"The store {self.name} has been closed already."
            raise StoreError(msg)
        with (
            told_plainly(self.name),
            self._engine.connect().execution_options(**{BEGIN: begin}) as conn,
            conn.begin(),
        ):
            yield conn

    def close(self) -> None:
        """Close all connections. May be called twice."""
        self._closed = True
        self._engine.dispose()


def _parse(url: str) -> tuple[sa.URL, Backend]:
    try:
        parsed = sa.make_url(url)
        driver, backend = _BACKENDS[parsed.drivername]
    except (sa.exc.ArgumentError, KeyError, ValueError):
        msg = (
            "CHANDLERY_STORE_URL is no URL of a store. Write sqlite:////path/to/store.sqlite "
            "or postgresql://user:password@host/database."
        )
        raise BadSetting(msg) from None  # the cause could show a password
    return parsed.set(drivername=driver), backend
