"""The step to schema version 4: tasks that people ask for, and series that they want kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

_SHAPE: Final = (
    """CREATE TABLE task (
        id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, series TEXT NOT NULL,
        since_ms BIGINT, until_ms BIGINT, state TEXT NOT NULL,
        asked_ms BIGINT NOT NULL, started_ms BIGINT, ended_ms BIGINT,
        candles BIGINT NOT NULL, expected BIGINT, fetched_bytes BIGINT NOT NULL,
        reached_ms BIGINT, rate BIGINT, left_ms BIGINT,
        words TEXT NOT NULL, error TEXT,
        tries BIGINT NOT NULL, stopping SMALLINT NOT NULL,
        holder TEXT, held_until_ms BIGINT) {clustered}""",
    "CREATE INDEX task_asked ON task (asked_ms, id)",
    # The same work is open once, whoever asks for it and how often.
    """CREATE UNIQUE INDEX task_open
        ON task (kind, series, (COALESCE(since_ms, -1)), (COALESCE(until_ms, -1)))
        WHERE state IN ('queued', 'running')""",
    """CREATE TABLE task_runner (
        id TEXT NOT NULL PRIMARY KEY, alive_until_ms BIGINT NOT NULL) {clustered}""",
    """CREATE TABLE wanted (
        series TEXT NOT NULL PRIMARY KEY, since_ms BIGINT NOT NULL) {clustered}""",
    "CREATE TABLE secret (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) {clustered}",
)


def version_4(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """Tasks with their runners, wanted series, and secrets that all processes share."""
    for statement in _SHAPE:
        conn.execute(sa.text(statement.format_map(words)))
