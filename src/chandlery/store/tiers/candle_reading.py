"""Candles come out: both tiers as one, the hot one winning where both have a candle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import BadSpan, StoreCorrupt
from chandlery.store import series_table
from chandlery.store.lake import part_table
from chandlery.store.lake.cold import Cold
from chandlery.store.lake.form import WARM
from chandlery.store.sql import candle_sql as sql
from chandlery.store.sql.database import Database
from chandlery.store.sql.rows import fetched, unstored

_COLUMNS: Final = tuple(SCHEMA)
_EVIDENCE: Final = ("known_ms", "source")


@dataclass(frozen=True, slots=True)
class _Hot:
    """What the hot tier has of what was asked, and where the cold tier has more."""

    rows: Sequence[Any]
    parts: list[Span]


class CandleReader:
    """Reads candles. Those of the cold tier are looked for only where there are any."""

    def __init__(self, database: Database, cold: Cold | None) -> None:
        self._database = database
        self._cold = cold

    def read(
        self,
        series: Series,
        *,
        last: int | None = None,
        span: Span | None = None,
        forming: bool = True,
    ) -> Candles:
        """The stored candles whose open times lie in `span`, of these the `last` ones, ascending.

        Forming candles come at the end, marked as unfinished, or not at all. A series that the
        store does not have is empty. Raises `BadSpan` when `last` is below one, and `StoreError`.
        """
        hot = self._hot(series, last, span, forming=forming)
        closed = sum(row[-1] for row in hot.rows)
        frame = unstored(fetched([row[:-1] for row in reversed(hot.rows)]))
        if hot.parts and not _suffices(frame, last, hot.parts):
            cold = self.cold_tier().read(series, hot.parts, last=last, columns=_COLUMNS)
            frame = _merged(cold, frame)
            frame = frame if last is None else frame.tail(last)
        return Candles(series, frame, len(hot.rows) - closed)

    def scan(
        self,
        series: Series,
        *,
        last: int | None = None,
        span: Span | None = None,
        forming: bool = True,
    ) -> pl.LazyFrame:
        """What `read` would give, as a lazy frame: a long history need not fit in memory."""
        if last is not None:
            return self.read(series, last=last, span=span, forming=forming).frame.lazy()
        hot = self._hot(series, None, span, forming=forming)
        frame = unstored(fetched([row[:-1] for row in reversed(hot.rows)]))
        if not hot.parts:
            return frame.lazy()
        cold = self.cold_tier().scan(series, hot.parts, columns=_COLUMNS)
        return _merged_lazily(cold, frame, hot.parts[-1].end)

    def opens(self, series: Series, *, span: Span | None = None) -> pl.Series:
        """The open times (epoch ms, Int64) of all closed candles in `span`, ascending."""
        asked = _asked(series, span)
        with self._database.reading() as conn:
            hot = pl.Series("open_time", conn.execute(sql.OPENS, asked).scalars().all(), pl.Int64)
            parts = self._parts(conn, series, span)
        if not parts:
            return hot
        return both_opens(hot, self.cold_opens(series, parts))

    def cold_opens(self, series: Series, parts: Sequence[Span]) -> pl.Series:
        """The same of what stands in `parts` of the cold tier."""
        cold = self.cold_tier().read(series, parts, columns=("open_time",))
        return cold["open_time"].dt.epoch("ms")

    def last_opens(self, series: Series, count: int) -> list[int]:
        """The open times (epoch ms) of the newest `count` closed candles, ascending."""
        asked = series_table.named(series) | {"last": count}
        with self._database.reading() as conn:
            hot = [open_ms for (open_ms,) in conn.execute(sql.LAST_OPENS, asked)][::-1]
            parts = self._parts(conn, series, None)
        if not parts or (len(hot) == count and hot[0] >= parts[-1].end):
            return hot
        cold = self.cold_tier().read(series, parts, last=count, columns=("open_time",))
        return sorted({*cold["open_time"].dt.epoch("ms").to_list(), *hot})[-count:]

    def revisions(self, series: Series) -> pl.DataFrame:
        """Older versions of closed candles, by open time and then oldest first.

        The columns of SCHEMA, then `replaced_ms` and `known_ms` (Int64, epoch milliseconds: until
        and since when this version was the stored one) and `source` (String).
        """
        with self._database.reading() as conn:
            rows = conn.execute(sql.REVISIONS, series_table.named(series)).all()
        return unstored(fetched(rows, ["replaced_ms", *_EVIDENCE]))

    def evidence(self, series: Series, span: Span) -> pl.DataFrame:
        """The closed candles of `span` in the columns of WARM: with since when and from where."""
        with self._database.reading() as conn:
            row = series_table.found(conn, series)
            return self._warm(conn, row.id, series, span) if row else pl.DataFrame(schema=WARM)

    def cold_tier(self) -> Cold:
        """The cold tier. Raises `StoreCorrupt` when candles stand there and it is switched off."""
        if self._cold is None:
            msg = (
                "Older candles of this store stand in a lake, and CHANDLERY_LAKE_URL is 'none'. "
                "Set it to the place where they are."
            )
            raise StoreCorrupt(msg)
        return self._cold

    def _hot(self, series: Series, last: int | None, span: Span | None, *, forming: bool) -> _Hot:
        if last is not None and last < 1:
            msg = f"The number of last candles must be at least 1; asked was {last}."
            raise BadSpan(msg)
        asked = _asked(series, span) | {
            "last": sql.EVER if last is None else last,
            "forming": int(forming),
            "never": -sql.EVER,
        }
        with self._database.reading() as conn:
            rows = conn.execute(sql.READ, asked).all()
            return _Hot(rows, self._parts(conn, series, span))

    def _parts(self, conn: sa.Connection, series: Series, span: Span | None) -> list[Span]:
        row = series_table.found(conn, series)
        return part_table.parts(conn, row.id, span) if row is not None and row.cold else []

    def _warm(
        self, conn: sa.Connection, series_id: int, series: Series, span: Span
    ) -> pl.DataFrame:
        hot = closed_rows(conn, series_id, span)
        parts = part_table.parts(conn, series_id, span)
        return _merged(self.cold_tier().read(series, parts), hot) if parts else hot


def closed_rows(
    conn: sa.Connection, series_id: int, span: Span, *, most: int = sql.EVER
) -> pl.DataFrame:
    """The oldest `most` closed candles of `span` in the hot tier, in the columns of WARM."""
    asked = {"series_id": series_id, "start": span.start, "end": span.end, "most": most}
    return unstored(fetched(conn.execute(sql.CLOSED, asked).all(), _EVIDENCE))


def both_opens(hot: pl.Series, cold: pl.Series) -> pl.Series:
    """Open times of both tiers as one, ascending."""
    if cold.is_empty():
        return hot
    if hot.is_empty() or int(cold[-1]) < int(hot[0]):
        return cold.append(hot)
    return cold.append(hot).unique().sort()


def _asked(series: Series, span: Span | None) -> dict[str, object]:
    return series_table.named(series) | {
        "start": span.start if span else -sql.EVER,
        "end": span.end if span else sql.EVER,
    }


def _suffices(hot: pl.DataFrame, last: int | None, parts: Sequence[Span]) -> bool:
    """Whether the newest `last` candles are all in the hot tier."""
    if last is None or hot.height < last:
        return False
    return int(hot["open_time"].dt.epoch("ms")[0]) >= parts[-1].end


def _merged(cold: pl.DataFrame, hot: pl.DataFrame) -> pl.DataFrame:
    if hot.is_empty() or cold.is_empty():
        return hot if cold.is_empty() else cold
    if cold["open_time"][-1] < hot["open_time"][0]:
        return pl.concat([cold, hot])
    older = cold.filter(~pl.col("open_time").is_in(hot["open_time"].implode()))
    return pl.concat([older, hot]).sort("open_time")


def _merged_lazily(cold: pl.LazyFrame, hot: pl.DataFrame, cold_end_ms: int) -> pl.LazyFrame:
    if hot.is_empty():
        return cold
    opens = pl.col("open_time").dt.epoch("ms")
    newer = hot.filter(opens >= cold_end_ms)
    over = hot.filter(opens < cold_end_ms)
    if not over.is_empty():
        older = cold.filter(~pl.col("open_time").is_in(over["open_time"].implode()))
        cold = older.merge_sorted(over.lazy(), key="open_time")
    return pl.concat([cold, newer.lazy()])
