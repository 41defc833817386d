"""Files for other programs, read back as those read them, and what a long history costs."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import format_of, read_candles, write_candles
from chandlery.candles.frame import empty
from chandlery.candles.layouts import file_in
from chandlery.candles.series import Series
from chandlery.candles.writing import FORMS
from chandlery.errors import BadFile, FileExists, UnknownFormat
from tests.candles import market

FRAME = market.frame(50, "1h")
LONG = market.frame(45_000)
LISTED = {("binance", "BTCUSDT"): ("BTC", "USDT"), ("binance-um", "BTCUSDT"): ("BTC", "USDT")}
LISTED[("binance-um", "BTCUSDT_241227")] = ("BTC", "USDT")


def names(exchange: str, symbol: str) -> tuple[str, str] | None:
    """Base and quote of the symbols that are listed."""
    return LISTED.get((exchange, symbol))


def test_binance(tmp_path: Path) -> None:
    """The form of Binance is the exchange's own strings, byte for byte, over several slices."""
    write_candles(LONG, tmp_path / "x", form="binance")
    assert (tmp_path / "x").read_text() == csv_text(LONG)


def test_named(tmp_path: Path) -> None:
    """The named form has a header and times that say their zone."""
    write_candles(LONG, tmp_path / "x", form="named")
    header, first, *others = (tmp_path / "x").read_text().splitlines()
    assert header.startswith("open_time,open,high,low,close,volume,close_time,quote_volume,trades")
    assert first.startswith("2023-11-15T00:00:00.000Z,3500000.00000000,")
    assert len(others) == LONG.height - 1


def test_json_is_one_list(tmp_path: Path) -> None:
    """JSON written slice by slice is one list, indented as ever."""
    write_candles(LONG, tmp_path / "x", form="json")
    text = (tmp_path / "x").read_text()
    assert len(json.loads(text)) == LONG.height
    assert text.startswith('[\n  {\n    "open_time": "2023-11-15T00:00:00.000Z",\n')
    assert text.endswith("\n  }\n]\n")


@pytest.mark.parametrize("form", FORMS)
def test_no_candles(form: str, tmp_path: Path) -> None:
    """No candles make a file without candles, in every format."""
    write_candles(empty(), tmp_path / "x", form=form)
    text = (tmp_path / "x").read_bytes()
    assert {"json": b"[]\n", "freqtrade-json": b"[]\n", "binance": b""}.get(form, text) == text
    if form in {"parquet", "feather"}:
        assert read_candles(tmp_path / "x").equals(empty())


@pytest.mark.slow
def test_freqtrade(tmp_path: Path) -> None:
    """The feather file gives pandas the columns and types that freqtrade works with."""
    pandas = pytest.importorskip("pandas")
    feather = pytest.importorskip("pyarrow.feather")
    path = tmp_path / "BTC_USDT-1h.feather"
    write_candles(FRAME, path, form="freqtrade")
    read = pandas.read_feather(path)
    assert list(read.columns) == ["date", "open", "high", "low", "close", "volume"]
    assert str(read["date"].dtype) == "datetime64[ms, UTC]"
    assert {str(read[name].dtype) for name in read.columns[1:]} == {"float64"}
    assert read["close"].tolist() == [float(price) for price in FRAME["close"]]
    assert int(read["date"].iloc[0].timestamp() * 1000) == market.START_MS
    assert feather.read_table(path).num_rows == 50


def test_freqtrade_json(tmp_path: Path) -> None:
    """The JSON for freqtrade is one list of arrays, whose numbers keep all their digits."""
    write_candles(LONG, tmp_path / "x", form="freqtrade-json")
    rows = json.loads((tmp_path / "x").read_text(), parse_float=Decimal)
    assert len(rows) == LONG.height
    assert rows[7] == [market.START_MS + 420_000, *LONG.row(7)[1:6]]


@pytest.mark.slow
def test_backtesting(tmp_path: Path) -> None:
    """The CSV is read by pandas as backtesting.py's documentation reads its candles."""
    pandas = pytest.importorskip("pandas")
    write_candles(FRAME, tmp_path / "x.csv", form="backtesting")
    read = pandas.read_csv(tmp_path / "x.csv", index_col=0, parse_dates=True)
    assert list(read.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert isinstance(read.index, pandas.DatetimeIndex)
    assert str(read.index[1]) == "2023-11-15 01:00:00"
    assert read["High"].tolist() == [float(price) for price in FRAME["high"]]


@pytest.mark.parametrize(
    ("series", "form", "path"),
    [
        ("binance:BTCUSDT:1h", "freqtrade", "BTC_USDT-1h.feather"),
        ("binance:BTCUSDT:1M", "freqtrade", "BTC_USDT-1Mo.feather"),
        ("binance:BTCUSDT:1m", "freqtrade-json", "BTC_USDT-1m.json"),
        ("binance-um:BTCUSDT:1h", "freqtrade", "futures/BTC_USDT_USDT-1h-futures.feather"),
        ("binance:BTCUSDT:1M", "backtesting", "binance-BTCUSDT-1mo.csv"),
        ("kraken:XXBTZEUR:1d", "backtesting", "kraken-XXBTZEUR-1d.csv"),
    ],
)
def test_names_of_files(series: str, form: str, path: str) -> None:
    """Each layout names the file of a series as its program looks for it."""
    assert file_in(Path("to"), Series.parse(series), form, names) == Path("to", path)


@pytest.mark.parametrize(
    ("series", "why"),
    [
        ("binance:NEWUSDT:1h", "chandlery collect binance:NEWUSDT:1h --last 1"),
        ("binance-um:BTCUSDT_241227:1h", "no perpetual contract"),
    ],
)
def test_names_that_cannot_be(series: str, why: str) -> None:
    """A file that freqtrade would not find is refused with what to do."""
    with pytest.raises(BadFile, match=why):
        file_in(Path("to"), Series.parse(series), "freqtrade", names)


def test_existing_file(tmp_path: Path) -> None:
    """An existing file is kept unless force is given."""
    path = tmp_path / "x.csv"
    path.write_text("mine")
    with pytest.raises(FileExists, match="--force"):
        write_candles(FRAME, path, form="binance")
    assert path.read_text() == "mine"
    write_candles(FRAME, path, form="binance", force=True)
    assert read_candles(path).equals(FRAME)


@pytest.mark.parametrize("name", ["x.xls", "x", "x.tar.gz", "x.freqtrade"])
def test_unknown_format(name: str) -> None:
    """A format that does not exist is refused with those that do."""
    with pytest.raises(UnknownFormat, match=r"binance, named, .*backtesting, csv, arrow"):
        format_of(Path(name))


@pytest.mark.parametrize(
    ("name", "asked", "form"),
    [
        ("x.csv", None, "binance"),
        ("x.CSV", None, "binance"),
        ("x.csv", "named", "named"),
        ("x.arrow", None, "feather"),
        ("x", "csv", "binance"),
        ("x", "Freqtrade", "freqtrade"),
    ],
)
def test_format(name: str, asked: str | None, form: str) -> None:
    """The format is the one asked for, else what the ending means."""
    assert format_of(Path(name), asked) == form


MEASURE = """
import resource, sys
from pathlib import Path
import polars as pl
from chandlery.candles.files import write_candles
source, path, form = sys.argv[1:]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_candles(pl.scan_parquet(source), Path(path), form=form)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_memory(tmp_path: Path) -> None:
    """Over four years of minutes are written in 300 MB, as CSV, named CSV and Parquet."""
    source = tmp_path / "source.parquet"
    part = market.frame(100_000)
    step = pl.duration(minutes=100_000)
    times = pl.col("open_time", "close_time")
    years = [part.lazy().with_columns(times + step * number) for number in range(24)]
    pl.concat(years).sink_parquet(source, row_group_size=100_000)
    for form in ("binance", "named", "parquet"):
        command = [sys.executable, "-c", MEASURE, str(source), str(tmp_path / form), form]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert int(done.stdout) < 300
    assert pl.scan_parquet(tmp_path / "parquet").select(pl.len()).collect().item() == 2_400_000
