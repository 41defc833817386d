"""The step to schema version 3: a cold tier, and a ledger that tells stored from empty time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

_SHAPE: Final = (
    "ALTER TABLE series ADD COLUMN cold BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE ledger ADD COLUMN tries BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE ledger ADD COLUMN error TEXT",
    """CREATE TABLE part (
        series_id BIGINT NOT NULL REFERENCES series (id),
        start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL,
        PRIMARY KEY (series_id, start_ms)) {clustered}""",
    """CREATE TABLE archive_file (
        series_id BIGINT NOT NULL REFERENCES series (id), path TEXT NOT NULL,
        url TEXT NOT NULL, kind TEXT NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL,
        size BIGINT NOT NULL, etag TEXT NOT NULL, modified_ms BIGINT NOT NULL,
        sha256 TEXT NOT NULL, candles BIGINT NOT NULL,
        fetched_ms BIGINT NOT NULL, looked_ms BIGINT NOT NULL,
        PRIMARY KEY (series_id, path)) {clustered}""",
    "UPDATE ledger SET state = 'stored' WHERE state = 'answered'",
)

_DAY: Final = 86_400_000
_LENGTHS: Final = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": _DAY,
    "w": 7 * _DAY,
    "M": 31 * _DAY,
}

_HOLES: Final = sa.text(
    "SELECT open_ms, following FROM (SELECT open_ms, LEAD(open_ms) OVER (ORDER BY open_ms) "
    "AS following FROM candle WHERE series_id = :series_id AND closed = 1) AS pairs "
    "WHERE following > open_ms + :length ORDER BY open_ms"
)
_EDGES: Final = sa.text(
    "SELECT MIN(open_ms), MAX(open_ms) FROM candle WHERE series_id = :series_id AND closed = 1"
)
_COLUMNS: Final = "series_id, start_ms, end_ms, state, asked_ms, source, request"
_ENTRIES: Final = sa.text(f"SELECT {_COLUMNS} FROM ledger ORDER BY series_id, start_ms")  # noqa: S608
_FORGET: Final = sa.text("DELETE FROM ledger WHERE series_id = :series_id AND start_ms = :start_ms")
_ENTER: Final = sa.text(
    f"INSERT INTO ledger ({_COLUMNS}) VALUES "  # noqa: S608  names are ours
    "(:series_id, :start_ms, :end_ms, :state, :asked_ms, :source, :request)"
)


def version_3(conn: sa.Connection, words: Mapping[str, str]) -> None:
    """Where an answered span has no candle, the exchange has said that there is none."""
    for statement in _SHAPE:
        conn.execute(sa.text(statement.format_map(words)))
    answered = defaultdict(list)
    for row in conn.execute(_ENTRIES).mappings():
        answered[row["series_id"]].append(dict(row))
    intervals = conn.execute(sa.text("SELECT id, interval FROM series")).all()
    for series_id, interval in intervals:
        if answered[series_id]:
            empty = _empty(conn, series_id, interval)
            for entry in answered[series_id]:
                _split(conn, entry, empty)


def _after(open_ms: int, interval: str) -> int:
    """Where the candle after this one opens."""
    after = open_ms + int(interval[:-1]) * _LENGTHS[interval[-1]]
    if not interval.endswith("M"):
        return after
    # 31 days less 4 after the first of a month is in that month still, whichever it is.
    day = datetime.fromtimestamp((after - 4 * _DAY) // 1000, UTC)
    first = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
    return int(first.timestamp()) * 1000


def _empty(conn: sa.Connection, series_id: int, interval: str) -> list[tuple[int, int]]:
    """All time without a candle, from the beginning of time to its end."""
    first, last = conn.execute(_EDGES, {"series_id": series_id}).one()
    ever = 1 << 62
    if first is None:
        return [(-ever, ever)]
    length = int(interval[:-1]) * _LENGTHS[interval[-1]]
    holes = conn.execute(_HOLES, {"series_id": series_id, "length": length})
    inner = [(_after(open_ms, interval), following) for open_ms, following in holes]
    return [(-ever, first), *inner, (_after(last, interval), ever)]


def _split(conn: sa.Connection, entry: dict[str, object], empty: list[tuple[int, int]]) -> None:
    start, end = int(str(entry["start_ms"])), int(str(entry["end_ms"]))
    inside = [(max(start, a), min(end, b)) for a, b in empty if a < end and b > start]
    if not inside:
        return
    conn.execute(_FORGET, entry)
    at = start
    for hole_start, hole_end in inside:
        if hole_start > at:
            conn.execute(_ENTER, {**entry, "start_ms": at, "end_ms": hole_start})
        hole = {"start_ms": hole_start, "end_ms": hole_end, "state": "empty"}
        conn.execute(_ENTER, {**entry, **hole})
        at = hole_end
    if at < end:
        conn.execute(_ENTER, {**entry, "start_ms": at, "end_ms": end})
