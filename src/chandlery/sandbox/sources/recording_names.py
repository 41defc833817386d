"""Which series a recorded file holds, by what was said, by its name, by its contents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.interval import INTERVALS, Interval
from chandlery.errors import InputError
from chandlery.sandbox.options import SandboxOptions

_KNOWN: Final = {interval.text: interval for interval in INTERVALS} | {
    interval.slug: interval for interval in INTERVALS
}
_NAME: Final = re.compile(
    r"(?P<symbol>[A-Z0-9]{3,30})[-_](?P<interval>\d+(?:mo|[smhdwM]))(?=[-_.])"
)


def symbol_of(path: Path, options: SandboxOptions) -> str:
    """The symbol of a file. Raises `InputError` when nothing says it."""
    found = _NAME.match(path.name)
    symbol = options.replay_symbol or (found["symbol"] if found else None)
    if symbol is None:
        raise InputError(
            f"{path}: the name does not say which symbol this is. Add --symbol, "
            "or name the file as in BTCUSDT-1h-2024-11.csv."
        )
    return symbol


def interval_of(path: Path, frame: pl.DataFrame, options: SandboxOptions) -> Interval:
    """The interval of a file. Raises `InputError` or `UnknownInterval` when nothing says it."""
    if options.replay_interval is not None:
        return Interval.parse(options.replay_interval)
    found = _NAME.match(path.name)
    if found and found["interval"] in _KNOWN:
        return _KNOWN[found["interval"]]
    spacing = frame["open_time"].diff().drop_nulls().dt.total_milliseconds()
    usual = int(spacing.mode().sort()[0]) if len(spacing) else 0
    by_length = {interval.length_ms: interval for interval in INTERVALS}
    if usual not in by_length:
        raise InputError(
            f"{path}: neither the name nor the spacing of its {frame.height} candles says which "
            "interval this is. Add --interval."
        )
    return by_length[usual]
