"""Keep recorded months and print how many bytes a candle takes on the disk.

`python -m bench.clients.bytes_client FOLDER`, of gzipped CSV files of Binance's archive whose
names say symbol, interval and month; the home comes from the environment.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl
from deltalake import DeltaTable

from bench.clients.asking_client import opened
from chandlery.candles.archive_csv import read_slices
from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.settings import read_settings
from chandlery.store import ArchiveRecord, Store

_NAME: Final = re.compile(r"(\w+)-(1m)-(\d{4}-\d\d)\.csv\.gz")
_MONTH: Final = Interval.parse("1M")


def recorded(folder: Path) -> Iterator[tuple[Series, pl.DataFrame, ArchiveRecord]]:
    """Each file's candles, with the record of it that a backfill would write."""
    for path in sorted(folder.glob("*.csv.gz")):
        named = _NAME.fullmatch(path.name)
        if named is None:
            continue
        start = datetime.fromisoformat(f"{named[3]}-01").replace(tzinfo=UTC)
        start_ms = int(start.timestamp()) * 1000
        span = Span(start_ms, _MONTH.next(start_ms))
        frame = pl.concat(read_slices(BytesIO(gzip.decompress(path.read_bytes())).read, span))
        size, rows = path.stat().st_size, frame.height
        series = Series.parse(f"binance-um:{named[1]}:{named[2]}")
        yield (
            series,
            frame,
            ArchiveRecord(path.name, "", "monthly", span, size, "", 0, "", rows, 0, 0),
        )


def keep(store: Store, folder: Path) -> tuple[Series, int]:
    """Keep them all, fold and compact; the series, and how many candles they are."""
    kept: dict[Series, int] = {}
    for series, frame, record in recorded(folder):
        kept[series] = kept.get(series, 0) + store.archive.keep(series, frame, [record]).kept.new
    ((series, candles),) = kept.items()
    store.folding.fold(series, everything=True)
    store.folding.tidy(series)
    return series, candles


def main() -> None:
    """Print candles, files, and the bytes of files, of the whole lake and of the database."""
    settings = read_settings()
    with opened(settings) as store:
        series, candles = keep(store, Path(sys.argv[1]))
    lake = settings.lake_place or ""
    table = DeltaTable(f"{lake}/{series.exchange}/{series.interval.slug}")
    sizes = pl.DataFrame(table.get_add_actions(flatten=True))["size_bytes"]
    whole = sum(path.stat().st_size for path in settings.database_path.parent.glob("chandlery.db*"))
    found = {
        "candles": candles,
        "files": len(sizes),
        "bytes": sizes.sum(),
        "log": sum(path.stat().st_size for path in Path(lake).rglob("_delta_log/*")),
        "database": whole,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
