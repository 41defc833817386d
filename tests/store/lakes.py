"""What the tests of the cold tier need to see of it, and do to it, from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import sqlalchemy as sa
from deltalake import DeltaTable

from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.store import ArchiveRecord, Kept, Store
from chandlery.store.lake.cold import Cold
from chandlery.store.sql.database import Database
from tests.store.pages import BTC, hours, page


def files(lake: Path, series: Series = BTC) -> list[str]:
    """The Parquet files of the newest version, as any reader of Delta finds them."""
    folder = lake / series.exchange / series.interval.slug
    actions = pl.DataFrame(DeltaTable(str(folder)).get_add_actions(flatten=True))
    paths = actions.filter(pl.col("partition.symbol") == series.symbol)["path"]
    return [str(folder / unquote(path)) for path in paths]


def in_files(lake: Path, series: Series = BTC) -> list[int]:
    """The hours of all rows in them, ascending, those that stand twice twice."""
    found = files(lake, series)
    rows = pl.concat(pl.read_parquet(file, columns=["open_time"], glob=False) for file in found)
    return sorted(ms // HOUR_MS for ms in rows["open_time"].dt.epoch("ms"))


def in_database(url: str) -> list[int]:
    """The hours of all closed candles of the hot tier."""
    with_sql = "SELECT open_ms FROM candle WHERE closed = 1 ORDER BY open_ms"
    return [ms // HOUR_MS for (ms,) in ask(url, with_sql)]


def ask(url: str, statement: str) -> list[tuple[int, ...]]:
    """The rows of a statement, asked beside the store."""
    database = Database.open(url)
    with database.reading() as conn:
        rows = [tuple(row) for row in conn.execute(sa.text(statement))]
    database.close()
    return rows


def do(url: str, statement: str) -> None:
    """Change something beside the store, as nobody should."""
    database = Database.open(url)
    with database.writing() as conn:
        conn.execute(sa.text(statement))
    database.close()


def keep(store: Store, rows: dict[int, int], *, unfinished: int = 0) -> Kept:
    """Keep a page from REST."""
    candles = page(rows, unfinished=unfinished)
    return store.candles.keep(candles, answered=None, source="rest")


def record(path: str, span: Span, candles: int, *, sha256: str = "00") -> ArchiveRecord:
    """An archive file as it was found."""
    return ArchiveRecord(
        path, f"http://files/{path}", "monthly", span, 9, "tag", 1, sha256, candles, 2, 3
    )


def file_of(candles: Candles, path: str = "month.zip") -> ArchiveRecord:
    """An archive file that has these candles."""
    opens = candles.frame["open_time"].dt.epoch("ms")
    first, last = int(opens[0]) // HOUR_MS, int(opens[-1]) // HOUR_MS
    return record(path, hours(first, last + 1), len(candles))


def proven(store: Store, series: Series = BTC) -> int:
    """The candles of a series, of which everything is as the store says."""
    proof = store.prove(series)
    assert proof.holds, proof
    return proof.candles


class Slow(Cold):
    """A lake on which something else happens while candles are on their way."""

    meanwhile: Callable[[], object] | None = None
    afterwards: Callable[[], object] | None = None

    def put(self, series: Series, frame: pl.DataFrame, parts: Sequence[Span]) -> None:
        """Do what is to be done before and after, once each."""
        first, self.meanwhile = self.meanwhile, None
        last, self.afterwards = self.afterwards, None
        if first:
            first()
        super().put(series, frame, parts)
        if last:
            last()
