"""Bringing in files and folders of the exchange's archive, whose names tell what they hold."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.column_names import UM_HEADER
from chandlery.candles.series import Series
from chandlery.collect.importing import Told, files_in, import_file
from chandlery.errors import BadFile
from chandlery.store import Kept, Store
from tests.candles import market

NOVEMBER_MS = 1_730_419_200_000
DECEMBER_MS = 1_733_011_200_000
LATER = DECEMBER_MS + 10**10
MONTH = market.frame(720, "1h", start_ms=NOVEMBER_MS)
BARE = csv_text(MONTH)
HEADED = ",".join(UM_HEADER) + "\n" + BARE
MICRO = MONTH.select(
    pl.col("open_time").dt.epoch("us"),
    pl.col("open", "high", "low", "close", "volume").cast(pl.String),
    pl.col("close_time").dt.epoch("us") + 999,
    pl.col("quote_volume").cast(pl.String),
    "trades",
    pl.col("taker_buy_volume", "taker_buy_quote_volume").cast(pl.String),
    ignore=pl.lit("0"),
).write_csv(include_header=False)
NAME = "BTCUSDT-1h-2024-11"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def packed(path: Path, text: str, *, checksum: str | None = "") -> Path:
    """An archive file, with its checksum beside it unless that is None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{path.stem}.csv", text)
    if checksum is not None:
        found = checksum or hashlib.sha256(path.read_bytes()).hexdigest()
        beside = path.with_name(f"{path.name}.CHECKSUM")
        beside.write_text(f"{found}  {path.name}\n")
    return path


def test_zip(store: Store, tmp_path: Path) -> None:
    """A zip tells its series by name and folder, and is certain to its end."""
    path = packed(tmp_path / "data/spot/monthly/klines/BTCUSDT/1h" / f"{NAME}.zip", BARE)
    imported = import_file(path, Told(), store, now_ms=LATER)
    assert str(imported.series) == "binance:BTCUSDT:1h"
    assert (imported.kept, imported.left_out, imported.notes) == (Kept(new=720), (), ())
    assert store.candles.read(imported.series).frame.equals(MONTH)


@pytest.mark.parametrize(
    ("place", "text", "series"),
    [
        (f"data/futures/um/monthly/klines/{NAME}.zip", BARE, "binance-um:BTCUSDT:1h"),
        (f"data/spot/monthly/klines/{NAME}.zip", MICRO, "binance:BTCUSDT:1h"),
        (f"somewhere/{NAME}.zip", HEADED, "binance-um:BTCUSDT:1h"),
        (f"somewhere/{NAME}.zip", MICRO, "binance:BTCUSDT:1h"),
    ],
)
def test_market(place: str, text: str, series: str, store: Store, tmp_path: Path) -> None:
    """Folder, header or microseconds tell the market."""
    imported = import_file(packed(tmp_path / place, text), Told(), store, now_ms=LATER)
    assert str(imported.series) == series
    assert store.candles.read(imported.series).frame.equals(MONTH)


@pytest.mark.parametrize(
    ("place", "text", "why"),
    [
        (f"somewhere/{NAME}.zip", BARE, "may be of the spot market or of futures"),
        ("somewhere/november.zip", BARE, "does not tell by its name"),
        (f"somewhere/{NAME}-31.zip", BARE, "does not tell by its name"),
        (f"futures/cm/{NAME}.zip", HEADED, "coin-margined"),
        ("x/BTCUSD_PERP-1h-2024-11.zip", HEADED, "coin-margined"),
        (f"spot/monthly/{NAME}.zip", HEADED, "form of binance-um"),
        ("futures/um/BTCUSDT-1h-2024-12.zip", BARE, "its name does not cover"),
        ("futures/um/BTCUSDT-1m-2024-11.zip", BARE, "3600 seconds, not of 1m"),
    ],
)
def test_uncertain(place: str, text: str, why: str, store: Store, tmp_path: Path) -> None:
    """What is not certain about a file is asked for, and nothing is kept."""
    with pytest.raises(BadFile, match=why):
        import_file(packed(tmp_path / place, text), Told(), store, now_ms=LATER)
    assert store.catalogue() == []


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (Told(Series.parse("binance:ETHUSDT:1h")), f"x/{NAME}.zip"),
        (Told(Series.parse("binance:BTCUSDT:1d")), f"x/{NAME}.zip"),
        (Told(Series.parse("binance:BTCUSDT:1h")), f"futures/um/{NAME}.zip"),
        (Told(exchange="binance"), f"futures/um/{NAME}.zip"),
    ],
)
def test_told_otherwise(told: Told, place: str, store: Store, tmp_path: Path) -> None:
    """A name or folder that says something else than the person is not overruled."""
    with pytest.raises(BadFile, match="by its name and folder, not"):
        import_file(packed(tmp_path / place, BARE), told, store, now_ms=LATER)


def test_exchange_told(store: Store, tmp_path: Path) -> None:
    """The exchange alone can be told, where the name has the rest."""
    path = packed(tmp_path / f"{NAME}.zip", BARE)
    imported = import_file(path, Told(exchange="binance"), store, now_ms=LATER)
    assert str(imported.series) == "binance:BTCUSDT:1h"


@pytest.mark.parametrize(
    ("checksum", "why"), [("0" * 64, "is not what .*CHECKSUM says"), ("none", "holds no SHA-256")]
)
def test_checksum(checksum: str, why: str, store: Store, tmp_path: Path) -> None:
    """A file that is not what its checksum says is refused."""
    path = packed(tmp_path / "futures/um" / f"{NAME}.zip", BARE, checksum=checksum)
    with pytest.raises(BadFile, match=why):
        import_file(path, Told(), store, now_ms=LATER)
    assert store.catalogue() == []


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"]])
def test_odd_zip(names: list[str], store: Store, tmp_path: Path) -> None:
    """A zip with none or several files is no archive file."""
    path = tmp_path / f"{NAME}.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, BARE)
    with pytest.raises(BadFile, match=f"zip of {len(names)} files"):
        import_file(path, Told(), store, now_ms=LATER)


def test_truncated_zip(store: Store, tmp_path: Path) -> None:
    """Half a zip is refused."""
    path = packed(tmp_path / f"{NAME}.zip", BARE, checksum=None)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadFile, match="cannot be read"):
        import_file(path, Told(), store, now_ms=LATER)


def test_month_that_is_not_over(store: Store, tmp_path: Path) -> None:
    """The last candle is certain only when the month of the file is over."""
    path = packed(tmp_path / "futures/um" / f"{NAME}.zip", csv_text(MONTH.head(700)))
    early = import_file(path, Told(), store, now_ms=DECEMBER_MS - 1)
    assert (early.kept.new, [one.reason for one in early.left_out]) == (699, ["unfinished"])
    assert import_file(path, Told(), store, now_ms=LATER).kept == Kept(new=1, unchanged=699)


def test_csv_that_does_not_reach_the_end(store: Store, tmp_path: Path) -> None:
    """A CSV of such a name may be anybody's: it is certain only if it reaches the month's end."""
    path = tmp_path / f"{NAME}.csv.gz"
    told = Told(exchange="binance")
    path.write_bytes(gzip.compress(csv_text(MONTH.head(700)).encode()))
    assert import_file(path, told, store, now_ms=LATER).kept == Kept(new=699)
    path.write_bytes(gzip.compress(BARE.encode()))
    assert import_file(path, told, store, now_ms=LATER).kept == Kept(new=21, unchanged=699)


def test_folder(tmp_path: Path) -> None:
    """A folder gives its archive files, days after months, and counts what it leaves alone."""
    packed(tmp_path / "b/BTCUSDT-1h-2024-11-30.zip", BARE)
    packed(tmp_path / "b/BTCUSDT-1h-2024-12.zip", BARE)
    packed(tmp_path / "c/BTCUSDT-1h-2024-11.zip", BARE)
    packed(tmp_path / "c/AAVEUSDT-1mo-2024-11.zip", BARE)
    (tmp_path / "README.txt").write_text("")
    (tmp_path / "BTCUSDT-1h-2024-13.csv").write_text("")
    (tmp_path / "BTCUSDT-7h-2024-12.csv").write_text("")
    found = files_in(tmp_path)
    assert [path.name for path in found.files] == [
        "AAVEUSDT-1mo-2024-11.zip",
        "BTCUSDT-1h-2024-11.zip",
        "BTCUSDT-1h-2024-12.zip",
        "BTCUSDT-1h-2024-11-30.zip",
    ]
    assert found.others == 3


def test_folder_without_archive_files(tmp_path: Path) -> None:
    """A folder that holds no such file is refused, with the form that names must have."""
    (tmp_path / "x.csv").write_text(BARE)
    with pytest.raises(BadFile, match="SYMBOL-INTERVAL-DATE"):
        files_in(tmp_path)


def test_months(store: Store, tmp_path: Path) -> None:
    """The archive's spelling of the monthly interval is understood."""
    months = market.frame(1, "1M", start_ms=NOVEMBER_MS)
    path = packed(tmp_path / "futures/um/BTCUSDT-1mo-2024-11.zip", csv_text(months))
    imported = import_file(path, Told(), store, now_ms=LATER)
    assert (str(imported.series), imported.kept.new) == ("binance-um:BTCUSDT:1M", 1)
