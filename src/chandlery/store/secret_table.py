"""Secrets that all processes over one store share: made once, by whoever needs one first."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import SECRET


class SecretTable:
    """Random keys by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes:
        """The 32 bytes of that name, the same for every process and for as long as the store."""
        known = sa.select(SECRET.c.value).where(SECRET.c.name == name)
        with self._database.reading() as conn:
            value = conn.execute(known).scalar_one_or_none()
        if value is None:
            made = (
                self._database.backend.insert(SECRET)
                .values(name=name, value=secrets.token_hex(32))
                .on_conflict_do_nothing()
            )
            with self._database.writing() as conn:
                conn.execute(made)  # whoever else was first has won
                value = conn.execute(known).scalar_one()
        return bytes.fromhex(value)
