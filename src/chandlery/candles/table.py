"""Candles as text: a table for people, whole or cut to the height of the terminal."""

from __future__ import annotations

from typing import Final

import polars as pl

from chandlery.candles.frame import DECIMAL_COLUMNS, Candles

_HEADINGS: Final = {
    "open_time": "open time (UTC)",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "close_time": "close time (UTC)",
    "quote_volume": "quote volume",
    "trades": "trades",
    "taker_buy_volume": "taker buy vol",
    "taker_buy_quote_volume": "taker buy quote vol",
    "ignore": "ignore",
}
_GAP: Final = "  "
_HEAD_ROWS: Final = 3
_FEWEST_ROWS: Final = 5
_ABOVE: Final = 2
"""Lines of a block besides its rows: the headings, and the empty line before the next."""
_BELOW: Final = 4
"""Lines of the terminal for the report and the prompt."""


def table(candles: Candles, *, width: int | None = None, height: int | None = None) -> str:
    """All twelve columns; an unfinished candle's line ends in `forming`.

    `width` splits the columns into blocks that fit, each with the open time; `height` leaves out
    rows from the middle. Without them everything stands on one line per candle.
    """
    text = _as_text(candles, short=width is not None)
    if height is not None:
        share = (height - _BELOW) // len(_blocks(text, width))
        text = _cut(text, max(_FEWEST_ROWS, share - _ABOVE))
    blocks = _blocks(text, width)
    return "\n\n".join(_render(text.select(block)) for block in blocks)


def _as_text(candles: Candles, *, short: bool) -> pl.DataFrame:
    frame = candles.frame
    close_format = "%H:%M:%S" if short else "%Y-%m-%d %H:%M:%S%.3f"
    shown = frame.select(
        pl.col("open_time").dt.strftime("%Y-%m-%d %H:%M:%S"),
        pl.exclude("open_time"),
        pl.lit("0").alias("ignore"),
    ).with_columns(
        pl.col("close_time").dt.strftime(close_format),
        pl.col(DECIMAL_COLUMNS).cast(pl.String),
        pl.col("trades").cast(pl.String),
    )
    columns = [name for name in _HEADINGS if name in shown.columns]
    shown = shown.select(columns).fill_null("-")
    if short:
        shown = shown.with_columns(_trimmed(shown[name]) for name in DECIMAL_COLUMNS)
    states = [""] * (frame.height - candles.unfinished) + ["forming"] * candles.unfinished
    return shown.rename(_HEADINGS).with_columns(pl.Series("", states, dtype=pl.String))


def _trimmed(column: pl.Series) -> pl.Series:
    """Without the zeros that all values of the column end in."""
    zeros = column.str.extract(r"(0*)$").str.len_chars().min()
    keep = max(0, int(zeros)) if isinstance(zeros, int) else 0
    return column.str.slice(0, column.str.len_chars() - keep).str.strip_suffix(".")


def _cut(text: pl.DataFrame, rows: int) -> pl.DataFrame:
    if text.height <= rows:
        return text
    head = min(_HEAD_ROWS, rows // 3)
    dots = pl.DataFrame({name: ["…" if name else ""] for name in text.columns})
    return pl.concat([text.head(head), dots, text.tail(rows - head - 1)])


def _widths(text: pl.DataFrame) -> dict[str, int]:
    return {name: max([len(name), *text[name].str.len_chars().to_list()]) for name in text.columns}


def _wide(text: pl.DataFrame) -> int:
    return sum(_widths(text).values()) + len(_GAP) * (text.width - 1)


def _blocks(text: pl.DataFrame, width: int | None) -> list[list[str]]:
    first, *others = text.columns
    if width is None or _wide(text) <= width:
        return [text.columns]
    widths = _widths(text)
    blocks = [[first]]
    room = width - widths[first]
    for name in others:
        if widths[name] + len(_GAP) > room and len(blocks[-1]) > 1:
            blocks.append([first])
            room = width - widths[first]
        blocks[-1].append(name)
        room -= widths[name] + len(_GAP)
    return blocks


def _render(text: pl.DataFrame) -> str:
    widths = _widths(text)
    lines = [_GAP.join(name.rjust(widths[name]) for name in text.columns).rstrip()]
    lines += [
        _GAP.join(value.rjust(widths[name]) for name, value in row.items()).rstrip()
        for row in text.iter_rows(named=True)
    ]
    return "\n".join(lines)
