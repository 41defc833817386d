"""One open database: its connections, its transactions, and its errors told plainly."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

import sqlalchemy as sa

from chandlery.errors import BadSetting, StoreError
from chandlery.store.sql.backend import LASTING, WRITES, Backend
from chandlery.store.sql.failures import told_plainly
from chandlery.store.sql.migrations import (
    MIGRATIONS,
    Migration,
    migrate,
    missing,
    refuse_newer,
)
from chandlery.store.sql.postgres import PostgresBackend
from chandlery.store.sql.sqlite import SqliteBackend

_BACKENDS: Final[dict[str, tuple[str, Backend]]] = {
    "sqlite": ("sqlite+pysqlite", SqliteBackend()),
    "sqlite+pysqlite": ("sqlite+pysqlite", SqliteBackend()),
    "postgres": ("postgresql+psycopg", PostgresBackend()),
    "postgresql": ("postgresql+psycopg", PostgresBackend()),
    "postgresql+psycopg": ("postgresql+psycopg", PostgresBackend()),
}
"""How a URL may begin: the driver that stands behind it, and what we know of its engine."""


class Database:
    """Connections to one migrated store. Safe to use from many threads and after a fork."""

    def __init__(
        self, name: str, backend: Backend, engine: sa.Engine, *, wait_seconds: float
    ) -> None:
        self.name = name
        self.backend = backend
        self._engine = engine
        self._wait_seconds = wait_seconds
        self._turn = threading.Lock()
        self._closed = False
        self._version: int | None = None
        """The version of the schema that this program knows, once the store has it."""
        _OPEN.add(self)

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
        database = cls(name, backend, engine, wait_seconds=wait_seconds)
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
        self._version = len(migrations)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with self._transaction() as conn:
            yield conn

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[sa.Connection]:
        """A transaction that is written whole when the block ends, and not at all if it raises.

        One that is not `lasting` does not wait for the disk: a power cut may undo it, whole, as
        long as nothing lasting was written after it. A crash of the program does not.
        """
        with self._own_turn(), self._transaction(**{WRITES: True, LASTING: lasting}) as conn:
            yield conn

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        """Threads queue here, where the engine would have them sleep and try again."""
        if not self.backend.one_writer:
            yield
            return
        # Whoever waits in vain goes on: the engine has the last word, and an error that says so.
        taken = self._turn.acquire(timeout=self._wait_seconds)
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    @contextmanager
    def _transaction(self, **options: bool) -> Iterator[sa.Connection]:
        if self._closed:
            msg = f"The store {self.name} has been closed already."
            raise StoreError(msg)
        with (
            told_plainly(self.name),
            self._engine.connect().execution_options(**options) as conn,
            conn.begin(),
        ):
            if self._version is not None:
                # A newer program may carry the store forward while this one has it open.
                if options:
                    self.backend.lock_version(conn)
                refuse_newer(conn, self._version)
            yield conn

    def close(self) -> None:
        """Close all connections. May be called twice."""
        self._closed = True
        self._engine.dispose()

    def begin_anew(self) -> None:
        """In the child of a fork: open connections of its own, leave those of the parent alone."""
        self._engine.dispose(close=False)
        self._turn = threading.Lock()


_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()


def _begin_anew() -> None:
    for database in _OPEN:
        database.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)


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
    if "@" in (parsed.host or ""):
        msg = (
            "CHANDLERY_STORE_URL has a password with signs that mean something else in a URL: "
            "write @ as %40, / as %2F, : as %3A and % as %25 there, or set PGPASSWORD."
        )
        raise BadSetting(msg)
    return parsed.set(drivername=driver), backend
