"""Load a whole series in several ways, in turn; print the seconds of each round.

`python -m bench.clients.reading_client SERIES FOLDER ROUNDS`; the files to compare with are made in
FOLDER from the same candles, and not counted. The settings come from the environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pandas as pd
import polars as pl
from deltalake import DeltaTable

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings

_SIX: Final = ("open_time", "open", "high", "low", "close", "volume")
_FLOATS: Final = [pl.col(name).cast(pl.Float64) for name in _SIX[1:]]


def ways(keeper: Keeper, series: str, folder: Path) -> dict[str, Callable[[], object]]:
    """How to load it, by what the table calls it."""
    plain, feather = _written(keeper.read(series), folder)
    lake = _lake_files(keeper, Series.parse(series))
    columns = list(SCHEMA)
    return {
        "exact": lambda: keeper.read(series).frame,
        "floats": lambda: keeper.read(series).to_floats(),
        "six": lambda: keeper.scan(series).select("open_time", *_FLOATS).collect(),
        "parquet": lambda: pl.read_parquet(plain),
        "lake": lambda: pl.read_parquet(lake, columns=columns, hive_partitioning=False),
        "feather": lambda: pl.read_ipc(feather),
        "pandas": lambda: pd.read_feather(feather),
    }


def _written(candles: Candles, folder: Path) -> tuple[Path, Path]:
    """The same candles in one file by polars, and as six columns in Feather."""
    plain, feather = folder / "plain.parquet", folder / "six.feather"
    candles.frame.write_parquet(plain, compression="zstd")
    candles.to_floats().select(_SIX).write_ipc(feather, compression="lz4")
    return plain, feather


def _lake_files(keeper: Keeper, series: Series) -> list[str]:
    """The files of the series in the lake, as any reader of Delta finds them."""
    place = f"{keeper.settings.lake_place}/{series.exchange}/{series.interval.slug}"
    return sorted(DeltaTable(place).file_uris([("symbol", "=", series.symbol)]))


def timed(load: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, the ways in turn; a first round is not counted."""
    took: dict[str, list[float]] = {name: [] for name in load}
    for number in range(rounds + 1):
        for name, way in load.items():
            began = time.perf_counter()
            way()
            if number:
                took[name].append(time.perf_counter() - began)
    return took


def main() -> None:
    """Print how many candles there are, and what each way took."""
    series, folder, rounds = sys.argv[1:]
    with Keeper(read_settings()) as keeper:
        began = time.perf_counter()
        candles = len(keeper.read(series))
        first = time.perf_counter() - began
        took = timed(ways(keeper, series, Path(folder)), int(rounds))
    print(json.dumps({"candles": candles, "first": first, "seconds": took}))


if __name__ == "__main__":
    main()
