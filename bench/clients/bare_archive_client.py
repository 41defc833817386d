"""No client at all: download, unzip, parse with polars and write Parquet, one file after another.

No checksums, no holes, no checks. `bare_archive_client … floats` reads numbers as polars guesses
best, as floats; `exact` reads decimals.
"""

from __future__ import annotations

import json
import sys
import urllib.request
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl

from bench.clients.downloading import SYMBOL, Download, measured
from bench.shelf import key

_TIMES: Final = ("open_time", "close_time")
_NAMES: Final = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time"),
    *("quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume", "ignored"),
)
_WHOLE: Final[dict[str, pl.DataType]] = dict.fromkeys((*_TIMES, "trades"), pl.Int64())
FLOATS: Final[dict[str, pl.DataType]] = {**dict.fromkeys(_NAMES, pl.Float64()), **_WHOLE}
DECIMALS: Final[dict[str, pl.DataType]] = {**dict.fromkeys(_NAMES, pl.Decimal(38, 8)), **_WHOLE}


def fetch(task: Download, schema: dict[str, pl.DataType]) -> int:
    """One Parquet file for each zip; how many candles came."""
    return sum(_fetched(task, path, schema) for path in _paths(task))


def _fetched(task: Download, path: str, schema: dict[str, pl.DataType]) -> int:
    with urllib.request.urlopen(f"{task.archive}/{path}") as answer:  # noqa: S310  our own
        packed = zipfile.ZipFile(BytesIO(answer.read()))
    text = packed.read(packed.namelist()[0])
    frame = stored(text, schema, task.folder / Path(path).with_suffix(".parquet").name)
    return frame.height


def stored(text: bytes | Path, schema: dict[str, pl.DataType], place: Path) -> pl.DataFrame:
    """The rows of a CSV, which stand in a Parquet file now."""
    frame = pl.read_csv(text, has_header=False, schema=schema).drop("ignored")
    frame.write_parquet(place, compression="zstd")
    return frame


def _paths(task: Download) -> list[str]:
    month, paths = task.first.replace(day=1), []
    while month < task.last_month:
        paths.append(key(SYMBOL, "monthly", month))
        month = (month + timedelta(days=32)).replace(day=1)
    days = range(1, task.last.day + 1)
    return paths + [key(SYMBOL, "daily", task.last.replace(day=day)) for day in days]


def main() -> None:
    """Print what it took."""
    schema = DECIMALS if sys.argv.pop() == "exact" else FLOATS
    task = Download.of_command_line()
    with measured() as found:
        candles = fetch(task, schema)
    print(json.dumps(found | {"candles": candles}))


if __name__ == "__main__":
    main()
