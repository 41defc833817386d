"""How candles stand in the cold tier: the columns of a Delta table, and how they are packed.

Prices as DECIMAL(18, 8) and times with their differences packed, volumes as plain DECIMAL(38, 8),
zstd over all: 29 bytes per candle of real 1m data, and every Delta reader knows these encodings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from chandlery.candles.frame import DECIMAL, SCHEMA, TIME
from chandlery.candles.span import Span

SYMBOL: Final = "symbol"
"""The partition column."""
PRICES: Final = ("open", "high", "low", "close")
_PRICE: Final = pl.Decimal(18, 8)
_MOST: Final = 10**10
"""What a price must stay below to fit; dearer candles stay in the hot tier."""
_MOMENT: Final = pl.Datetime("us", "UTC")
"""Delta knows no other unit."""

COLD: Final[dict[str, pl.DataType]] = {
    name: _PRICE if name in PRICES else _MOMENT if dtype == TIME else dtype
    for name, dtype in SCHEMA.items()
} | {"known_ms": pl.Int64(), "source": pl.String()}
"""Columns of a file: those of SCHEMA, then since when and from where this version is known."""

WARM: Final[dict[str, pl.DataType]] = SCHEMA | {"known_ms": pl.Int64(), "source": pl.String()}
"""The same as the program has them in memory."""

PACKED: Final = ("open_time", "close_time", "trades", *PRICES)
PLAIN: Final = ("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")


def fits(frame: pl.DataFrame) -> pl.Series:
    """Which candles have prices that the cold tier can hold (Boolean)."""
    small = [pl.col(name).is_between(-_MOST, _MOST, closed="none") for name in PRICES]
    fit = pl.all_horizontal(one.fill_null(value=True) for one in small)
    return frame.select(fit.alias("fits")).to_series()


def to_cold(frame: pl.DataFrame) -> pl.DataFrame:
    """From the columns of WARM to those of COLD."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in COLD.items())


def as_warm(columns: tuple[str, ...]) -> list[pl.Expr]:
    """From columns of COLD to the same of WARM, as expressions for eager and lazy frames."""
    return [
        pl.col(name).cast(WARM[name]) if COLD[name] != WARM[name] else pl.col(name)
        for name in columns
    ]


def within(spans: Iterable[Span]) -> pl.Expr:
    """Whether a candle of a file opens in one of the spans."""
    opens = pl.col("open_time")
    return pl.any_horizontal(
        (opens >= _moment(span.start)) & (opens < _moment(span.end)) for span in spans
    )


def within_ms(spans: Iterable[Span]) -> pl.Expr:
    """Whether a candle in memory opens in one of the spans."""
    opens = pl.col("open_time").dt.epoch("ms")
    return pl.any_horizontal(opens.is_between(span.start, span.end - 1) for span in spans)


def _moment(ms: int) -> pl.Expr:
    # A literal of the column's own type, so that whole row groups can be left out unread.
    return pl.lit(ms * 1000, dtype=pl.Int64).cast(_MOMENT)


assert DECIMAL.scale == _PRICE.scale  # noqa: S101  or casting would round
