"""Figure: a whole history as one frame, beside files that hold the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

from bench.processes import CHANDLERY, FREQTRADE, PYTHON, Failed, ask, environment
from bench.shelf import SERIES
from bench.tables import Table, seconds, times, verdict

Took = dict[str, list[float]]
"""Seconds of each way in each round."""

_MOST: Final = 1.3
_WAYS: Final = {
    "exact": ("`keeper.read(series)`, exact", 11),
    "floats": ("the same and `.to_floats()`", 11),
    "six": ("`keeper.scan(series)`, six columns as floats", 6),
    "parquet": ("`polars.read_parquet`, one file by polars with zstd, exact", 11),
    "lake": ("`polars.read_parquet`, the lake's own files, as they lie there", 11),
    "feather": ("`polars.read_ipc`, Feather with lz4, floats", 6),
    "pandas": ("`pandas.read_feather`, the same file", 6),
    "freqtrade": ("freqtrade, `load_pair_history` of its Feather file", 6),
}
"""What each way is called, and how many columns it gives."""


def loading(home: Path, folder: Path, rounds: int) -> Table:
    """Read the series of a home in every way, in turn."""
    print("  loading", file=sys.stderr)
    folder.mkdir()
    client = "bench.clients.reading_client"
    found = ask(PYTHON, client, SERIES, folder, rounds, CHANDLERY_HOME=str(home))
    took: Took = found["seconds"]
    if FREQTRADE.exists():
        took["freqtrade"] = _by_freqtrade(home, folder / "freqtrade", found["candles"], rounds)
    return Table(
        f"{found['candles']:,} candles as one frame",
        ("read by", "columns", "time", "a column", "exact takes"),
        [_row(name, took) for name in _WAYS if name in took],
        [
            f"Medians of {rounds} (least-most), in turn in one process; files in the page cache.",
            "How many times as long: each round compared with itself, then the median.",
            f"The first read of a process took {found['first']:.3f} s.",
            "Feather: open time and five floats, as freqtrade documents its files.",
            "freqtrade: in an environment of its own, after the others; it fills no holes here."
            if "freqtrade" in took
            else "freqtrade was left out: there is no .venv-freqtrade.",
            "The lake's files have 18-digit prices and microseconds; `keeper.read` widens both.",
            *(_aim(took, name) for name in ("parquet", "lake")),
            *([_column_aim(took)] if "freqtrade" in took else []),
            *(_beside(took, name) for name in ("feather", "pandas")),
        ],
    )


def _row(name: str, took: Took) -> list[str]:
    called, columns = _WAYS[name]
    return [
        called,
        str(columns),
        seconds(took[name]),
        f"{median(took[name]) / columns * 1000:.0f} ms",
        f"{times(took['exact'], took[name]):.2f} x as long",
    ]


def _aim(took: Took, name: str) -> str:
    ratio = times(took["exact"], took[name])
    met = verdict(met=ratio <= _MOST)
    return f"Aim: exact at most {_MOST:g} times {_WAYS[name][0]}; {ratio:.2f}: {met}."


def _column_aim(took: Took) -> str:
    ratio = _columnwise(took, "freqtrade")
    met = verdict(met=ratio < 1)
    return f"Aim: an exact column faster than one that freqtrade loads; {ratio:.2f}: {met}."


def _beside(took: Took, name: str) -> str:
    called = _WAYS[name][0]
    return f"An exact column takes {_columnwise(took, name):.2f} times as long as one of {called}."


def _columnwise(took: Took, name: str) -> float:
    """How many times as long as a column of another way an exact one takes."""
    return times(took["exact"], took[name]) * _WAYS[name][1] / _WAYS["exact"][1]


def _by_freqtrade(home: Path, folder: Path, candles: int, rounds: int) -> list[float]:
    """Seconds of freqtrade's loads of the same candles, exported to a file of its own form."""
    subprocess.run(
        [*CHANDLERY, "export", SERIES, "--to", str(folder), "--format", "freqtrade"],
        env=environment(CHANDLERY_HOME=str(home)),
        check=True,
        capture_output=True,
    )
    found = ask(FREQTRADE, "bench.clients.freqtrade_client", folder, rounds)
    if found["candles"] != candles:
        raise Failed(f"freqtrade loads {found['candles']:,} candles, not {candles:,}")
    took: list[float] = found["seconds"]
    return took
