"""Bringing candles in from files: what is kept, what is left out, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text, rows
from chandlery.candles.files import write_candles
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.importing import Imported, Told, import_file
from chandlery.errors import BadFile
from chandlery.store import Kept, Store
from tests.candles import market

HOUR_MS = 3_600_000
HOURS = Series.parse("binance:BTCUSDT:1h")
FRAME = market.frame(60, "1h")
LINES = csv_text(FRAME).splitlines()
OPENS = FRAME["open_time"].cast(pl.Int64).to_list()
LATER = market.START_MS + 10**10
SIX = "timestamp,open,high,low,close,volume"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def brought(store: Store, path: Path, *lines: str, closed: bool = False) -> Imported:
    """What becomes of these lines as a CSV."""
    path.write_text("\n".join(lines) + "\n")
    return import_file(path, Told(HOURS, closed=closed), store, now_ms=LATER)


def held(store: Store) -> pl.DataFrame:
    """What the store has of the series."""
    return store.candles.read(HOURS).frame


def answered(store: Store, frame: pl.DataFrame, hours: int) -> None:
    """Let the exchange have given `frame` as all there is of the first hours."""
    span = Span(market.START_MS, market.START_MS + hours * HOUR_MS)
    store.candles.keep(Candles(HOURS, frame), answered=span, source="rest")


def changed(name: str, value: pl.Expr) -> pl.DataFrame:
    """The candles with one column changed in the fourth row."""
    here = pl.int_range(pl.len()) == 3
    return FRAME.with_columns(pl.when(here).then(value).otherwise(pl.col(name)).alias(name)).cast(
        dict(FRAME.schema)  # type: ignore[arg-type]
    )


def test_import(store: Store, tmp_path: Path) -> None:
    """A file's candles are kept exactly, and the ledger does not take them for an answer."""
    imported = brought(store, tmp_path / "x.csv", *LINES)
    assert imported.kept == Kept(new=59)
    assert held(store).equals(FRAME.head(59))
    assert store.ledger.answered(HOURS) == []
    assert brought(store, tmp_path / "x.csv", *LINES).kept == Kept(unchanged=59)


def test_last_candle(store: Store, tmp_path: Path) -> None:
    """The last candle of a file is left out as doubtful, unless all are said to be closed."""
    imported = brought(store, tmp_path / "x.csv", *LINES)
    assert [(one.open_ms, one.reason) for one in imported.left_out] == [(OPENS[-1], "unfinished")]
    assert imported.ok
    trusted = brought(store, tmp_path / "x.csv", *LINES, closed=True)
    assert (trusted.kept, trusted.left_out) == (Kept(new=1, unchanged=59), ())


def test_single_candle(store: Store, tmp_path: Path) -> None:
    """A file of one doubtful candle brings nothing, which is not well."""
    imported = brought(store, tmp_path / "x.csv", LINES[0])
    assert (imported.kept, imported.ok) == (Kept(), False)
    assert held(store).is_empty()


def test_confirmed_last_candle(store: Store, tmp_path: Path) -> None:
    """A last candle that is already kept with the same values is not in doubt."""
    answered(store, FRAME, 60)
    imported = brought(store, tmp_path / "x.csv", *LINES)
    assert (imported.kept, imported.left_out) == (Kept(unchanged=60), ())


def test_other_last_candle(store: Store, tmp_path: Path) -> None:
    """A last candle that the exchange has given otherwise was unfinished; that is no fault."""
    answered(store, FRAME, 60)
    last = csv_text(FRAME.with_columns(pl.col("trades") - 1)).splitlines()[-1]
    imported = brought(store, tmp_path / "x.csv", *LINES[:-1], last)
    assert [one.reason for one in imported.left_out] == ["unfinished"]
    assert imported.ok
    assert held(store).equals(FRAME)


def test_forming_candle(store: Store, tmp_path: Path) -> None:
    """A candle that has not closed by now is kept as forming."""
    path = tmp_path / "x.csv"
    path.write_text(csv_text(FRAME))
    now_ms = market.START_MS + 59 * HOUR_MS + 5
    imported = import_file(path, Told(HOURS, closed=True), store, now_ms=now_ms)
    assert (imported.kept.new, imported.kept.forming) == (59, 1)
    assert store.candles.read(HOURS).unfinished == 1


def test_appended_file(store: Store, tmp_path: Path) -> None:
    """Of an appended file the later row counts, and what it cannot tell is said."""
    early = csv_text(FRAME.head(40).with_columns(pl.col("trades") + 7)).splitlines()
    imported = brought(store, tmp_path / "x.csv", *early, *LINES)
    assert (imported.kept.new, imported.duplicates) == (59, 40)
    assert [one.open_ms for one in imported.left_out] == [OPENS[-1]]
    assert held(store).equals(FRAME.head(59))
    assert "written by appending" in imported.notes[0]


def test_hole_between_answers(store: Store, tmp_path: Path) -> None:
    """In an appended file the last candle of every answer is in doubt."""
    imported = brought(store, tmp_path / "x.csv", *LINES[:10], *LINES[2:10], *LINES[20:30])
    assert [one.open_ms for one in imported.left_out] == [OPENS[9], OPENS[29]]


def test_newest_first(store: Store, tmp_path: Path) -> None:
    """A file with its newest candle first is sorted, which is said, and that candle is in doubt."""
    imported = brought(store, tmp_path / "x.csv", *reversed(LINES))
    assert [one.open_ms for one in imported.left_out] == [OPENS[-1]]
    assert held(store).equals(FRAME.head(59))
    assert "newest candles first" in imported.notes[0]


def test_newest_first_answer(store: Store, tmp_path: Path) -> None:
    """The JSON of an exchange's answer may have its newest candle first, too."""
    path = tmp_path / "x.json"
    path.write_bytes(orjson.dumps(rows(FRAME)[::-1]))
    imported = import_file(path, Told(HOURS), store, now_ms=LATER)
    assert (imported.kept.new, len(imported.notes)) == (59, 1)


def test_conflict(store: Store, tmp_path: Path) -> None:
    """Outside of appended files two versions of a candle are both left out, with their lines."""
    other = csv_text(FRAME.with_columns(pl.col("trades") + 1)).splitlines()[5]
    shuffled = [*LINES[30:], *LINES[:30], other, LINES[7]]
    imported = brought(store, tmp_path / "x.csv", "# a remark", *shuffled)
    found = {one.open_ms: (one.reason, one.lines) for one in imported.left_out}
    assert found == {OPENS[5]: ("conflict", (37, 62)), OPENS[59]: ("unfinished", ())}
    assert (imported.ok, imported.duplicates) == (False, 2)
    assert held(store).equals(FRAME.head(59).filter(pl.int_range(pl.len()) != 5))


def test_conflict_newest_first(store: Store, tmp_path: Path) -> None:
    """Lines are those of the file, also when it was turned round."""
    other = csv_text(FRAME.with_columns(pl.col("trades") + 1)).splitlines()[57]
    turned = [LINES[59], LINES[58], LINES[57], other, *reversed(LINES[:57])]
    imported = brought(store, tmp_path / "x.csv", *turned)
    assert [one.lines for one in imported.left_out if one.reason == "conflict"] == [(3, 4)]


def test_closed_and_appended(store: Store, tmp_path: Path) -> None:
    """Candles that are all said to be closed cannot stand there in two versions."""
    early = csv_text(FRAME.head(3).with_columns(pl.col("trades") + 7)).splitlines()
    imported = brought(store, tmp_path / "x.csv", *early, *LINES, closed=True)
    assert [one.lines for one in imported.left_out] == [(1, 4), (2, 5), (3, 6)]
    assert imported.kept == Kept(new=57)


def test_shuffled_history(store: Store, tmp_path: Path) -> None:
    """An older history appended behind a newer one does not make its last candle certain."""
    imported = brought(store, tmp_path / "x.csv", *LINES[40:50], *LINES[:10], *LINES[50:])
    assert [one.open_ms for one in imported.left_out] == [OPENS[49], OPENS[59]]


def test_six_columns(store: Store, tmp_path: Path) -> None:
    """Columns that a file lacks stay empty, close times too, and that is said."""
    six = [",".join(line.split(",")[:6]) for line in LINES]
    imported = brought(store, tmp_path / "x.csv", SIX, *six)
    assert imported.kept == Kept(new=59)
    assert held(store)["close_time"].null_count() == 59
    assert held(store)["close"].equals(FRAME["close"].head(59))
    assert "no close_time, quote_volume" in imported.notes[0]
    assert brought(store, tmp_path / "x.csv", SIX, *six).kept == Kept(unchanged=59)


def test_fewer_columns_never_win(store: Store, tmp_path: Path) -> None:
    """A candle that lacks columns neither replaces a fuller one nor a fuller one it."""
    brought(store, tmp_path / "x.csv", *LINES[:20], closed=True)
    six = [",".join(line.split(",")[:6]) for line in LINES]
    same = brought(store, tmp_path / "y.csv", SIX, *six)
    assert same.kept == Kept(new=39, unchanged=20)
    parts = six[4].split(",")
    six[4] = ",".join([*parts[:5], "999.5"])
    other = brought(store, tmp_path / "y.csv", SIX, *six)
    assert [(one.open_ms, one.reason) for one in other.left_out] == [
        (OPENS[4], "poorer"),
        (OPENS[59], "unfinished"),
    ]
    assert not other.ok
    fuller = brought(store, tmp_path / "x.csv", *LINES)
    assert (fuller.kept.revised, fuller.kept.unchanged) == (39, 20)
    assert held(store).equals(FRAME.head(59))


def test_whole_seconds(store: Store, tmp_path: Path) -> None:
    """Close times cut to seconds are completed where the candle filled its interval."""
    texts = "%Y-%m-%d %H:%M:%S"
    written = changed("close_time", pl.col("close_time") - pl.duration(minutes=7)).with_columns(
        pl.col("open_time", "close_time").dt.strftime(texts)
    )
    path = tmp_path / "x.csv"
    written.write_csv(path)
    imported = import_file(path, Told(HOURS), store, now_ms=LATER)
    assert "1 others are kept as they stand" in imported.notes[0]
    whole = held(store)["close_time"]
    assert [row for row in range(59) if whole[row] != FRAME["close_time"][row]] == [3]
    answered(store, FRAME, 60)
    write = changed("close_time", pl.col("close_time")).with_columns(
        pl.col("open_time", "close_time").dt.strftime(texts)
    )
    write.write_csv(path)
    assert import_file(path, Told(HOURS), store, now_ms=LATER).kept == Kept(unchanged=60)


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
        ("\n".join([SIX, *(",".join(line.split(",")[:6]) for line in LINES[::4])]), "14400 sec"),
    ],
)
def test_broken_file_is_refused_whole(content: str, why: str, store: Store, tmp_path: Path) -> None:
    """A file that is broken anywhere is refused by line, and nothing of it is kept."""
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(BadFile, match=why):
        import_file(path, Told(HOURS), store, now_ms=LATER)
    assert store.catalogue() == []


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (changed("close", pl.lit(None)), "missing"),
        (changed("open_time", pl.lit(None)), "missing"),
        (changed("volume", -pl.col("volume")), "negative|exactly"),
        (changed("trades", pl.lit(-3)), "negative"),
        (changed("high", pl.col("low") / 2), "high is not the highest"),
        (changed("low", pl.col("high")), "low is not the lowest"),
    ],
)
@pytest.mark.parametrize("form", ["binance", "named", "parquet", "feather"])
def test_impossible_candles(
    frame: pl.DataFrame, why: str, form: str, store: Store, tmp_path: Path
) -> None:
    """A candle that cannot be is refused with its line or row, in any format."""
    path = tmp_path / "x"
    write_candles(frame, path, form=form)
    where = {"binance": "line 4", "named": "line 5"}.get(form, "row 4")
    with pytest.raises(BadFile, match=rf"{where}(:| is no candle:).*({why})"):
        import_file(path, Told(HOURS), store, now_ms=LATER)
    assert store.catalogue() == []


def test_the_exchange_has_the_last_word(store: Store, tmp_path: Path) -> None:
    """Where the exchange has answered, a file neither changes a candle nor adds one."""
    given = pl.concat([FRAME.head(20), FRAME.slice(21, 19)])
    answered(store, given, 40)
    path = tmp_path / "x.csv"
    path.write_text(csv_text(changed("trades", pl.col("trades") + 1)))
    imported = import_file(path, Told(HOURS, closed=True), store, now_ms=LATER)
    assert [one.open_ms for one in imported.left_out] == [OPENS[3], OPENS[20]]
    assert (imported.contradicted, imported.ok) == (2, False)
    assert imported.kept == Kept(new=20, unchanged=38)
    assert held(store).equals(pl.concat([given, FRAME.tail(20)]))


def test_capitals(store: Store, tmp_path: Path) -> None:
    """A symbol in lower case is kept under the exchange's spelling."""
    path = tmp_path / "x.csv"
    path.write_text(csv_text(FRAME))
    told = Told(Series.parse("binance:btcusdt:1h"))
    assert import_file(path, told, store, now_ms=LATER).series == HOURS


@pytest.mark.parametrize("form", ["binance", "named", "parquet", "feather", "json"])
@pytest.mark.parametrize("nulls", [(), ("close_time", "quote_volume", "trades")])
def test_round_trip(form: str, nulls: tuple[str, ...], store: Store, tmp_path: Path) -> None:
    """What is exported without loss comes back the same, be columns empty or not."""
    frame = FRAME.with_columns(pl.lit(None, FRAME.schema[name]).alias(name) for name in nulls)
    path = tmp_path / "x"
    write_candles(frame, path, form=form)
    imported = import_file(path, Told(HOURS, closed=True), store, now_ms=LATER)
    assert imported.kept == Kept(new=60)
    assert held(store).equals(frame)
