"""Large stores for little time: copies of a series under other names, and bare catalogues.

To keep a hundred million candles takes minutes, and a second for what makes a store large to its
readers: files, lines of Delta's log, rows of SQL. The copies' files are hard links.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import polars as pl
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from bench.shelf import INTERVAL, SYMBOL
from chandlery.store import Store, sqlite_url

_OF_SERIES: Final = {
    "part": "start_ms, end_ms",
    "ledger": "start_ms, end_ms, state, asked_ms, source, request, tries, error",
}


def copied(home: Path, count: int) -> list[str]:
    """Put `count` copies of what the cold tier has of the series into the store; their series."""
    symbols = [f"C{number:04}USDT" for number in range(1, count + 1)]
    table = DeltaTable(str(home / "lake" / "binance" / INTERVAL))
    actions: list[AddAction | RemoveAction] = [
        action for symbol in symbols for action in _linked(table, symbol)
    ]
    table.create_write_transaction(actions, "append", table.schema(), ["symbol"])
    with closing(sqlite3.connect(home / "chandlery.db")) as database, database:
        for symbol in symbols:
            _copy_rows(database, symbol)
    return [f"binance:{symbol}:{INTERVAL}" for symbol in symbols]


def _linked(table: DeltaTable, symbol: str) -> Iterator[AddAction]:
    """The files of the series under another partition."""
    root = Path(table.table_uri.removeprefix("file://"))
    for line in pl.DataFrame(table.get_add_actions(flatten=True)).iter_rows(named=True):
        path = line["path"].replace(f"symbol={SYMBOL}", f"symbol={symbol}")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        os.link(root / line["path"], root / path)
        yield AddAction(
            path,
            line["size_bytes"],
            {"symbol": symbol},
            0,
            data_change=True,
            stats=json.dumps(_statistics(line)),
        )


def _statistics(line: dict[str, Any]) -> dict[str, object]:
    """What Delta's log says of a file: readers choose their files by it."""
    return {
        "numRecords": line["num_records"],
        "nullCount": {"open_time": 0},
        **{
            f"{edge}Values": {"open_time": f"{line[f'{edge}.open_time']:%Y-%m-%dT%H:%M:%S.%fZ}"}
            for edge in ("min", "max")
        },
    }


def _copy_rows(database: sqlite3.Connection, symbol: str) -> None:
    old = "(SELECT id FROM series WHERE symbol = ?)"
    database.execute(
        "INSERT INTO series (exchange, symbol, interval, candles, first_ms, last_ms, revisions, "
        "updated_ms, cold) SELECT exchange, ?, interval, cold, first_ms, last_ms, revisions, "
        "updated_ms, cold FROM series WHERE symbol = ?",
        (symbol, SYMBOL),
    )
    for table, columns in _OF_SERIES.items():
        database.execute(
            f"INSERT INTO {table} (series_id, {columns}) "  # noqa: S608  names from above
            f"SELECT {old}, {columns} FROM {table} WHERE series_id = {old}",
            (symbol, SYMBOL),
        )


def bare_catalogue(home: Path, series: int, candles: int) -> None:
    """A new store whose catalogue says so many series of so many candles; it has none of them."""
    home.mkdir()
    database = home / "chandlery.db"
    Store.open(sqlite_url(database)).close()  # makes the tables
    rows = [
        ("binance", f"C{number:04}USDT", INTERVAL, candles, 0, candles * 60_000, 0, 1)
        for number in range(series)
    ]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO series (exchange, symbol, interval, candles, first_ms, last_ms, "
            "revisions, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
