"""Candle files on disk, in and out: everything that other parts of the program need of them."""

from __future__ import annotations

from chandlery.candles.json_form import json_text
from chandlery.candles.reading import check_interval, read_candles, read_file, read_rows
from chandlery.candles.replacing import replacing
from chandlery.candles.writing import FORMATS, candle_bytes, format_of, write_candles

__all__ = [
    "FORMATS",
    "candle_bytes",
    "check_interval",
    "format_of",
    "json_text",
    "read_candles",
    "read_file",
    "read_rows",
    "replacing",
    "write_candles",
]
