"""Candles as the JSON of `/api/v1`: exact text, quickly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, Candles
from chandlery.candles.series import Series
from chandlery.web.answers.candles import COLUMNS

_TEXTS = [
    pl.col("open_time", "close_time").dt.epoch("ms"),
    pl.col(DECIMAL_COLUMNS).cast(pl.String),
]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of candles, with what is told beside them."""

    candles: Candles
    has_older: bool
    base: Series | None = None
    incomplete: list[tuple[int, str]] = field(default_factory=list)

    @property
    def first_ms(self) -> int | None:
        """Open time of the first candle; None without one."""
        span = self.candles.span
        return span.start if span else None


def candles_json(page: Page, *, price_decimals: int | None, updated_ms: int | None) -> bytes:
    """The body of `CandlesAnswer`. Decimals pass as text and are never floats."""
    series = page.candles.series
    return orjson.dumps(
        {
            "series": str(series),
            "exchange": series.exchange,
            "symbol": series.symbol,
            "interval": series.interval.text,
            "price_decimals": price_decimals,
            "updated_ms": updated_ms,
            "unfinished": page.candles.unfinished,
            "derived_from": str(page.base) if page.base else None,
            "incomplete": page.incomplete,
            "has_older": page.has_older,
            "columns": COLUMNS,
            "rows": _rows(page.candles.frame),
        }
    )


def named_values(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Each candle as an object: the columns of SCHEMA by name, and whatever stands beside them."""
    return frame.with_columns(_TEXTS).iter_rows(named=True)


def _rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    texts = frame.with_columns(_TEXTS).select(COLUMNS)
    # Column lists zipped are a third quicker than frame.rows(), measured with 500 candles.
    return list(zip(*(column.to_list() for column in texts.get_columns()), strict=True))
