"""What each of many processes does on one store: collect, fold, read and export, all at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.files import read_candles
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from chandlery.store import FoldPolicy, Kept, Store
from tests.cli.conftest import Shell
from tests.collect.rehearsal import EARLY_MS, SOL

PATIENCE: Final = 40.0
POLICY: Final = FoldPolicy(keep_hot=20, least=50, most=500, file_rows=2_000, neighbours=4)


def work(number: int, settings: dict[str, str], truth: str, rounds: int) -> Kept:
    """Of every four processes two collect, one folds, one reads and exports; what was kept."""
    if number % 4 < 2:
        return _collect(settings)
    if number % 4 == 2:
        _fold(settings, rounds)
    else:
        _read(settings, pl.read_parquet(truth), rounds, Path(settings["home"]) / f"{number}")
    return Kept()


def _collect(settings: dict[str, str]) -> Kept:
    with Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS)) as keeper:
        report = keeper.collect(SOL, since="2020-08-01")
        assert report.ok, report.failure
        return report.kept


def _fold(settings: dict[str, str], rounds: int) -> None:
    in_force = read_settings(**settings)
    with Store.open(settings["store_url"], lake=in_force.lake_place, policy=POLICY) as store:
        for _ in range(rounds):
            store.folding.fold(Series.parse(SOL), everything=True)
            time.sleep(0.05)


def _read(settings: dict[str, str], truth: pl.DataFrame, rounds: int, place: Path) -> None:
    place.mkdir(parents=True)
    named = {name.upper(): text for name, text in settings.items()}
    shell, out, before = Shell(place, named), place / "out.csv", 0
    ends = time.monotonic() + PATIENCE
    with Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS)) as keeper:
        for turn in range(rounds):
            frame = keeper.store.candles.read(Series.parse(SOL), forming=False).frame
            # What stood there once stands there still, each candle once, as it was served.
            assert frame.equals(truth.filter(pl.col("open_time").is_in(frame["open_time"])))
            assert frame.height >= before
            before = frame.height
            if before and turn % 4 == 0:
                said = shell.chandlery("export", SOL, "--to", str(out), "--force")
                assert said.returncode == 0, said.stderr
                opens = read_candles(out)["open_time"]
                assert opens.is_unique().all()
                assert opens.is_sorted()
            assert time.monotonic() < ends
