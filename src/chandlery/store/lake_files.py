"""Files of a lake that is a folder: written lean, and on the disk before anybody counts on them.

`write_deltalake` takes 200 MB to write 150,000 candles and syncs nothing; this takes 15 MB.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import orjson
import polars as pl

from chandlery.candles.replacing import sync
from chandlery.clock import ms_to_datetime
from chandlery.store.lake_form import SYMBOL
from chandlery.store.lake_packing import Packed, pack

if TYPE_CHECKING:
    from deltalake.transaction import AddAction, RemoveAction

_LOG: Final = "_delta_log"


def is_folder(uri: str) -> bool:
    """Whether a table lies on this machine's disk."""
    return "://" not in uri


def write(uri: str, symbol: str, pieces: Iterable[pl.DataFrame]) -> tuple[Path, AddAction]:
    """Write candles (WARM, ascending) into a new file as they come; and the action that adds it."""
    from deltalake.transaction import AddAction  # noqa: PLC0415  a reader needs none of it

    folder = Path(uri) / f"{SYMBOL}={quote(symbol, safe='')}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
    packed = pack(pieces, path)
    return path, AddAction(
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


def settle(uri: str, version: int, path: Path) -> None:
    """Have a file and the log entry that names it on the disk: a power cut leaves them there."""
    log = Path(uri) / _LOG
    entry = log / f"{version:020}.json"
    for place in (path, path.parent, path.parent.parent, *([entry] if entry.exists() else []), log):
        sync(place)


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
