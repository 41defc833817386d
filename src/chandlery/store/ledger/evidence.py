"""Single candles with their evidence: since when and from where, and what they were before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import DECIMAL_COLUMNS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.store import series_table
from chandlery.store.sql.candle_sql import EVER
from chandlery.store.sql.database import Database
from chandlery.store.sql.rows import VALUES, fetched, unstored
from chandlery.store.tiers.candle_reading import CandleReader

Tier = Literal["hot", "cold"]

_SERIES: Final = "(SELECT id FROM series WHERE exchange = :exchange AND symbol = :symbol "
_ID: Final = f"{_SERIES}AND interval = :interval)"
_LAST: Final = _ID.replace("SELECT id", "SELECT last_ms")
_READABLE: Final = ", ".join(
    f"CAST({name} AS TEXT)" if name in DECIMAL_COLUMNS else name for name in VALUES
)
_AT: Final = sa.text(
    f"SELECT {_READABLE}, closed, known_ms, source FROM candle "  # noqa: S608  names are ours
    f"WHERE series_id = {_ID} AND open_ms = :open_ms "
    f"AND (closed = 1 OR open_ms > COALESCE({_LAST}, :never))"
)
_REVISED: Final = sa.text(
    f"SELECT open_ms, COUNT(*) FROM revision WHERE series_id = {_ID} "  # noqa: S608
    "AND open_ms >= :start AND open_ms < :end GROUP BY open_ms ORDER BY open_ms LIMIT :most"
)
_VERSIONS: Final = sa.text(
    f"SELECT {_READABLE}, replaced_ms, known_ms, source FROM revision "  # noqa: S608
    f"WHERE series_id = {_ID} AND open_ms >= :start AND open_ms < :end ORDER BY open_ms, id"
)


@dataclass(frozen=True, slots=True)
class Stood:
    """One stored candle: one row in the columns of WARM, where it stands, and whether it closed."""

    row: pl.DataFrame
    tier: Tier
    closed: bool


class EvidenceTable:
    """What is known of single candles and of their older versions."""

    def __init__(self, database: Database, candles: CandleReader) -> None:
        self._database = database
        self._candles = candles

    def at(self, series: Series, open_ms: int) -> Stood | None:
        """The candle that opens at `open_ms`, the forming one too; None when there is none."""
        asked = series_table.named(series) | {"open_ms": open_ms, "never": -EVER}
        with self._database.reading() as conn:
            row = conn.execute(_AT, asked).one_or_none()
        if row is not None:
            found = unstored(fetched([row], ["closed", "known_ms", "source"]))
            return Stood(found.drop("closed"), "hot", bool(found["closed"][0]))
        cold = self._candles.evidence(series, Span(open_ms, open_ms + 1))
        return None if cold.is_empty() else Stood(cold, "cold", closed=True)

    def revised(
        self, series: Series, span: Span | None = None, *, most: int = EVER
    ) -> list[tuple[int, int]]:
        """The oldest `most` closed candles of `span` that changed: open times, how often each."""
        with self._database.reading() as conn:
            rows = conn.execute(_REVISED, _bounds(series, span) | {"most": most})
            return [(open_ms, count) for open_ms, count in rows]

    def versions(self, series: Series, span: Span) -> pl.DataFrame:
        """Older versions of the closed candles of `span`, by open time and then oldest first.

        The columns of `CandleReader.revisions`.
        """
        with self._database.reading() as conn:
            rows: Sequence[Sequence[object]] = conn.execute(_VERSIONS, _bounds(series, span)).all()
        return unstored(fetched(rows, ["replaced_ms", "known_ms", "source"]))


def _bounds(series: Series, span: Span | None) -> dict[str, object]:
    return series_table.named(series) | {
        "start": span.start if span else -EVER,
        "end": span.end if span else EVER,
    }
