"""Chandlery keeps exchange candles: collects them, keeps every one exactly, shows them.

    import chandlery

    with chandlery.open_keeper() as keeper:
        keeper.collect("binance:BTCUSDT:1h", last=500)
        candles = keeper.read("binance:BTCUSDT:1h", last=500)

`candles.frame` is a polars DataFrame of exact decimals; `to_floats`, `to_pandas` and `to_arrow`
give it in other forms. What goes wrong is a `ChandleryError`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from chandlery.errors import ChandleryError

if TYPE_CHECKING:
    from chandlery.api import (
        collect_candles,
        open_keeper,
        query_candles,
        read_candles,
        resample_candles,
    )
    from chandlery.candles.frame import Candles
    from chandlery.candles.interval import Interval
    from chandlery.candles.resample import Resampled
    from chandlery.candles.series import Series
    from chandlery.candles.span import Span
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.report import Report

__all__ = [
    "Candles",
    "ChandleryError",
    "Interval",
    "Keeper",
    "Report",
    "Resampled",
    "Series",
    "Span",
    "collect_candles",
    "open_keeper",
    "query_candles",
    "read_candles",
    "resample_candles",
]

# What polars has freed goes back to the system at once, instead of after half a second: a backfill
# would hold 20 MB more. Its allocator reads this once, when polars is first imported.
os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:2,dirty_decay_ms:100,muzzy_decay_ms:0")

_HOMES = {
    "Candles": "chandlery.candles.frame",
    "Interval": "chandlery.candles.interval",
    "Keeper": "chandlery.collect.keeper",
    "Report": "chandlery.collect.report",
    "Resampled": "chandlery.candles.resample",
    "Series": "chandlery.candles.series",
    "Span": "chandlery.candles.span",
    "collect_candles": "chandlery.api",
    "open_keeper": "chandlery.api",
    "query_candles": "chandlery.api",
    "read_candles": "chandlery.api",
    "resample_candles": "chandlery.api",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever the name stands for
    """Import public names when they are first used, so that the command line starts at once."""
    if name not in _HOMES:
        msg = f"module 'chandlery' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415  see above

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
