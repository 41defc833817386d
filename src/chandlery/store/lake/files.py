"""Files of a lake that is a folder: written lean, and on the disk before the log names them.

`write_deltalake` takes 200 MB to write 150,000 candles and syncs nothing; this takes 15 MB.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import polars as pl

from chandlery.candles.replacing import sync
from chandlery.clock import ms_to_datetime
from chandlery.store.lake.form import SYMBOL
from chandlery.store.lake.packing import Packed, pack

if TYPE_CHECKING:
    from deltalake.transaction import AddAction, RemoveAction


def is_folder(uri: str) -> bool:
    """Whether a table lies on this machine's disk."""
    return "://" not in uri


def make_folder(uri: str) -> None:
    """Make the folder of a table, and those of its exchange and lake, for the owner only."""
    place = Path(uri)
    for folder in (place.parent.parent, place.parent, place):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write(uri: str, symbol: str, pieces: Iterable[pl.DataFrame]) -> AddAction:
    """Write candles (WARM, ascending) into a new file as they come; the action that adds it."""
    from deltalake.transaction import AddAction  # noqa: PLC0415  a reader needs none of it

    folder = Path(uri) / f"{SYMBOL}={quote(symbol, safe='')}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
    packed = pack(pieces, path)
    for place in (path, folder, folder.parent):
        sync(place)
    return AddAction(
        path=str(path.relative_to(uri)),
        size=path.stat().st_size,
        partition_values={SYMBOL: symbol},
        modification_time=int(path.stat().st_mtime * 1000),
        data_change=True,
        stats=_stats(packed),
    )


def removal(uri: str, symbol: str, file: str) -> RemoveAction:
    """The action that takes a file out of the table; it stays on the disk until the vacuum."""
    from deltalake.transaction import RemoveAction  # noqa: PLC0415  see above

    return RemoveAction(
        str(Path(file).relative_to(uri)),
        data_change=True,
        deletion_timestamp=time.time_ns() // 1_000_000,
        partition_values={SYMBOL: symbol},
    )


def _stats(packed: Packed) -> str:
    return orjson.dumps(
        {
            "numRecords": packed.rows,
            "minValues": {"open_time": _moment(packed.first_ms)},
            "maxValues": {"open_time": _moment(packed.last_ms)},
            "nullCount": {"open_time": 0},
        }
    ).decode()


def _moment(ms: int) -> str:
    return ms_to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
