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

from chandlery.candles.disk import MEND, free
from chandlery.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
    StoreUnwritable,
)
from chandlery.store.sql.holder import holder

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

_CONFLICTS: Final = {"40001", "40P01"}
"""What the server undid in favour of others: a serialization failure, a deadlock."""
_ADVICE_BY_CODE: Final = {
    "EIO": f"cannot be read or written. {MEND}",
    "25006": "takes no writes now: it may be a standby, after a fail-over. Wait until it does, or "
    "point CHANDLERY_STORE_URL at the server that does",
    "40001": "is changed by others at the same moment, again and again. Try again",
    "40P01": "is changed by others at the same moment, again and again. Try again",
    "53300": "has no connection left. Have fewer programs use it, or raise its max_connections",
    "57014": "ended what was asked, since it took too long. Raise its statement_timeout for the "
    "user of CHANDLERY_STORE_URL, or ask for less at once",
}
_CROWDED: Final = ("too many clients", "too many connections", "connection slots")
"""What PostgreSQL says to somebody whom it does not let in, in English; there is no code then."""

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
    if kind is StoreLocked and isinstance(error, sqlite3.Error):
        said = "; ".join(filter(None, (said, holder(Path(store)))))
    return kind(f"The store {store} {_advice(kind, error, said)}. ({said})")


def _advice(kind: type[StoreError], error: BaseException, said: str) -> str:
    code = "EIO" if _is_failing_disk(error) else getattr(error, "sqlstate", None)
    if code is None and kind is StoreUnreachable and any(words in said for words in _CROWDED):
        code = "53300"
    return _ADVICE_BY_CODE.get(str(code)) or _ADVICE[kind]


def _is_failing_disk(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return code & 0xFF == sqlite3.SQLITE_IOERR and code != sqlite3.SQLITE_IOERR_SHMSIZE
    return isinstance(error, OSError) and error.errno == errno.EIO


def is_conflict(error: StoreError) -> bool:
    """Whether the server undid a transaction in favour of another, so that it can be done again."""
    cause = error.__cause__
    return isinstance(cause, sa.exc.DBAPIError) and (
        getattr(cause.orig, "sqlstate", None) in _CONFLICTS
    )


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
