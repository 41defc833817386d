"""The step to schema version 5: the newest week of prices of the biggest coins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

_SPARKLINE: Final = """CREATE TABLE sparkline (
    currency TEXT NOT NULL PRIMARY KEY, taken_ms BIGINT NOT NULL, prices_json TEXT NOT NULL)"""


def version_5(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """Room for the sparklines, one row per currency."""
    conn.execute(sa.text(_SPARKLINE.format_map(words)))
