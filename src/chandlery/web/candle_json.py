"""Candles as the JSON of `/api/v1/candles`: exact text, quickly."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, Candles
from chandlery.web.answers.candles import COLUMNS

_TEXTS = [
    pl.col("open_time", "close_time").dt.epoch("ms"),
    pl.col(DECIMAL_COLUMNS).cast(pl.String),
]


def candles_json(candles: Candles, *, price_decimals: int | None, updated_ms: int | None) -> bytes:
    """The body of `CandlesAnswer`. Decimals pass as text and are never floats."""
    series = candles.series
    return orjson.dumps(
        {
            "series": str(series),
            "exchange": series.exchange,
            "symbol": series.symbol,
            "interval": series.interval.text,
            "price_decimals": price_decimals,
            "updated_ms": updated_ms,
            "unfinished": candles.unfinished,
            "columns": COLUMNS,
            "rows": _rows(candles.frame),
        }
    )


def _rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    texts = frame.with_columns(_TEXTS).select(COLUMNS)
    # Column lists zipped are a third quicker than frame.rows(), measured with 500 candles.
    return list(zip(*(column.to_list() for column in texts.get_columns()), strict=True))
