"""Bringing candles in from files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import write_candles
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.importing import import_file
from chandlery.errors import BadFile
from chandlery.store import Kept, Store
from tests.candles import market

HOURS = Series.parse("binance:BTCUSDT:1h")
FRAME = market.frame(60, "1h")
LATER = market.START_MS + 10**10


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def test_import(store: Store, tmp_path: Path) -> None:
    """A file's candles are kept exactly, and the ledger does not take them for an answer."""
    path = tmp_path / "x.csv"
    path.write_text(csv_text(FRAME))
    imported = import_file(path, HOURS, store, now_ms=LATER)
    assert imported.kept.new == 60
    assert store.candles.read(HOURS).frame.equals(FRAME)
    assert store.ledger.answered(HOURS) == []
    assert import_file(path, HOURS, store, now_ms=LATER).kept.unchanged == 60


def test_unfinished_last_candle(store: Store, tmp_path: Path) -> None:
    """A candle that has not closed by now is kept as forming."""
    path = tmp_path / "x.csv"
    path.write_text(csv_text(FRAME))
    now_ms = market.START_MS + 59 * 3_600_000 + 5
    imported = import_file(path, HOURS, store, now_ms=now_ms)
    assert (imported.kept.new, imported.kept.forming) == (59, 1)
    assert store.candles.read(HOURS).unfinished == 1


def test_appended_file(store: Store, tmp_path: Path) -> None:
    """Of an appended file the doubtful candle is left out and named."""
    path = tmp_path / "x.csv"
    path.write_text(csv_text(FRAME) * 2)
    imported = import_file(path, HOURS, store, now_ms=LATER)
    assert (imported.kept.new, imported.duplicates, len(imported.left_out)) == (59, 60, 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (csv_text(FRAME) + "1,2,3\n", "line 61"),
        (csv_text(FRAME).replace(",", ";"), "columns"),
        (csv_text(market.frame(5, "1m")), "60 seconds"),
        ("", "holds no candles"),
        ("[]", "holds no candles"),
        (
            csv_text(FRAME).replace(",0\n", ",0\n1700006400,1,1,1,1,1,1700009999,1,1,1,1,0\n", 1),
            "2009",
        ),
        (csv_text(market.frame(60, "1h", start_ms=LATER)), "of the future"),
    ],
)
def test_broken_file_is_refused_whole(content: str, why: str, store: Store, tmp_path: Path) -> None:
    """A file that is broken anywhere is refused by line, and nothing of it is kept."""
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(BadFile, match=why):
        import_file(path, HOURS, store, now_ms=LATER)
    assert store.catalogue() == []


def changed(name: str, value: pl.Expr) -> pl.DataFrame:
    """The candles with one column changed in the fourth row."""
    here = pl.int_range(pl.len()) == 3
    return FRAME.with_columns(pl.when(here).then(value).otherwise(pl.col(name)).alias(name)).cast(
        dict(FRAME.schema)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (changed("close", pl.lit(None)), "missing"),
        (changed("open_time", pl.lit(None)), "missing"),
        (changed("volume", -pl.col("volume")), "negative"),
        (changed("trades", pl.lit(-3)), "negative"),
        (changed("high", pl.col("low") / 2), "high is not the highest"),
        (changed("low", pl.col("high")), "low is not the lowest"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_impossible_candles(
    frame: pl.DataFrame, why: str, form: str, store: Store, tmp_path: Path
) -> None:
    """A candle that cannot be is refused with its line or row, in any format."""
    path = tmp_path / f"x.{form}"
    write_candles(frame, path, form=form)
    with pytest.raises(BadFile, match=rf"line 4: |row 4 is no candle: .*{why}"):
        import_file(path, HOURS, store, now_ms=LATER)
    assert store.catalogue() == []


def test_the_exchange_has_the_last_word(store: Store, tmp_path: Path) -> None:
    """Where the exchange has answered, a file neither changes a candle nor adds one."""
    answered = pl.concat([FRAME.head(20), FRAME.slice(21, 19)])
    span = Span(market.START_MS, market.START_MS + 40 * 3_600_000)
    store.candles.keep(Candles(HOURS, answered), answered=span, source="rest")
    path = tmp_path / "x.csv"
    path.write_text(csv_text(changed("trades", pl.col("trades") + 1)))
    imported = import_file(path, HOURS, store, now_ms=LATER)
    assert imported.contradicted == 2
    assert imported.kept == Kept(new=20, unchanged=38)
    assert store.candles.read(HOURS).frame.equals(pl.concat([answered, FRAME.tail(20)]))
