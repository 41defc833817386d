"""Candles as the text of the exchange: JSON rows, rendered a block at a time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import polars as pl

from chandlery.sandbox.market.bars import Bars, Ints
from chandlery.sandbox.market.listings import UNIT, Listing

EXACT: Final = pl.Decimal(38, 8)
TABLE: Final[dict[str, pl.DataType]] = {
    "open_time": pl.Int64(),
    **dict.fromkeys(("open", "high", "low", "close", "volume"), EXACT),
    "close_time": pl.Int64(),
    "quote_volume": EXACT,
    "trades": pl.Int64(),
    **dict.fromkeys(("taker_buy_volume", "taker_buy_quote_volume"), EXACT),
}
"""Candles as columns, in the exchange's order; times in milliseconds."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rendered candles: row `i` is `text[offsets[i]:offsets[i + 1] - 1]`, a comma follows it."""

    opens: Ints
    offsets: Ints
    text: bytes

    def size(self) -> int:
        """Bytes held."""
        return len(self.text) + self.opens.nbytes + self.offsets.nbytes

    def rows(self, first: int, stop: int) -> bytes:
        """Rows `first` up to `stop`, with commas between them."""
        if first >= stop:
            return b""
        return self.text[self.offsets[first] : self.offsets[stop] - 1]


def block(opens: Ints, lines: pl.Series) -> Block:
    """A block from one text per candle."""
    text = ",".join(lines.to_list()).encode() + b","
    offsets = np.concatenate([[0], np.cumsum(lines.str.len_bytes().to_numpy() + 1)])
    return Block(opens, offsets.astype(np.int64), text)


def candle_rows(
    opens: Ints, closes: Ints, bars: Bars, listing: Listing, *, micro: bool
) -> pl.Series:
    """One JSON row of twelve elements per candle; times in microseconds when `micro`."""
    scale = 1000 if micro else 1
    frame = pl.DataFrame(
        {
            "open_time": opens * scale,
            "open": bars.open,
            "high": bars.high,
            "low": bars.low,
            "close": bars.close,
            "volume": bars.volume,
            "close_time": closes * scale + scale - 1,
            "quote": bars.quote,
            "trades": bars.trades,
            "taker_volume": bars.taker_volume,
            "taker_quote": bars.taker_quote,
        }
    )
    prices = [decimal_text(name, listing.tick) for name in ("open", "high", "low", "close")]
    return frame.select(
        pl.format(
            '[{},"{}","{}","{}","{}","{}",{},"{}",{},"{}","{}","0"]',
            "open_time",
            *prices,
            decimal_text("volume", listing.step),
            "close_time",
            decimal_text("quote", listing.granule),
            "trades",
            decimal_text("taker_volume", listing.step),
            decimal_text("taker_quote", listing.granule),
        )
    ).to_series()


def candle_row(open_ms: int, close_ms: int, bar: Bars, listing: Listing, *, micro: bool) -> bytes:
    """The same for the one candle in `bar`, at a fraction of the overhead."""
    scale = 1000 if micro else 1
    units = (listing.tick,) * 4 + (listing.step, listing.granule, listing.step, listing.granule)
    columns = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote)
    texts = [
        f'"{amount(int(column[0]), unit)}"'
        for column, unit in zip((*columns, bar.taker_volume, bar.taker_quote), units, strict=True)
    ]
    closes = str(close_ms * scale + scale - 1)
    row = [str(open_ms * scale), *texts[:5], closes, texts[5], str(bar.trades[0]), *texts[6:]]
    return f'[{",".join(row)},"0"]'.encode()


def candle_table(opens: Ints, closes: Ints, bars: Bars, listing: Listing) -> pl.DataFrame:
    """The same candles as columns, in `TABLE`."""
    price, lots, money = (
        pl.lit(Decimal(unit) / UNIT, EXACT)
        for unit in (listing.tick, listing.step, listing.granule)
    )
    columns = {
        "open_time": (opens, None),
        "open": (bars.open, price),
        "high": (bars.high, price),
        "low": (bars.low, price),
        "close": (bars.close, price),
        "volume": (bars.volume, lots),
        "close_time": (closes, None),
        "quote_volume": (bars.quote, money),
        "trades": (bars.trades, None),
        "taker_buy_volume": (bars.taker_volume, lots),
        "taker_buy_quote_volume": (bars.taker_quote, money),
    }
    return pl.DataFrame({name: numbers for name, (numbers, _) in columns.items()}).select(
        pl.col(name) if unit is None else (pl.col(name).cast(EXACT) * unit).cast(EXACT)
        for name, (_, unit) in columns.items()
    )


def decimal_text(column: str, unit: int) -> pl.Expr:
    """Whole numbers of `unit` (in 1e-8) as decimals with eight digits: exact, whatever the size."""
    whole = UNIT // unit
    value = pl.col(column)
    fraction = (value % whole * unit).cast(pl.String).str.zfill(8)
    return pl.concat_str((value // whole).cast(pl.String), pl.lit("."), fraction)


def amount(value: int, unit: int) -> str:
    """One whole number of `unit` (in 1e-8) as a decimal with eight digits."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value) * unit, UNIT)
    return f"{sign}{whole}.{fraction:08d}"
