"""Candle files on disk: every format both ways, and nothing half written."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from chandlery.candles.appended import ascends, doubtful
from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import (
    FORMATS,
    check_interval,
    format_of,
    read_candles,
    read_rows,
    replacing,
    write_candles,
)
from chandlery.candles.frame import Candles
from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.errors import BadFile, FileExists, UnknownFormat
from tests.candles import market

FRAME = market.frame(50)


@pytest.mark.parametrize("form", FORMATS)
def test_round_trip(form: str, tmp_path: Path) -> None:
    """What is written in any format is read back exactly."""
    path = tmp_path / f"candles.{form}"
    write_candles(FRAME, path, form=format_of(path))
    assert read_candles(path).equals(FRAME)
    assert list(tmp_path.iterdir()) == [path]


def test_gzip_and_klines_body(tmp_path: Path) -> None:
    """Gzipped files, and the JSON body of a klines answer, are told by their content."""
    packed = tmp_path / "a"
    packed.write_bytes(gzip.compress(csv_text(FRAME).encode()))
    body = tmp_path / "b"
    body.write_bytes(orjson.dumps(market.rows(50)))
    assert read_candles(packed).equals(FRAME)
    assert read_candles(body).equals(FRAME)


def test_existing_file(tmp_path: Path) -> None:
    """An existing file is kept unless force is given."""
    path = tmp_path / "x.csv"
    path.write_text("mine")
    with pytest.raises(FileExists, match="--force"):
        write_candles(FRAME, path, form="csv")
    assert path.read_text() == "mine"
    write_candles(FRAME, path, form="csv", force=True)
    assert read_candles(path).equals(FRAME)


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
        write_candles(FRAME, tmp_path / where, form="csv")


@pytest.mark.parametrize("name", ["x.xls", "x", "x.tar.gz"])
def test_unknown_format(name: str) -> None:
    """A format that does not exist is refused with those that do."""
    with pytest.raises(UnknownFormat, match="csv, parquet"):
        format_of(Path(name))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no candles"),
        (b"[1, 2", "JSON|unexpected|end"),
        (b'{"code":-1121}', "no list of candles"),
        (b'[{"a": 1}]', "no candle file"),
        (b"PAR1broken", "can read"),
        (b"ARROW1broken", "can read"),
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


def test_other_interval() -> None:
    """Minutes are not taken for hours."""
    check_interval(FRAME, Interval.parse("1m"), Path("x"))
    with pytest.raises(BadFile, match="60 seconds, not of 1h"):
        check_interval(FRAME, Interval.parse("1h"), Path("x"))


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


def test_first_version_file(recorded: Path) -> None:
    """The first version's file is eight answers of the same 500 candles, with one in doubt."""
    frame = read_rows(recorded / "original" / "crypto.csv")
    assert frame.height == 4000
    assert frame["open_time"].n_unique() == 500
    assert len(doubtful(frame, Interval.parse("1h"))) == 1


def test_candles_in_other_forms() -> None:
    """Candles give floats and Arrow streams on request, and tell closed from forming."""
    candles = Candles(Series.parse("binance:BTCUSDT:1m"), FRAME, unfinished=1)
    assert candles.closed.height == 49
    assert candles.forming["open_time"][0] == FRAME["open_time"][-1]
    floats = candles.to_floats()
    assert floats["close"][0] == float(FRAME["close"][0])
    assert floats.columns == FRAME.columns
    import polars as pl  # noqa: PLC0415  as another Arrow library would read it

    assert pl.DataFrame(candles).equals(FRAME)
