"""Candles as JSON: the body of a klines answer, and a list of objects, both ways and exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

import orjson
import polars as pl

from chandlery.candles.binance_rows import ROW_LENGTH, parse_rows
from chandlery.candles.column_names import our_names
from chandlery.candles.file_rows import FileRows
from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA
from chandlery.candles.text_rows import candles_of, refuse_unsound
from chandlery.errors import BadCandles, BadFile, shown

_SIX: Final = tuple(SCHEMA)[:6]


def read_json(data: bytes, *, name: str) -> FileRows:
    """The candles of a JSON list: of twelve-element or six-element arrays, or of objects.

    Numbers are taken as they are written, never through a float. Raises `BadFile`.
    """
    try:
        # Binance's own rows have no fractions outside of text, and the quick reader keeps them.
        rows = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFile(name, f"{error}.") from error
    if not isinstance(rows, list):
        raise BadFile(name, f"is JSON, but no list of candles: {shown(rows)}")
    if not rows:
        raise BadFile(name, "holds no candles.")
    if isinstance(rows[0], list) and len(rows[0]) == ROW_LENGTH:
        return _binance(rows, name)
    return candles_of(_table(_as_written(data, name), name), name)


def _as_written(data: bytes, name: str) -> list[object]:
    """The list once more, its numbers as text."""
    try:
        rows: list[object] = json.loads(data, parse_float=str, parse_int=str)
    except RecursionError as error:
        raise BadFile(name, "is JSON, but nested too deeply for a list of candles.") from error
    return rows


def json_text(frame: pl.DataFrame) -> bytes:
    """A JSON array of objects; decimals as text, times in ISO 8601 with `Z`."""
    return b"".join(json_pieces([frame]))


def json_pieces(frames: Sequence[pl.DataFrame] | Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """The same text piece by piece, of frames that follow each other."""
    start = b"["
    for frame in frames:
        if not frame.is_empty():
            listed = orjson.dumps(_readable(frame).to_dicts(), option=orjson.OPT_INDENT_2)
            yield start + listed[1:-2]
            start = b","
    yield b"\n]\n" if start == b"," else b"[]\n"


def row_pieces(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """Arrays of milliseconds, open, high, low, close and volume, as numbers with all digits."""
    start = b"["
    for frame in frames:
        for row in _numbers(frame).iter_rows():
            yield start + f"[{','.join(row)}]".encode()
            start = b",\n"
    yield b"]\n" if start != b"[" else b"[]\n"


def _readable(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(DECIMAL_COLUMNS).cast(pl.String),
        pl.col("open_time", "close_time").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
    )


def _numbers(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col("open_time").dt.epoch("ms").cast(pl.String), pl.col(_SIX[1:]).cast(pl.String)
    )


def _binance(rows: list[list[object]], name: str) -> FileRows:
    newest_first = _opens_at(rows[0]) > _opens_at(rows[-1])
    try:
        frame = parse_rows(rows[::-1] if newest_first else rows)
    except BadCandles as error:
        raise BadFile(name, f"{error}.") from error
    frame = frame.reverse() if newest_first else frame
    refuse_unsound(frame, name)
    return FileRows(frame)


def _opens_at(row: object) -> int:
    first = row[0] if isinstance(row, list) and row else None
    return first if isinstance(first, int) else 0


def _table(rows: list[object], name: str) -> pl.DataFrame:
    objects = [found for row in rows if (found := _object(row)) is not None]
    if len(objects) < len(rows):
        why = (
            "is JSON, but no list of candles: each must be an array of "
            f"{ROW_LENGTH} or {len(_SIX)} elements, or an object. The first is {shown(rows[0])}"
        )
        raise BadFile(name, why)
    return _as_text(objects, name)


def _object(row: object) -> dict[str, object] | None:
    if isinstance(row, list) and len(row) == len(_SIX):
        return dict(zip(_SIX, row, strict=True))
    return row if isinstance(row, dict) else None


def _as_text(rows: list[dict[str, object]], name: str) -> pl.DataFrame:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    named = our_names(columns, name)
    return pl.DataFrame(
        {
            ours: [_text(row.get(column)) for row in rows]
            for column, ours in zip(columns, named, strict=True)
            if ours in SCHEMA
        },
        schema_overrides=dict.fromkeys(named, pl.String),
    )


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)
