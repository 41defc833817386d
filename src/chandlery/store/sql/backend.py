"""What a database engine must be able to do for the store; one implementation per engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert

WRITES: Final = "chandlery_writes"
"""Execution option: whether a transaction will write."""
LASTING: Final = "chandlery_lasting"
"""Execution option: whether what it writes must survive a power cut at once."""


class Backend(Protocol):
    """The differences between engines, and nothing else."""

    words: Mapping[str, str]
    """Words of its SQL: the types `key`, `exact`, `decimal`, the table option `clustered`, and the
    condition `among` that compares a column with the parameter `:keys`."""

    one_writer: bool
    """Whether only one transaction can write at a time."""

    def describe(self, url: sa.URL) -> str:
        """The store's name for people, without a password."""

    def engine(self, url: sa.URL, *, wait_seconds: float) -> sa.Engine:
        """A pool of connections that give up on a lock after `wait_seconds`; opens none yet."""

    def prepare(self, engine: sa.Engine, *, wait_seconds: float) -> None:
        """What has to be set once per store, before the first write."""

    def lock_schema(self, conn: sa.Connection) -> None:
        """Keep other processes from changing the schema until this transaction ends."""

    def lock_version(self, conn: sa.Connection) -> None:
        """Keep the schema as it is until this transaction ends; other writers may do the same."""

    def insert(self, table: sa.Table) -> Insert:
        """Core's INSERT, in the form that knows ON CONFLICT."""

    def keys(self, keys: Sequence[int]) -> object:
        """The parameter `:keys` of the word `among`."""

    def upsert(
        self, conn: sa.Connection, table: sa.Table, rows: pl.DataFrame, fixed: Mapping[str, object]
    ) -> None:
        """Write rows of numbers, and of decimals as text, replacing those of the same key, whole.

        `fixed` has the columns that are the same in all rows.
        """


def replacing(table: sa.Table) -> str:
    """The clause that lets the newer row win whole."""
    keys = [column.name for column in table.primary_key]
    rest = [name for name in table.columns.keys() if name not in keys]  # noqa: SIM118
    assigned = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assigned}"
