"""Parquet and Feather are read in a process beside, which a damaged file may end."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.column_child import __file__ as child_file
from chandlery.candles.column_reader import ColumnReader
from chandlery.candles.files import candle_bytes, read_file
from chandlery.errors import BadFile
from tests.candles import market

pytestmark = pytest.mark.slow  # many, which take long together

ROOT = Path(__file__).parents[2]
FRAME = market.frame(4, "1h")
FEATHER = candle_bytes(FRAME, form="feather")
ENDS_ITS_READER = (
    FEATHER[:1477] + bytes(6) + FEATHER[1477:2773] + b"\x06\xff\xff\xff\xf7" + FEATHER[2778:]
)
"""Claims more memory than there is, as a fuzzer found out."""


@pytest.fixture
def reader() -> Iterator[ColumnReader]:
    """One that has not started yet."""
    with closing(ColumnReader()) as reader:
        yield reader


def readers() -> list[int]:
    """The running processes that read for this one."""
    told = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    children = [int(number) for text in told for number in text.split()]
    return [
        number
        for number in children
        if child_file in Path(f"/proc/{number}/cmdline").read_text().split("\0")
    ]


def test_it_ends_over_a_file(tmp_path: Path) -> None:
    """A file over which the library gives up its process is refused, and the next one is read."""
    damaged, whole = tmp_path / "damaged", tmp_path / "whole"
    damaged.write_bytes(ENDS_ITS_READER)
    whole.write_bytes(FEATHER)
    with pytest.raises(BadFile, match="damaged"):
        read_file(damaged)
    assert read_file(whole).frame.equals(FRAME)


def test_it_is_ended_by_the_system(tmp_path: Path) -> None:
    """A reader that the system ended in between, for its memory say, is followed by another."""
    path = tmp_path / "x"
    path.write_bytes(FEATHER)
    assert read_file(path).frame.equals(FRAME)
    [reader] = readers()
    os.kill(reader, signal.SIGKILL)
    assert read_file(path).frame.equals(FRAME)
    assert len(readers()) == 1


@pytest.mark.parametrize("rows", [0, 1, 65_536, 65_537, 200_000])
def test_any_length(rows: int, reader: ColumnReader) -> None:
    """Columns of any length come whole, without rows too."""
    frame = pl.select(open_time=pl.int_range(rows), close=pl.int_range(rows).cast(pl.String))
    data = io.BytesIO()
    frame.write_parquet(data)
    assert reader.read(data.getvalue(), name="x").equals(frame)


FORKS = """
import os, sys
from pathlib import Path
from chandlery.candles.files import read_file
from tests.candles.test_column_reader import readers

path = Path(sys.argv[1])
read_file(path)
before = readers()
if (pid := os.fork()) == 0:
    sys.exit(0)
os.waitpid(pid, 0)
assert read_file(path).frame.height == 4
assert readers() == before
"""


def test_a_fork_ends(tmp_path: Path) -> None:
    """A forked process that ends leaves the reader of its parent alone."""
    path = tmp_path / "x"
    path.write_bytes(FEATHER)
    command = [sys.executable, "-W", "ignore", "-c", FORKS, str(path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


def test_modules_of_the_folder(
    reader: ColumnReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named polars.py in the folder where the program was started is not run."""
    (tmp_path / "polars.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert reader.read(FEATHER, name="x").equals(FRAME)


def test_it_does_not_start(reader: ColumnReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader cannot even start, the error has the command to see why."""
    monkeypatch.setenv("PYTHONHOME", os.devnull)
    with pytest.raises(BadFile, match="does not start; run it to see why"):
        reader.read(FEATHER, name="x")
