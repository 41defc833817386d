"""Reading the archive's CSV: exact, placed in time, in bounded slices."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from chandlery.candles.archive_csv import MOST_ROWS, read_slices
from chandlery.candles.binance_rows import csv_text
from chandlery.candles.frame import SCHEMA, checked
from chandlery.candles.span import Span
from chandlery.errors import BadCandles
from tests.exchanges.archive_shelf import HEADER, JANUARY_MS, MINUTE_MS, row, rows

SPAN = Span(JANUARY_MS, JANUARY_MS + 31 * 86_400_000)


def read(text: str | bytes, span: Span = SPAN) -> list[pl.DataFrame]:
    """The slices of a text."""
    data = text.encode() if isinstance(text, str) else text
    return list(read_slices(io.BytesIO(data).read, span))


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("unit", [1, 1000])
@pytest.mark.parametrize("end", ["", "\n"])
def test_exact(header: str, unit: int, end: str) -> None:
    """With and without a header, in ms and µs, ending in a newline or not, it is the same."""
    (frame,) = read(header + rows(JANUARY_MS, 3, unit=unit).rstrip("\n") + end)
    assert csv_text(frame) == rows(JANUARY_MS, 3)
    assert frame.schema == SCHEMA


def test_units_are_told_per_value() -> None:
    """A file that holds both units is read right."""
    (frame,) = read(row(JANUARY_MS) + row(JANUARY_MS + MINUTE_MS, unit=1000))
    assert csv_text(frame) == rows(JANUARY_MS, 2)


def test_large_and_small_numbers() -> None:
    """Thirty digits before the point and eight after it stay as they are; so do more zeros."""
    large = "123456789012345678901234567890.12345678"
    text = row(JANUARY_MS).replace("12.00000000", large).replace("10.12345678", "0.0000000100000")
    (frame,) = read(text)
    assert frame["quote_volume"][0] == Decimal(large)
    assert frame["volume"][0] == Decimal("0.00000001")


@pytest.mark.parametrize(
    "value",
    [
        "1.123456789",
        "1.000000001",
        "1e1",
        "+1",
        "-1",
        "",
        " 1",
        "1 ",
        '"1"',
        "nan",
        "1" * 31,
        "1.2.3",
        "0x1",
        "1,5",
        "µ",
    ],
)
def test_never_rounded_nor_guessed(value: str) -> None:
    """What cannot be kept exactly is refused with its row, and not rounded."""
    second = row(JANUARY_MS + MINUTE_MS).replace("12.00000000", value)
    with pytest.raises(BadCandles, match=r"row 2 .*cannot be read and kept exactly") as caught:
        read(HEADER + row(JANUARY_MS) + second + row(JANUARY_MS + 2 * MINUTE_MS))
    assert caught.value.row == 1


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "too few values": (lambda text: text.replace(",7,", ","), "row 2"),
    "an empty line": (lambda text: "\n" + text, "row 2"),
    "a fraction of a trade": (lambda text: text.replace(",7,", ",7.5,"), "row 2"),
    "high below close": (lambda text: text.replace("2.00000000", "1.20000000"), "high is not"),
    "low above open": (lambda text: text.replace("0.50000000", "1.20000000"), "low is not"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_unsound_rows(fault: str) -> None:
    """A row that no candle can be is refused with its number."""
    spoil, why = FAULTS[fault]
    with pytest.raises(BadCandles, match=why) as caught:
        read(row(JANUARY_MS) + spoil(row(JANUARY_MS + MINUTE_MS)))
    assert caught.value.row == 1


@pytest.mark.parametrize("open_ms", [SPAN.start - 1, SPAN.end])
def test_outside_of_the_span(open_ms: int) -> None:
    """A row that does not open within the file's month is refused."""
    with pytest.raises(BadCandles, match=r"row 1 .* not within 2025-01-01"):
        read(row(open_ms))
    assert read(row(SPAN.start) + row(SPAN.end - 1))[0].height == 2


@pytest.mark.parametrize("second_ms", [JANUARY_MS + MINUTE_MS, JANUARY_MS])
def test_not_ascending(second_ms: int) -> None:
    """A row that opens before the one above it, or with it, is refused."""
    with pytest.raises(BadCandles, match=r"row 2 .* not after the row before"):
        read(row(JANUARY_MS + MINUTE_MS) + row(second_ms))


def test_a_close_time_of_no_unit() -> None:
    """A close time that lies beyond all reason is refused."""
    with pytest.raises(BadCandles, match=r"close_time .* after the year 2099"):
        read(row(JANUARY_MS).replace(str(JANUARY_MS + MINUTE_MS - 1), "99999999999999"))


@pytest.mark.parametrize("text", ["", HEADER, HEADER.rstrip("\n")])
def test_no_candles(text: str) -> None:
    """A file without a candle is refused: nobody publishes a month of nothing."""
    with pytest.raises(BadCandles, match="no candles"):
        read(text)


@pytest.mark.parametrize(
    "first", ["open_time,open\n", "<html>", "\x00\x01", HEADER.replace("count", "x")]
)
def test_another_header(first: str) -> None:
    """A first line that is neither a candle nor the known header is refused."""
    with pytest.raises(BadCandles, match="first line"):
        read(first + row(JANUARY_MS))


def test_slices_are_bounded() -> None:
    """A long file comes in slices of at most 6,000 rows, which follow on each other."""
    day = Span(JANUARY_MS, JANUARY_MS + 86_400_000)
    text = rows(JANUARY_MS, 86_400, unit=1000, step_ms=1000)
    *slices, last = (frame.height for frame in read(text, day))
    assert MOST_ROWS // 2 < min(slices) <= max(slices) <= MOST_ROWS == 6_000
    assert 0 < last <= MOST_ROWS
    assert csv_text(checked(pl.concat(read(text, day)))) == rows(JANUARY_MS, 86_400, step_ms=1000)


def test_order_holds_between_slices() -> None:
    """The first row of a slice is held against the last one of the slice before."""
    text = rows(JANUARY_MS, 60_000, step_ms=1000)
    with pytest.raises(BadCandles, match=r"row 60001 .* not after the row before"):
        read(text + row(JANUARY_MS + 59_999_000))


def test_a_line_without_end() -> None:
    """A line that does not end is given up before it fills the memory."""
    with pytest.raises(BadCandles, match="longer than 256 bytes"):
        read(b"1" * 20_000_000)
