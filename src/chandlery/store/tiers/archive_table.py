"""Candles of archive files go in: straight to the cold tier, with a record of each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.runs import runs
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.store import series_table
from chandlery.store.lake.form import WARM
from chandlery.store.ledger import table as ledger_table
from chandlery.store.records import ArchiveRecord, Entry, Kept
from chandlery.store.series_table import Counted, is_series
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.sql.schema import ARCHIVE_FILE, SERIES
from chandlery.store.tiers.candle_table import CandleTable
from chandlery.store.tiers.direct import Direct

SOURCE: Final = "archive"
_FIRST_HAND: Final = ("rest", "stream")
"""Sources that an archive file does not overrule: where the two differ, the files were wrong."""
_OPEN: Final = "open_time"


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of the candles of archive files."""

    kept: Kept = field(default_factory=Kept)
    contradicted: int = 0
    """Candles that the exchange itself had given otherwise; its own word stays."""

    def __add__(self, other: Filed) -> Filed:
        return Filed(self.kept + other.kept, self.contradicted + other.contradicted)


class ArchiveTable:
    """The archive files whose candles are kept, and the door by which they come in."""

    def __init__(
        self, database: Database, clock: Clock, candles: CandleTable, direct: Direct
    ) -> None:
        self._database = database
        self._clock = clock
        self._candles = candles
        self._direct = direct

    def records(self, series: Series) -> list[ArchiveRecord]:
        """The files of which candles are kept, ascending by their span."""
        wanted = (
            sa.select(ARCHIVE_FILE)
            .join(SERIES, SERIES.c.id == ARCHIVE_FILE.c.series_id)
            .where(is_series(series))
            .order_by(ARCHIVE_FILE.c.start_ms, ARCHIVE_FILE.c.path)
        )
        with self._database.reading() as conn:
            return [_record(dict(row)) for row in conn.execute(wanted).mappings()]

    @again
    def looked(self, series: Series, path: str) -> None:
        """Write down that a file was seen unchanged just now."""
        with self._database.writing(lasting=False) as conn:
            row = series_table.locked(conn, self._database.backend, series)
            conn.execute(
                sa.update(ARCHIVE_FILE)
                .where(ARCHIVE_FILE.c.series_id == row.id, ARCHIVE_FILE.c.path == path)
                .values(looked_ms=self._clock.now_ms())
            )

    @again
    def keep(self, series: Series, frame: pl.DataFrame, files: Sequence[ArchiveRecord]) -> Filed:
        """Write candles (SCHEMA, ascending) of whole archive files; again changes nothing.

        What is new goes to the cold tier. A candle that came from a file before and differs now
        is revised; one that the exchange itself has given stays, and is counted. The ledger says
        `stored` for what the files have, and nothing about their holes: a file may be incomplete.
        `files` are those that are whole with these candles. Raises `StoreError`.
        """
        # Before anybody looks: what the exchange says from now on is the newer word.
        now_ms = self._clock.now_ms()
        there = self._there(series, frame)
        fresh, filed = frame, Filed()
        if not there.is_empty():
            fresh = frame.join(there, on=_OPEN, how="anti").sort(_OPEN)
            filed = self._compare(series, frame, there)
        kept, rest = self._direct.put(series, fresh, source=SOURCE, now_ms=now_ms)
        filed += Filed(kept + self._keep_hot(series, rest))
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, series)
            ledger_table.enter(conn, row.id, list(self._entries(series, frame, files)))
            self._write(conn, row, files)
        return filed

    def _there(self, series: Series, frame: pl.DataFrame) -> pl.DataFrame:
        if frame.is_empty():
            return pl.DataFrame(schema=WARM)
        opens = frame[_OPEN].dt.epoch("ms")
        span = Span(int(opens[0]), int(opens[-1]) + 1)
        return self._candles.evidence(series, span)

    def _compare(self, series: Series, frame: pl.DataFrame, there: pl.DataFrame) -> Filed:
        known = frame.join(there.select(_OPEN), on=_OPEN, how="semi")
        same = known.join(there, on=list(SCHEMA), how="semi", nulls_equal=True)
        other = known.join(there, on=list(SCHEMA), how="anti", nulls_equal=True)
        first_hand = there.filter(pl.col("source").is_in(_FIRST_HAND))
        contradicted = other.join(first_hand, on=_OPEN, how="semi")
        revised = other.join(first_hand, on=_OPEN, how="anti").sort(_OPEN)
        kept = self._keep_hot(series, revised)
        return Filed(kept + Kept(unchanged=same.height), contradicted.height)

    def _keep_hot(self, series: Series, frame: pl.DataFrame) -> Kept:
        if frame.is_empty():
            return Kept()
        return self._candles.keep(Candles(series, frame), answered=None, source=SOURCE)

    def _entries(
        self, series: Series, frame: pl.DataFrame, files: Sequence[ArchiveRecord]
    ) -> Iterator[Entry]:
        opens = frame[_OPEN].dt.epoch("ms")
        now_ms = self._clock.now_ms()
        for run in runs(opens, series.interval):
            inside = (file for file in files if file.span.intersect(run))
            request = next((file.path for file in inside), "")
            yield Entry(run, "stored", now_ms, SOURCE, request)

    def _write(self, conn: sa.Connection, row: Counted, files: Sequence[ArchiveRecord]) -> None:
        for file in files:
            values = _values(row.id, file)
            conn.execute(
                self._database.backend.insert(ARCHIVE_FILE)
                .values(values)
                .on_conflict_do_update(index_elements=["series_id", "path"], set_=values)
            )


def _record(row: dict[str, Any]) -> ArchiveRecord:
    del row["series_id"]
    return ArchiveRecord(span=Span(row.pop("start_ms"), row.pop("end_ms")), **row)


def _values(series_id: int, file: ArchiveRecord) -> dict[str, object]:
    values = asdict(file)
    del values["span"]
    bounds = {"start_ms": file.span.start, "end_ms": file.span.end}
    return {"series_id": series_id, **values, **bounds}
