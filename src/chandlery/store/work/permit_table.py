"""Permits: what all processes together may do once in a while."""

from __future__ import annotations

import sqlalchemy as sa

from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import PERMIT


@again
def claim(database: Database, name: str, *, now_ms: int, every_ms: int) -> bool:
    """Whether the caller may do it now: over all processes, one may per `every_ms`.

    A grant that lies further ahead than one period comes from a clock that was wrong, and does
    not count.
    """
    granted = PERMIT.c.granted_ms
    due = sa.or_(granted <= now_ms - every_ms, granted > now_ms + every_ms)
    grant = (
        database.backend.insert(PERMIT)
        .values(name=name, granted_ms=now_ms)
        .on_conflict_do_update(index_elements=["name"], set_={"granted_ms": now_ms}, where=due)
        .returning(PERMIT.c.name)
    )
    with database.writing() as conn:
        return conn.execute(grant).one_or_none() is not None


def granted_ms(database: Database, name: str) -> int | None:
    """When it was last granted, or None."""
    wanted = sa.select(PERMIT.c.granted_ms).where(PERMIT.c.name == name)
    with database.reading() as conn:
        return conn.execute(wanted).scalar_one_or_none()
