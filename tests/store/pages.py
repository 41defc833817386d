"""Candles that the store's tests make up, and what they read back, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, SCHEMA, Candles
from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span

BTC = Series.parse("binance:BTCUSDT:1h")
ETH = Series.parse("binance:ETHUSDT:1h")


def frame(hours: Sequence[int], prices: Sequence[Decimal | None]) -> pl.DataFrame:
    """Candles that open at these hours of the epoch, with one price in all decimal columns."""
    texts = [None if price is None else f"{price:f}" for price in prices]
    columns: Mapping[str, Sequence[object]] = {
        **dict.fromkeys(DECIMAL_COLUMNS, texts),
        "open_time": [hour * HOUR_MS for hour in hours],
        "close_time": [(hour + 1) * HOUR_MS - 1 for hour in hours],
        "trades": hours,
    }
    return pl.DataFrame(
        [pl.Series(name, columns[name]).cast(dtype) for name, dtype in SCHEMA.items()]
    )


def page(
    prices: Mapping[int, int | str | Decimal], *, unfinished: int = 0, series: Series = BTC
) -> Candles:
    """Candles from `{hour: price}`, of which the last `unfinished` ones still form."""
    hours = sorted(prices)
    return Candles(series, frame(hours, [Decimal(prices[hour]) for hour in hours]), unfinished)


def hours(start: int, end: int) -> Span:
    """The span from one hour of the epoch until another."""
    return Span(start * HOUR_MS, end * HOUR_MS)


def prices(candles: Candles | pl.DataFrame) -> dict[int, Decimal]:
    """`{hour: price}` again."""
    table = candles.frame if isinstance(candles, Candles) else candles
    opens = table["open_time"].dt.epoch("ms").to_list()
    return {ms // HOUR_MS: price for ms, price in zip(opens, table["open"], strict=True)}


def same(rows: Mapping[int, int | str]) -> dict[int, Decimal]:
    """What `prices` should give."""
    return {hour: Decimal(price) for hour, price in rows.items()}
