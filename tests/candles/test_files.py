"""Candle files on disk: every lossless format both ways, and nothing half written."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from chandlery.candles.appended import ascends, doubtful, newest_doubtful, order_of
from chandlery.candles.binance_rows import LATEST_MS, csv_text
from chandlery.candles.files import (
    candle_bytes,
    check_interval,
    json_text,
    read_candles,
    read_file,
    read_rows,
    replacing,
    write_candles,
)
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA, Candles, empty
from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.candles.writing import FORMS
from chandlery.errors import BadFile
from tests.candles import market

pytestmark = pytest.mark.slow  # many, which take long together

FRAME = market.frame(50)
LOSSLESS = [name for name, form in FORMS.items() if form.lossless]
TIMES = pl.col("open_time", "close_time")


@pytest.mark.parametrize("form", LOSSLESS)
def test_round_trip(form: str, tmp_path: Path) -> None:
    """What is written in any lossless format is read back exactly."""
    path = tmp_path / "candles"
    write_candles(FRAME.lazy(), path, form=form)
    assert read_candles(path).equals(FRAME)
    assert list(tmp_path.iterdir()) == [path]


@given(units=st.lists(st.integers(1, 10**20), min_size=1, max_size=20), cut=st.integers(0, 3))
@tries(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("form", LOSSLESS)
def test_any_values(form: str, units: list[int], cut: int, tmp_path: Path) -> None:
    """Prices of every size, and empty columns, survive every lossless format."""
    prices = pl.Series([market.text(unit) for unit in units]).cast(SCHEMA["open"])
    frame = market.frame(len(units)).with_columns(prices.alias(name) for name in DECIMAL_COLUMNS)
    gone = ("close_time", "trades", "quote_volume")[:cut]
    frame = frame.with_columns(pl.lit(None, SCHEMA[name]).alias(name) for name in gone)
    path = tmp_path / "candles"
    write_candles(frame, path, form=form, force=True)
    assert read_file(path).frame.equals(frame)


def test_packed_files(tmp_path: Path) -> None:
    """Gzipped and zipped files, and the body of a klines answer, are told by their content."""
    for name, data in (
        ("gz", gzip.compress(csv_text(FRAME).encode())),
        ("body", orjson.dumps(market.rows(50))),
        ("objects.gz", gzip.compress(json_text(FRAME))),
    ):
        (tmp_path / name).write_bytes(data)
        assert read_candles(tmp_path / name).equals(FRAME)
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("any/name", csv_text(FRAME))
    assert read_candles(tmp_path / "zip").equals(FRAME)


def test_json_numbers(tmp_path: Path) -> None:
    """Numbers in JSON are taken digit by digit, in arrays of six elements and in objects."""
    path = tmp_path / "x.json"
    long = "[[1700006400000, 0.1000000000, 12345678901234567.12345678, 1e-05, 0.10, 3]]"
    path.write_text(long)
    rows = read_file(path)
    assert str(rows.frame["high"][0]) == "12345678901234567.12345678"
    assert str(rows.frame["low"][0]) == "0.00001000"
    assert rows.lacking[0] == "close_time"
    path.write_text(
        '[{"openTime": 1700006400000, "open": 1.10, "high": 12345678901234567.12345678,'
        ' "low": 1, "close": "2", "volume": 7, "symbol": "X"}]'
    )
    assert str(read_file(path).frame["high"][0]) == "12345678901234567.12345678"


def test_frames_of_other_programs(tmp_path: Path) -> None:
    """Floats are read as the decimals they were made from; sums with more digits are left empty."""
    path = tmp_path / "x.feather"
    floats = FRAME.with_columns(pl.col(DECIMAL_COLUMNS).cast(pl.Float64)).rename(
        {"open_time": "date"}
    )
    floats.write_ipc(path)
    rows = read_file(path)
    needed = list(SCHEMA)[:7]
    assert rows.frame.select(needed).equals(FRAME.select(needed))
    assert rows.lacking == ("quote_volume", "taker_buy_volume", "taker_buy_quote_volume")
    for times in (TIMES.dt.replace_time_zone(None), TIMES.dt.epoch("us"), TIMES.cast(pl.String)):
        FRAME.with_columns(times).write_parquet(path)
        assert read_file(path).frame.equals(FRAME)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (FRAME.with_columns(pl.lit(0.1 + 0.2).alias("volume")), "row 1 .* more than 15 digits"),
        (FRAME.with_columns(pl.lit([1]).alias("volume")), "volume as List"),
        (FRAME.drop("high"), "lacks high"),
        (FRAME.with_columns(date=pl.col("open_time")), "could be open_time: open_time, date"),
        (
            FRAME.with_columns(pl.lit("0.123456789").cast(pl.Decimal(38, 9)).alias("volume")),
            "row 1 is no candle: a value cannot be read or kept exactly",
        ),
    ],
)
def test_inexact_frames(frame: pl.DataFrame, why: str, tmp_path: Path) -> None:
    """What cannot be exact in a Parquet file is refused."""
    frame.write_parquet(tmp_path / "x")
    with pytest.raises(BadFile, match=why):
        read_file(tmp_path / "x")


def test_failed_draft_changes_nothing(tmp_path: Path) -> None:
    """A draft that fails leaves the old file and nothing else."""
    path = tmp_path / "x.csv"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as draft:
            draft.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(BadFile, match="cannot be written"):
        write_half()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("where", ["missing/x.csv", "a-file/x.csv"])
def test_unwritable_place(where: str, tmp_path: Path) -> None:
    """A place that cannot be written is named."""
    (tmp_path / "a-file").write_text("")
    with pytest.raises(BadFile, match="cannot be written"):
        write_candles(FRAME, tmp_path / where, form="binance")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    """A folder is not replaced by a file."""
    with pytest.raises(BadFile, match="is a folder"):
        write_candles(FRAME, tmp_path, form="binance", force=True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no candles"),
        (b"[1, 2", "JSON|unexpected|end"),
        (b'{"code":-1121}', "no list of candles"),
        (b'[{"a": 1}]', "lacks open_time"),
        (b"[[1, 2, 3]]", "array of 12 or 6 elements"),
        (b"[[1700006400000, {}, 2, 1, 1, 1]]", "row 1 is no candle"),
        (b"PAR1broken", "can read"),
        (b"ARROW1broken", "can read"),
        (b"PK\x03\x04broken", "cannot be read"),
        (b"\x1f\x8bbroken", "cannot be read"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03broken", "cannot be read"),
    ],
)
def test_broken_file(content: bytes, why: str, tmp_path: Path) -> None:
    """A broken file of any kind is refused by name."""
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=why):
        read_rows(path)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(BadFile, match="No such file"):
        read_rows(tmp_path / "nothing.csv")


def test_missing_columns(tmp_path: Path) -> None:
    """Who needs every column is told which ones a file lacks."""
    write_candles(FRAME, tmp_path / "x", form="freqtrade-json")
    assert read_file(tmp_path / "x").frame["close"].equals(FRAME["close"])
    with pytest.raises(BadFile, match="has 6 columns and lacks close_time, quote_volume"):
        read_rows(tmp_path / "x")


def test_other_interval() -> None:
    """Minutes are not taken for hours, be there close times or not."""
    bare = FRAME.with_columns(pl.lit(None, SCHEMA["close_time"]).alias("close_time"))
    for frame in (FRAME, bare):
        check_interval(frame, Interval.parse("1m"), Path("x"))
        with pytest.raises(BadFile, match="60 seconds, not of 1h"):
            check_interval(frame, Interval.parse("1h"), Path("x"))
    check_interval(bare.head(1), Interval.parse("1h"), Path("x"))
    check_interval(empty(), Interval.parse("1h"), Path("x"))


def test_doubt_in_appended_files(tmp_path: Path) -> None:
    """Of answers appended to each other, only candles last seen at an answer's end are in doubt."""
    rows = [market.rows(10)[start:end] for start, end in ((0, 4), (2, 6), (2, 6), (8, 10))]
    path = tmp_path / "x.json"
    path.write_text("\n".join(",".join(map(str, row)) for part in rows for row in part))
    frame = read_rows(path)
    opens = [int(row[0]) for row in market.rows(10)]
    assert not ascends(frame)
    assert doubtful(frame, Interval.parse("1m")) == (opens[5], opens[9])
    assert ascends(FRAME)


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ([0, 1, 2, 5], "ascending"),
        ([3], "ascending"),
        ([5, 2, 1, 0], "newest first"),
        ([5, 5, 4], "newest first"),
        ([0, 1, 2, 0, 1, 2], "appended"),
        ([0, 1, 1, 2, 2, 3], "appended"),
        ([4, 5, 0, 1], "mixed"),
        ([0, 9, 1, 8, 2], "mixed"),
    ],
)
def test_order(places: list[int], order: str) -> None:
    """How the rows of a file follow each other is told from their times alone."""
    assert order_of(FRAME[places]) == order


def test_doubt_without_order() -> None:
    """Where rows stand in no order, only candles newer than all above them can be in doubt."""
    opens = FRAME["open_time"].cast(pl.Int64).to_list()
    shuffled = FRAME[[3, 1, 4, 5, 0, 9, 2]]
    minute = Interval.parse("1m")
    assert newest_doubtful(shuffled, minute) == (opens[3], opens[5], opens[9])


def test_first_version_file(recorded: Path) -> None:
    """The first version's file is eight answers of the same 500 candles, with one in doubt."""
    frame = read_rows(recorded / "original" / "crypto.csv")
    assert frame.height == 4000
    assert frame["open_time"].n_unique() == 500
    assert (order_of(frame), len(doubtful(frame, Interval.parse("1h")))) == ("appended", 1)


def test_candles_in_other_forms() -> None:
    """Candles give floats and Arrow streams on request, and tell closed from forming."""
    candles = Candles(Series.parse("binance:BTCUSDT:1m"), FRAME, unfinished=1)
    assert candles.closed.height == 49
    assert candles.forming["open_time"][0] == FRAME["open_time"][-1]
    floats = candles.to_floats()
    assert floats["close"][0] == float(FRAME["close"][0])
    assert floats.columns == FRAME.columns
    assert pl.DataFrame(candles).equals(FRAME)


def zipped(content: bytes, method: int) -> bytes:
    """A zip of one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as packed:
        packed.writestr("a.csv", content)
    return held.getvalue()


def test_a_member_without_a_name(tmp_path: Path) -> None:
    """What the one file in a zip is called is of no interest, be it nothing at all."""
    path = tmp_path / "x"
    path.write_bytes(zipped(CSV, zipfile.ZIP_STORED).replace(b"a.csv", b"\x00.csv"))
    assert read_file(path).frame.equals(FRAME)


CSV = csv_text(FRAME).encode()
LZMA = zipped(CSV, zipfile.ZIP_LZMA)
STORED = zipped(CSV, zipfile.ZIP_STORED)
FEATHER = candle_bytes(FRAME, form="feather")
DAMAGED = {
    "lzma": LZMA.replace(LZMA[60:90], b"\xff" * 30),
    "a directory elsewhere": STORED[:40] + STORED[44:],
    "feather": FEATHER[:-168] + bytes([FEATHER[-168] ^ 0xFF]) + FEATHER[-167:],
    "zlib": zlib.compress(CSV),
    "gzip after a space": b" " + gzip.compress(CSV),
    "json": b"[" * 1_010 + b"]" * 1_010,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged(name: str, tmp_path: Path) -> None:
    """Whatever a library raises over a damaged file, it is told of that file."""
    path = tmp_path / "x"
    path.write_bytes(DAMAGED[name])
    with pytest.raises(BadFile, match="x"):
        read_file(path)


@pytest.mark.parametrize("pack", [gzip.compress, partial(zipped, method=zipfile.ZIP_DEFLATED)])
def test_bomb(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A file that unpacks to a hundred times its size is refused before it fills memory."""
    path = tmp_path / "x"
    path.write_bytes(pack(b"1" * (70 << 20)))
    with pytest.raises(BadFile, match="unpacks to more than 67,108,864 bytes"):
        read_file(path)


@pytest.mark.parametrize("name", ["open_time", "close_time"])
@pytest.mark.parametrize("late_ms", [LATEST_MS + 1, 10**17, -(10**17)])
def test_times_of_no_year(name: str, late_ms: int, tmp_path: Path) -> None:
    """A column file with a time beyond all dates is refused with its row, like one of text."""
    path = tmp_path / "x"
    late = pl.when(pl.int_range(pl.len()) == 3).then(late_ms).otherwise(pl.col(name).dt.epoch("ms"))
    FRAME.with_columns(late.cast(SCHEMA[name]).alias(name)).write_parquet(path)
    with pytest.raises(BadFile, match=r"row 4 is no candle: its .* time is not between"):
        read_file(path)
