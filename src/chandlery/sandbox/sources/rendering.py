"""Candles as the text of the exchange: JSON rows, rendered a block at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from chandlery.sandbox.market.bars import Bars, Ints
from chandlery.sandbox.market.listings import UNIT, Listing


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
