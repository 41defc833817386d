"""The CSV that collection keeps: each candle once, ascending, whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.files import json_text
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.csv_kept import keep_csv, read_csv_file
from chandlery.errors import BadFile
from tests.candles import market
from tests.torture.lengths import scaled

HOURS = Series.parse("binance:BTCUSDT:1h")
FRAME = market.frame(60, "1h")
OPENS = FRAME["open_time"].dt.epoch("ms").to_list()
NOW = OPENS[-1] + 10
EVERYTHING = [Span(0, OPENS[-1] + 1)]


def test_new_file(tmp_path: Path) -> None:
    """A new file holds the candles as the exchange writes them, and nothing else is left about."""
    path = tmp_path / "crypto.csv"
    kept = keep_csv(path, HOURS, FRAME, answered=EVERYTHING, now_ms=NOW)
    assert path.read_text() == csv_text(FRAME)
    assert (kept.rows, kept.added, kept.backup, kept.left_out) == (60, 60, None, ())
    assert {file.name for file in tmp_path.iterdir()} <= {"crypto.csv", ".crypto.csv.lock"}


def test_again_adds_only_what_is_new(tmp_path: Path) -> None:
    """A second run appends new candles and replaces the one that was forming."""
    path = tmp_path / "crypto.csv"
    traded = pl.when(pl.int_range(40) < 39).then("trades").otherwise(7)
    forming = FRAME.head(40).with_columns(traded.cast(pl.Int64).alias("trades"))
    keep_csv(path, HOURS, forming, answered=[], now_ms=NOW)
    kept = keep_csv(path, HOURS, FRAME.slice(20), answered=EVERYTHING, now_ms=NOW)
    assert path.read_text() == csv_text(FRAME)
    assert (kept.rows, kept.added) == (60, 20)


def test_unchanged_file_is_not_rewritten(tmp_path: Path) -> None:
    """A run that changes nothing leaves the very file as it is."""
    path = tmp_path / "crypto.csv"
    keep_csv(path, HOURS, FRAME, answered=[], now_ms=NOW)
    before = path.stat()
    keep_csv(path, HOURS, FRAME.tail(5), answered=[], now_ms=NOW)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def appended(path: Path) -> pl.DataFrame:
    """A file as the first version left it: the same answer thrice, its last candle unfinished."""
    answer = FRAME.head(30)
    path.write_text(csv_text(answer) * 3)
    return answer


@pytest.mark.parametrize("still_given", [True, False])
def test_first_version_file(still_given: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """An appended file is cleaned with a backup; its unfinished candle is renewed or left out."""
    path = tmp_path / "crypto.csv"
    answer = appended(path)
    old = path.read_bytes()
    assert read_csv_file(path, HOURS, now_ms=NOW).doubtful == (OPENS[29],)
    fresh = FRAME.slice(29) if still_given else FRAME.slice(30)
    kept = keep_csv(path, HOURS, fresh, answered=EVERYTHING, now_ms=NOW)
    assert path.read_text() == csv_text(
        FRAME if still_given else pl.concat([answer.head(29), fresh])
    )
    assert kept.backup is not None
    assert Path(kept.backup).read_bytes() == old
    assert kept.duplicates == 60
    assert kept.left_out == (() if still_given else (OPENS[29],))


def test_doubt_is_kept_until_answered(tmp_path: Path) -> None:
    """A doubtful candle for which the exchange has not answered stays where it is."""
    path = tmp_path / "crypto.csv"
    appended(path)
    keep_csv(path, HOURS, FRAME.slice(40), answered=[], now_ms=NOW)
    assert OPENS[29] in read_csv_file(path, HOURS, now_ms=NOW).frame["open_time"].dt.epoch("ms")


def test_backups_never_replace_each_other(tmp_path: Path) -> None:
    """A second appended file gets a backup of its own."""
    path = tmp_path / "crypto.csv"
    names = []
    for _ in range(2):
        appended(path)
        names.append(keep_csv(path, HOURS, FRAME, answered=EVERYTHING, now_ms=NOW).backup)
    assert len(set(names)) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("hello\n", "something else"),
        ("a,b,c\n1,2,3\n", "something else"),
        ("# my notes\n" + csv_text(FRAME), "my notes"),
        (",".join([*FRAME.columns, "ignore"]) + "\n" + csv_text(FRAME), "something else"),
        (csv_text(FRAME).replace(",0\n", ",0,BUY\n"), "something else"),
        (csv_text(FRAME).replace(",0\n", ",BUY\n"), "something else"),
        (json_text(FRAME).decode(), "something else"),
        (csv_text(market.frame(9, "1h", start_ms=market.START_MS + 10**11)), "the future"),
        (csv_text(market.frame(20, "1m")), "60 seconds, not of 1h"),
        (csv_text(market.frame(20, "1h", seed=9)), "another series"),
        (csv_text(FRAME)[:-30], "something else"),
    ],
)
def test_something_else_is_left_untouched(content: str, why: str, tmp_path: Path) -> None:
    """A file that is something else is refused and stays as it is, to the byte."""
    path = tmp_path / "crypto.csv"
    path.write_text(content)
    with pytest.raises(BadFile, match=why):
        keep_csv(path, HOURS, FRAME, answered=EVERYTHING, now_ms=NOW)
    assert path.read_text() == content


def _keep(path: Path, start: int) -> None:
    keep_csv(path, HOURS, FRAME.slice(start, 10), answered=[], now_ms=NOW)


def test_many_at_once(tmp_path: Path) -> None:
    """Runs at the same moment take turns, and every candle arrives once."""
    path = tmp_path / "crypto.csv"
    context = multiprocessing.get_context("spawn")
    with context.Pool(scaled(short=2, full=4)) as pool:
        pool.starmap(_keep, [(path, start) for start in (0, 10, 5, 20, 15, 30, 25, 40, 35, 50)])
    assert path.read_text() == csv_text(FRAME)


def test_link_is_followed(tmp_path: Path) -> None:
    """A link is followed: the file it leads to is kept, and the link stays one."""
    target, link = tmp_path / "target.csv", tmp_path / "crypto.csv"
    link.symlink_to(target)
    keep_csv(link, HOURS, FRAME, answered=[], now_ms=NOW)
    assert link.is_symlink()
    assert target.read_text() == csv_text(FRAME)


def test_no_regular_file(tmp_path: Path) -> None:
    """A pipe is not replaced by a file."""
    path = tmp_path / "crypto.csv"
    os.mkfifo(path)
    with pytest.raises(BadFile, match="no regular file"):
        keep_csv(path, HOURS, FRAME, answered=[], now_ms=NOW)
    assert path.is_fifo()
