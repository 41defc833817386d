"""A shared budget in a SQLite file, for the processes of one machine."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from chandlery.errors import Unreachable
from chandlery.transport.budget import rule
from chandlery.transport.budget.protocol import Permit
from chandlery.transport.budget.rule import Account, Count, Freeze, Known, Moment, Standing

PATIENCE: Final = 1.0
"""Seconds to wait for the other processes, each of which is done in less than a millisecond."""
TABLE: Final = """
CREATE TABLE IF NOT EXISTS budget_1 (name TEXT PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID
"""
READ: Final = "SELECT account FROM budget_1 WHERE name = ?"
WRITE: Final = "INSERT OR REPLACE INTO budget_1 VALUES (?, ?)"


class SqlitePlace:
    """Keeps the account in a file that only its owner can read; the file may be deleted."""

    def __init__(self, path: Path, name: str) -> None:
        self.shown = f"{path}"
        self._path = path
        self._name = name
        # By process: a connection must not be used, nor a lock be waited for, across a fork.
        self._files: dict[int, _File] = {}

    def take(self, moment: Moment, known: Known, weight: int, share: float) -> Standing:
        """Count `weight` if it fits."""
        with self._account() as account:
            return rule.take(account, moment, known, weight, share)

    def look(self, moment: Moment, known: Known) -> Standing:
        """How things stand."""
        with self._account() as account:
            return rule.look(account, moment, known)

    def settle(self, moment: Moment, permit: Permit, used: int | None) -> None:
        """Take a request out of flight."""
        with self._account() as account:
            rule.settle(account, moment, permit, used)

    def freeze(self, moment: Moment, length_ms: int) -> None:
        """Let nobody send for so long."""
        with self._account() as account:
            rule.freeze(account, moment, length_ms)

    @contextmanager
    def _account(self) -> Iterator[Account]:
        """The account, which nobody else sees until what was done to it is written."""
        file = self._files.get(os.getpid())
        if file is None:
            file = self._files.setdefault(os.getpid(), _File(self._path))
        try:
            with file.transaction() as database:
                found = database.execute(READ, (self._name,)).fetchone()
                account = _read(found[0]) if found else Account()
                yield account
                written = _written(account)
                if not found or written != found[0]:
                    database.execute(WRITE, (self._name, written))
        except (sqlite3.Error, OSError) as error:
            file.forget()
            raise Unreachable(f"{error}") from error


class _File:
    """The file as one process has it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The database, with no other thread or process in it."""
        with self._lock:
            database = self._opened()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise

    def forget(self) -> None:
        """Open it anew the next time: it may have become another file."""
        with self._lock:
            self._close()

    def __del__(self) -> None:
        # In the child of a fork it is the parent's, who may be in the middle of something.
        if self._process == os.getpid():
            self._close()

    def _opened(self) -> sqlite3.Connection:
        # A file that was deleted lives on for those who have it open, but others make a new one.
        if self._database is None or self._identity != self._identity_now():
            self._close()
            self._database = self._open()
            self._identity = self._identity_now()
        return self._database

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its side files the rights of the main file.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(
            self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA journal_mode = WAL")
            # Never waits for the disk: only the last minutes are in it. After a power cut they
            # are worth nothing, and a damaged file costs no more than counting alone.
            database.execute("PRAGMA synchronous = OFF")
            database.execute(TABLE)
        except BaseException:
            database.close()
            raise
        return database

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _close(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None


def _written(account: Account) -> str:
    return json.dumps(asdict(account))


def _read(text: str) -> Account:
    found: dict[str, Any] = json.loads(text)
    frozen = found["freeze"]
    return Account(
        minutes={int(minute): Count(**count) for minute, count in found["minutes"].items()},
        limit=found["limit"],
        limit_minute=found["limit_minute"],
        freeze=Freeze(**frozen) if frozen else None,
    )
