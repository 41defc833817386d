"""What a database or a disk can do wrong, and which of our errors says so.

One table per origin, one context manager that applies them. Messages name the store without its
password and say what to do next; the cause stays attached.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from chandlery.candles.room import free
from chandlery.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
    StoreUnwritable,
)

_ADVICE: Final[dict[type[StoreError], str]] = {
    StoreLocked: "is held by another process for too long. Wait for it or stop it, then try again",
    StoreCorrupt: "is not a Chandlery database, or a damaged one. "
    "Restore it from a backup, or move it away to start afresh",
    StoreFull: "has no room left on its disk. Nothing was half written; "
    "free some space, then try again",
    StoreUnwritable: "cannot be written. Check the rights of its folder and file "
    "(in PostgreSQL: of its schema), "
    "or choose another with CHANDLERY_HOME or CHANDLERY_STORE_URL",
    StoreUnreachable: "does not let us in. Check that the database server runs, "
    "and host, database, user and password of CHANDLERY_STORE_URL",
    StoreError: "failed in a way that Chandlery does not know. Nothing was half written",
}

_SQLITE: Final[dict[int, type[StoreError]]] = {
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_PROTOCOL: StoreLocked,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR_SHMSIZE: StoreFull,
    sqlite3.SQLITE_PERM: StoreUnwritable,
    sqlite3.SQLITE_READONLY: StoreUnwritable,
    sqlite3.SQLITE_CANTOPEN: StoreUnwritable,
    sqlite3.SQLITE_IOERR: StoreUnwritable,
}
"""By extended result code, else by primary one: https://sqlite.org/rescode.html"""

_POSTGRES: Final[dict[str, type[StoreError]]] = {
    "55P03": StoreLocked,
    "40": StoreLocked,
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
    "53100": StoreFull,
    "25006": StoreUnwritable,
    "3F000": StoreUnwritable,
    "42501": StoreUnwritable,
    "08": StoreUnreachable,
    "28": StoreUnreachable,
    "3D000": StoreUnreachable,
    "53": StoreUnreachable,
    "57": StoreUnreachable,
}
"""By SQLSTATE, else by its class: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_DISK_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def told_plainly(store: str) -> Iterator[None]:
    """Whatever the database or the disk raises inside becomes a `StoreError` that names `store`."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        cause = error.orig or error
        raise _told(store, _kind(cause, disconnected=_connecting(error)), cause) from error
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _told(store, _kind(error), error) from error


def _told(store: str, kind: type[StoreError], error: BaseException) -> StoreError:
    said = " ".join(str(error).split())
    if kind is StoreFull and isinstance(error, sqlite3.Error | OSError):
        said = f"{said}; {free(Path(store))}"
    return kind(f"The store {store} {_ADVICE[kind]}. ({said})")


def _connecting(error: sa.exc.DBAPIError) -> bool:
    """Whether there was no connection: libpq gives no SQLSTATE then, and there is no statement."""
    return error.connection_invalidated or (
        error.statement is None and isinstance(error, sa.exc.OperationalError)
    )


def _kind(error: BaseException, *, disconnected: bool = False) -> type[StoreError]:
    if isinstance(error, sqlite3.Error):
        # Python itself finds text that is none, and gives no code.
        garbled = str(error).startswith("Could not decode")
        return StoreCorrupt if garbled else _sqlite_kind(getattr(error, "sqlite_errorcode", 0))
    if isinstance(error, OSError):
        return StoreFull if error.errno in _DISK_FULL else StoreUnwritable
    if isinstance(error, sa.exc.TimeoutError):
        return StoreLocked
    state = getattr(error, "sqlstate", None) or ("08" if disconnected else "")
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2], StoreError)


def _sqlite_kind(code: int) -> type[StoreError]:
    return _SQLITE.get(code) or _SQLITE.get(code & 0xFF, StoreError)
