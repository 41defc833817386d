"""Reading the CSV of an exchange's archive: fast, exact, in slices of bounded size.

Twelve columns in Binance's order, a header or none, times in milliseconds or microseconds. A file
of the archive says which month or day it is of, so every row is held against that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from chandlery.candles.binance_rows import EXACT_DECIMAL, LATEST_MS, MICROSECONDS_FROM, ROW_LENGTH
from chandlery.candles.frame import DECIMAL, DECIMALS, SCHEMA, TIME
from chandlery.candles.soundness import first_fault
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.errors import BadCandles

MOST_ROWS: Final = 6_000
"""Rows of one slice. Several are in memory at once, and one of 50,000 takes 20 MB to read."""
MOST_ROW_BYTES: Final = 256
"""A real row has at most 200, also on the markets with the largest numbers."""

_CHUNK: Final = 1 << 18
_MOST_CHUNKS: Final = MOST_ROWS * MOST_ROW_BYTES // _CHUNK + 2
_HEADER: Final = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    b"taker_buy_volume,taker_buy_quote_volume,ignore"
)
"""The one header there is. Another may mean other things under the same numbers."""

_READ_AS: Final[dict[str, pl.DataType]] = {
    **{name: DECIMAL if dtype == DECIMAL else pl.Int64() for name, dtype in SCHEMA.items()},
    "ignore": pl.String(),
}
_VALUES: Final = {
    name: EXACT_DECIMAL.strip("^$") if dtype == DECIMAL else "[0-9]{1,18}"
    for name, dtype in SCHEMA.items()
}
_ROW: Final = re.compile(",".join((*_VALUES.values(), r"[0-9.]+")).encode())

_FORM: Final = bytes(
    ord("0") if letter in b"0123456789" else letter if letter in b".,\n" else ord("?")
    for letter in range(256)
)
"""What leaves of a text its form alone: every digit as 0, and what is in no number as ?."""
_TOO_MANY: Final = b"." + b"0" * (DECIMALS + 1)


def read_slices(read: Callable[[int], bytes], span: Span) -> Iterator[pl.DataFrame]:
    """The candles of a file, in `SCHEMA`, at most `MOST_ROWS` at a time.

    `read(n)` gives the next `n` bytes, fewer only at the end. The rows ascend strictly over
    all slices and open within `span`, the file's month or day. Raises `BadCandles` that names the
    row, counted from 1 without the header, and what is wrong with it.
    """
    done, last_ms = 0, span.start - 1
    for text in _texts(read):
        frame = _frame(text, done)
        opens = frame["open_time"].cast(pl.Int64)
        _placed(opens, span, last_ms, done)
        done, last_ms = done + frame.height, int(opens[-1])
        yield frame
    if not done:
        msg = "it holds no candles"
        raise BadCandles(msg)


def _texts(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Whole lines without a header, at most `MOST_ROWS` of them at a time."""
    held = [_without_header(read(_CHUNK))]
    lines = held[0].count(b"\n")
    while chunk := read(_CHUNK):
        more = chunk.count(b"\n")
        if lines + more >= MOST_ROWS:
            whole, newline, rest = b"".join(held).rpartition(b"\n")
            yield whole + newline
            held, lines = [rest], 0
        held.append(chunk)
        lines += more
        if len(held) > _MOST_CHUNKS:
            msg = f"its rows are longer than {MOST_ROW_BYTES} bytes"
            raise BadCandles(msg)
    if any(held):
        yield b"".join(held)


def _without_header(start: bytes) -> bytes:
    if not start or start[:1].isdigit():
        return start
    line, _, rest = start.partition(b"\n")
    if line.strip() != _HEADER:
        shown = line[:100].decode("ascii", "replace")
        msg = f"its first line is neither a candle nor the known header: '{shown}'"
        raise BadCandles(msg)
    return rest


def _frame(text: bytes, done: int) -> pl.DataFrame:
    if _unusual(text):
        _check_lines(text, done)
    try:
        # Polars reads decimals exactly but for a ninth digit, which it rounds: see `_unusual`.
        table = pl.read_csv(text, has_header=False, schema=_READ_AS, quote_char=None)
    except pl.exceptions.PolarsError as error:
        _check_lines(text, done)
        raise BadCandles(f"it is no CSV of candles: {str(error).splitlines()[0]}") from error
    if any(column.null_count() for column in table):
        _check_lines(text, done)
        msg = "a value is missing"
        raise BadCandles(msg)
    frame = pl.DataFrame([_times(table[n]) if t == TIME else table[n] for n, t in SCHEMA.items()])
    fault = first_fault(frame)
    if fault is not None:
        row, why = fault
        raise _bad_row(done + row, why)
    return frame


def _unusual(text: bytes) -> bool:
    """Whether some value must be looked at closer before it may be taken for exact."""
    # A regular expression takes half as long again, and meanwhile no other thread runs.
    form = text.translate(_FORM)
    return b"?" in form or _TOO_MANY in form


def _check_lines(text: bytes, done: int) -> None:
    """Raises `BadCandles` for the first line that is no row of twelve exact values."""
    for row, line in enumerate(text.removesuffix(b"\n").split(b"\n"), done):
        if not _ROW.fullmatch(line):
            shown = line[:300].decode("ascii", "replace")
            raise _bad_row(
                row, f"it cannot be read and kept exactly as {ROW_LENGTH} values: '{shown}'"
            )


def _times(times: pl.Series) -> pl.Series:
    """Milliseconds or microseconds, told for each value, as `TIME`."""
    if _latest(times) >= MICROSECONDS_FROM:
        value = pl.col(times.name)
        in_ms = pl.when(value >= MICROSECONDS_FROM).then(value // 1000).otherwise(value)
        times = times.to_frame().select(in_ms).to_series()
    latest = _latest(times)
    if latest >= LATEST_MS:
        raise BadCandles(f"{times.name} {latest} lies after the year 2099")
    return times.cast(TIME)


def _latest(times: pl.Series) -> int:
    latest = times.max()
    return latest if isinstance(latest, int) else 0


def _placed(opens: pl.Series, span: Span, last_ms: int, done: int) -> None:
    """Raises `BadCandles` unless the rows ascend from `last_ms` on and open within `span`."""
    rise = opens.diff().min()  # None where there is one row
    is_rising = not isinstance(rise, int) or rise > 0
    if is_rising and last_ms < opens[0] and opens[-1] < span.end:
        return
    outside = ~opens.is_between(span.start, span.end, closed="left")
    if outside.any():
        row = int(outside.arg_true()[0])
        raise _bad_row(done + row, f"it opens at {ms_to_text(opens[row])}, not within {span}")
    behind = opens <= opens.shift(1, fill_value=last_ms)
    if behind.any():
        row = int(behind.arg_true()[0])
        raise _bad_row(
            done + row, f"it opens at {ms_to_text(opens[row])}, not after the row before"
        )


def _bad_row(row: int, why: str) -> BadCandles:
    return BadCandles(f"row {row + 1} is no candle: {why}", row=row)
