"""`chandlery resample` and `chandlery sql`: what they print and write, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.files import read_candles
from chandlery.candles.frame import Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.cli.main import app, errors_as_lines
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from tests.candles import market
from tests.cli.conftest import ROOT

BTC = "binance:BTCUSDT:1h"
FRAME = market.frame(50, "1h", start_ms=market.START_MS + 8 * HOUR_MS)
"""From 08:00 on a Wednesday to 09:00 on the Friday."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which 49 hours of a symbol are kept, and one that forms."""
    folder = tmp_path_factory.mktemp("home")
    answered = Span(*FRAME["open_time"].dt.epoch("ms").gather([0, -1]).to_list())
    with Keeper(read_settings(home=folder)) as keeper:
        candles = Candles(Series.parse(BTC), FRAME, 1)
        keeper.store.candles.keep(candles, answered=answered, source="test")
    return folder


@pytest.fixture
def run(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in an empty folder: exit code, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        with chdir(tmp_path), pytest.raises(SystemExit) as ended, errors_as_lines():
            app([*words, "--home", str(home)])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_resample_table(run: Run) -> None:
    """The larger candles come as a table, and those that are not complete are told why."""
    code, out, err = run("resample", BTC, "1d")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "open", "2023-11-15", "2023-11-16", "2023-11-17",
    ]  # fmt: skip
    assert err.splitlines() == [
        "2 of these candles are not complete:",
        "  2023-11-15 00:00:00 UTC: 16 of 24, nothing older is held",
        "  2023-11-17 00:00:00 UTC: 9 of 24, still forming",
    ]


def test_resample_forms(run: Run, tmp_path: Path) -> None:
    """CSV, JSON and files hold the same exact candles, of the time that was asked."""
    asked = ("resample", BTC, "4h", "--since", "2023-11-16T00:00Z", "--until", "2023-11-17T00:00Z")
    rows = [*csv.reader(io.StringIO(run(*asked, "--format", "csv")[1]))]
    _, told, err = run(*asked, "--format", "json")
    assert err == ""
    _, said, _ = run(*asked, "--to", "four.parquet")
    assert said == f"four.parquet: 6 candles of binance:BTCUSDT:4h from {BTC}\n"
    volumes = [str(volume) for volume in read_candles(tmp_path / "four.parquet")["volume"]]
    assert [row[5] for row in rows] == [one["volume"] for one in json.loads(told)] == volumes
    code, _, err = run(*asked, "--to", "four.parquet")
    assert (code, "four.parquet exists already" in err) == (2, True)
    assert run(*asked, "--to", "four.parquet", "--force")[0] == 0


def test_resample_zone_and_anchor(run: Run) -> None:
    """A time without a zone is taken as UTC, and that is said; a given 3d grid is kept to."""
    _, out, err = run("resample", BTC, "3d", "--anchor", "2023-11-14")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["2023-11-14", "2023-11-17"]
    assert "2023-11-14 names no time zone and is taken as UTC." in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((BTC, "1m"), "1m candles cannot be summed from 1h candles."),
        ((BTC, "7h"), "'7h' is not an interval."),
        ((BTC, "3d"), "--anchor"),
        ((BTC, "1d", "--last", "0"), "--last takes a number from 1"),
        ((BTC, "1d", "--format", "parquet"), "'parquet' is not a known format."),
        (("binance:BTCUSD:1h", "1d"), "Nearest: binance:BTCUSDT:1h"),
    ],
)
def test_resample_refusals(run: Run, words: tuple[str, ...], message: str) -> None:
    """What cannot be summed is refused in one line."""
    code, out, err = run("resample", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_many_incomplete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of many incomplete candles the newest are named, the others counted."""
    with Keeper(read_settings(home=tmp_path)) as keeper:
        candles = Candles(Series.parse(BTC), FRAME.gather_every(2))
        keeper.store.candles.keep(candles, answered=None, source="test")
    with pytest.raises(SystemExit):
        app(["resample", BTC, "2h", "--home", str(tmp_path)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["25 of these candles are not complete:", "  (15 earlier ones)"]
    assert len(lines) == 12


def test_sql_forms(run: Run, tmp_path: Path) -> None:
    """A query answers as a table, CSV or JSON, and as files of these and Parquet."""
    query = 'SELECT open_time, close FROM "binance:BTCUSDT:1h" ORDER BY open_time DESC LIMIT 2'
    names, *lines = (line.split() for line in run("sql", query)[1].splitlines())
    assert names == ["open_time", "close"]
    assert lines[0] == ["2023-11-17T08:00:00.000Z", str(FRAME["close"][48])]
    assert [*csv.reader(io.StringIO(run("sql", query, "--format", "csv")[1]))] == [names, *lines]
    objects = json.loads(run("sql", query, "--format", "json")[1])
    assert [[*one.values()] for one in objects] == lines
    assert run("sql", query, "--to", "two.parquet")[1] == "two.parquet: written\n"
    closes = pl.read_parquet(tmp_path / "two.parquet")["close"]
    assert [str(close) for close in closes] == [line[1] for line in lines]
    run("sql", query, "--to", "two.txt", "--format", "csv")
    assert len((tmp_path / "two.txt").read_text().splitlines()) == 3


def test_sql_long_table(run: Run) -> None:
    """A long table ends after a thousand rows, with a remark."""
    _, out, err = run("sql", "SELECT a.close FROM candles a, candles b")
    assert len(out.splitlines()) == 1_001
    assert err == "These are the first 1,000 rows. --format csv or --to FILE gives all.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("SELECT * FROM read_csv('pyproject.toml')",), "read_csv is not available"),
        (("DROP TABLE series",), "A query begins with one of"),
        (("SELECT nope FROM series",), 'unable to find column "nope"'),
        (("SELECT CAST(symbol AS INTEGER) FROM series",), "The query cannot be answered"),
        (('SELECT * FROM "binance:BTCUSD:1h"',), "Nearest: binance:BTCUSDT:1h"),
        (("SELECT 1 AS a", "--format", "parquet"), "parquet with --to FILE"),
        (("SELECT 1 AS a", "--to", "x.xls"), "'xls' is not a known format."),
    ],
)
def test_sql_refusals(run: Run, words: tuple[str, ...], message: str) -> None:
    """What cannot be answered is told in one line, with exit code 2."""
    code, out, err = run("sql", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_documented_commands(run: Run, tmp_path: Path) -> None:
    """Every command line of the page about SQL does what it says."""
    page = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ chandlery (.+)$", page, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        code, out, err = run(*shlex.split(command))
        assert (code, bool(out)) == (0, True), (command, err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["days.parquet", "hours.parquet"]
