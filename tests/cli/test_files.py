"""`chandlery export` and `chandlery import`: what they say and how they end."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.column_names import UM_HEADER
from chandlery.candles.files import read_candles
from tests.candles import market
from tests.cli.conftest import Shell

pytestmark = pytest.mark.slow

BTC = "binance:BTCUSDT:1h"
ETH = "binance:ETHUSDT:1h"
FRAME = market.frame(48, "1h")
LINES = csv_text(FRAME).splitlines()


def written(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_layout(shell: Shell) -> None:
    """Several series go into the folder of another program, a file each, under its own names."""
    shell.chandlery("collect", BTC, ETH, "--last", "50")
    done = shell.chandlery("export", BTC, ETH, "--to", "data/binance", "--format", "freqtrade")
    assert done.stdout.splitlines() == [
        f"data/binance/BTC_USDT-1h.feather: 49 candles of {BTC}",
        f"data/binance/ETH_USDT-1h.feather: 49 candles of {ETH}",
    ]
    read = pl.read_ipc(shell.folder / "data/binance/ETH_USDT-1h.feather")
    assert read.columns == ["date", "open", "high", "low", "close", "volume"]
    assert read.height == 49


def test_nothing_is_written_when_one_cannot_be(shell: Shell) -> None:
    """What cannot be written is refused before anything is."""
    shell.chandlery("collect", BTC, ETH, "--last", "5")
    told = ("--to", "out", "--format", "backtesting")
    unknown = shell.chandlery("export", BTC, "binance:NOPE:1h", *told)
    assert (unknown.returncode, (shell.folder / "out").exists()) == (2, False)
    written(shell.folder / "out" / "binance-ETHUSDT-1h.csv", "mine")
    exists = shell.chandlery("export", BTC, ETH, *told)
    assert (exists.returncode, "--force" in exists.stderr) == (2, True)
    assert not (shell.folder / "out" / "binance-BTCUSDT-1h.csv").exists()
    assert shell.chandlery("export", BTC, ETH, *told, "--force").returncode == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((BTC, ETH, "--to", "x.csv"), "x.csv: is one file, and 2 series were asked for"),
        ((BTC, "--to", "."), "is not a known format"),
        ((BTC, "--to", ".", "--format", "csv", "--force"), "is a folder"),
        ((BTC, "--to", "file/x", "--format", "backtesting"), "cannot be made a folder"),
        ((BTC, "--to", "missing/x.csv"), "No such file or directory"),
    ],
)
def test_impossible_export(words: tuple[str, ...], why: str, shell: Shell) -> None:
    """An export that cannot be ends with 2 and says what is wrong."""
    (shell.folder / "file").write_text("")
    shell.chandlery("collect", BTC, ETH, "--last", "5")
    done = shell.chandlery("export", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


def test_unknown_base(shell: Shell) -> None:
    """Where base and quote are not known, freqtrade's layout says how to fetch them."""
    written(shell.folder / "x.csv", *LINES)
    shell.chandlery("import", "x.csv", "--series", BTC)
    done = shell.chandlery("export", BTC, "--to", "out", "--format", "freqtrade")
    assert done.returncode == 2
    assert f"'chandlery collect {BTC} --last 1' fetches the symbol list" in done.stderr


def test_last_candle(shell: Shell) -> None:
    """The last candle of a file is left out with words, and kept when all are closed."""
    written(shell.folder / "x.csv", *LINES)
    done = shell.chandlery("import", "x.csv", "--series", BTC)
    assert done.returncode == 0
    assert "x.csv: binance:BTCUSDT:1h: 47 new" in done.stdout
    assert "The candle of 2023-11-16 23:00:00 UTC may have been unfinished" in done.stderr
    again = shell.chandlery("import", "x.csv", "--series", BTC, "--closed", "--json")
    (found,) = json.loads(again.stdout)
    assert (found["new"], found["unchanged"], found["left_out"]) == (1, 47, [])


def test_conflict(shell: Shell) -> None:
    """A file that contradicts itself ends with 1 and names the lines."""
    other = csv_text(FRAME.with_columns(pl.col("trades") + 1)).splitlines()
    written(shell.folder / "x.csv", *LINES[20:], *LINES[:20], *other[3:10])
    done = shell.chandlery("import", "x.csv", "--series", BTC)
    assert done.returncode == 1
    assert "(lines 32, 49) stands in the file more than once" in done.stderr
    assert "2 more are left out for the same reason" in done.stderr
    told = json.loads(shell.chandlery("import", "x.csv", "--series", BTC, "--json").stdout)
    conflicts = [one for one in told[0]["left_out"] if one["reason"] == "conflict"]
    assert [one["lines"] for one in conflicts] == [[line, line + 17] for line in range(32, 39)]


def test_folder(shell: Shell) -> None:
    """A folder keeps what is sound, tells what is broken, and ends with 2."""
    um = shell.folder / "futures" / "um"
    written(um / "BTCUSDT-1h-2023-11.csv", ",".join(UM_HEADER), *LINES)
    written(um / "BTCUSDT-1h-2023-12.csv", "broken")
    written(um / "notes.txt", "mine")
    with zipfile.ZipFile(um / "ETHUSDT-1h-2023-11.zip", "w") as file:
        file.writestr("ETHUSDT-1h-2023-11.csv", csv_text(FRAME))
    written(um / "ETHUSDT-1h-2023-11.zip.CHECKSUM", f"{'0' * 64}  ETHUSDT-1h-2023-11.zip")
    done = shell.chandlery("import", "futures", "--json")
    assert done.returncode == 2
    told = {Path(one["file"]).name: one for one in json.loads(done.stdout)}
    assert told["BTCUSDT-1h-2023-11.csv"]["series"] == "binance-um:BTCUSDT:1h"
    assert told["BTCUSDT-1h-2023-11.csv"]["new"] == 47
    assert "no candle file" in told["BTCUSDT-1h-2023-12.csv"]["error"]
    assert "Fetch both again" in told["ETHUSDT-1h-2023-11.zip"]["error"]
    assert "futures: files of other names, which are left alone: 1." in done.stderr


def test_files_and_folders_without_candles(shell: Shell) -> None:
    """Several places may be given; each that holds nothing is told, and the others are kept."""
    written(shell.folder / "x.csv", *LINES)
    (shell.folder / "empty").mkdir()
    done = shell.chandlery("import", "empty", "nothing.csv", "x.csv", "--series", BTC)
    assert done.returncode == 2
    assert "empty: is a folder without files named SYMBOL-INTERVAL-DATE" in done.stderr
    assert "nothing.csv: cannot be read: No such file" in done.stderr
    assert "47 new" in done.stdout


def test_series_is_needed(shell: Shell) -> None:
    """A file that does not say what it holds asks for it."""
    written(shell.folder / "x.csv", *LINES)
    done = shell.chandlery("import", "x.csv")
    assert (done.returncode, "--series EXCHANGE:SYMBOL:INTERVAL" in done.stderr) == (2, True)
    assert shell.chandlery("import").returncode == 2


def test_nothing_kept(shell: Shell) -> None:
    """A file of which nothing is certain ends with 1."""
    written(shell.folder / "x.csv", LINES[0])
    done = shell.chandlery("import", "x.csv", "--series", BTC)
    assert (done.returncode, "0 new" in done.stdout) == (1, True)


def test_named_round_trip(shell: Shell) -> None:
    """The named CSV of a collected series comes back the same in another store."""
    shell.chandlery("collect", BTC, "--last", "50")
    shell.chandlery("export", BTC, "--to", "x.csv", "--format", "named")
    told = ("--series", BTC, "--closed", "--home", "other")
    assert "49 new" in shell.chandlery("import", "x.csv", *told).stdout
    shell.chandlery("export", BTC, "--to", "y.csv", "--format", "named", "--home", "other")
    assert (shell.folder / "x.csv").read_text() == (shell.folder / "y.csv").read_text()
    assert read_candles(shell.folder / "y.csv").height == 49
