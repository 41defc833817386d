"""One file into the store, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from chandlery.candles.files import check_interval, read_file
from chandlery.candles.frame import Candles
from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.clock import ms_to_text
from chandlery.collect.importing.imported import Imported, LeftOut, Told
from chandlery.collect.importing.meeting import Met, meet
from chandlery.collect.importing.naming import ArchiveName, archive_name, series_of
from chandlery.collect.importing.weighing import Weighed, weigh
from chandlery.errors import BadFile
from chandlery.store import Kept, Store


def import_file(path: Path, told: Told, store: Store, *, now_ms: int) -> Imported:
    """Keep the candles of a CSV, JSON, Parquet or Feather file, packed or not.

    The name of an archive file tells the series where `told` does not. Nothing is kept unless
    every row can be read. The last candle may have been unfinished and is left out, unless the
    person says that all are closed, or it is an archive file whose time is over. A candle that has
    not closed by `now_ms` is kept as forming; one that has not begun is refused. Where the
    exchange has answered, its word counts and not the file's. Raises `BadFile` with the line that
    is wrong, and `StoreError`.
    """
    rows = read_file(path)
    if rows.frame.is_empty():
        raise BadFile(path, "holds no candles.")
    series = series_of(path, rows, told)
    check_interval(rows.frame, series.interval, path)
    name = archive_name(path)
    _refuse_other_times(path, rows.frame, name, now_ms)
    closed = told.closed or _is_over(path, rows.frame, name, now_ms)
    weighed = weigh(rows, series.interval, closed=closed)
    met = meet(weighed.frame, rows, series, store)
    doubt = meet(weighed.doubtful, rows, series, store)
    return Imported(
        file=str(path),
        series=series,
        rows=rows.frame.height,
        kept=_keep(met, series, store, path.name, now_ms) + Kept(unchanged=doubt.unchanged),
        duplicates=weighed.duplicates,
        left_out=_left_out(weighed, met, doubt),
        notes=weighed.notes,
    )


def _left_out(weighed: Weighed, met: Met, doubt: Met) -> tuple[LeftOut, ...]:
    """What was not kept, but for doubtful candles that turn out to be as they are kept already."""
    unsure = doubt.frame.select(pl.col("open_time").dt.epoch("ms")).to_series()
    still = {*unsure, *(one.open_ms for one in doubt.left_out)}
    of_file = (
        one for one in weighed.left_out if one.reason != "unfinished" or one.open_ms in still
    )
    return tuple(sorted((*of_file, *met.left_out), key=lambda one: one.open_ms))


def _keep(met: Met, series: Series, store: Store, name: str, now_ms: int) -> Kept:
    known = Kept(unchanged=met.unchanged)
    if met.frame.is_empty():
        return known
    candles = Candles(series, met.frame, _unfinished(met.frame, series.interval, now_ms))
    return known + store.candles.keep(candles, answered=None, source="file", request=name)


def _unfinished(frame: pl.DataFrame, interval: Interval, now_ms: int) -> int:
    """How many candles at the end have not closed by `now_ms`."""
    times = frame.select(pl.col("open_time", "close_time").dt.epoch("ms"))
    for count, (open_ms, close_ms) in enumerate(times.reverse().iter_rows()):
        if (interval.close(open_ms) if close_ms is None else close_ms) < now_ms:
            return count
    return frame.height


def _refuse_other_times(
    path: Path, frame: pl.DataFrame, name: ArchiveName | None, now_ms: int
) -> None:
    oldest, newest = _ends(frame)
    if newest > now_ms:
        raise BadFile(path, f"holds a candle of the future ({ms_to_text(newest)}).")
    for open_ms in (oldest, newest):
        if name is not None and open_ms not in name.span:
            why = f"holds a candle of {ms_to_text(open_ms)}, which its name does not cover."
            raise BadFile(path, why)


def _is_over(path: Path, frame: pl.DataFrame, name: ArchiveName | None, now_ms: int) -> bool:
    """Whether it is an archive file that was written when its day or month was over.

    A zip comes from the archive. A CSV of such a name may be anybody's: it has to reach the end.
    """
    if name is None or name.span.end > now_ms:
        return False
    return path.suffix == ".zip" or name.interval.next(_ends(frame)[1]) >= name.span.end


def _ends(frame: pl.DataFrame) -> tuple[int, int]:
    opens = frame["open_time"].cast(pl.Int64)
    return int(opens.min()), int(opens.max())  # type: ignore[arg-type]  # not empty
