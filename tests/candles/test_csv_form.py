"""Reading candle CSVs in the forms that people have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.csv_form import read_csv
from chandlery.errors import BadFile
from tests.candles import market

FRAME = market.frame(5)
LINES = csv_text(FRAME).splitlines()
HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"  # noqa: E501
GAPLESS = "date,open,high,low,close,volume,close_time,quote_asset_volume,number_of_trades,taker_buy_base_asset_volume,taker_buy_quote_asset_volume"  # noqa: E501


def joined(*lines: str) -> bytes:
    """Lines as the bytes of a file."""
    return "\n".join(lines).encode() + b"\n"


def test_bare() -> None:
    """Twelve columns without a header are Binance's own form."""
    assert read_csv(joined(*LINES), name="x").equals(FRAME)


def test_header() -> None:
    """The header of futures files is recognised."""
    assert read_csv(joined(HEADER, *LINES), name="x").equals(FRAME)


def test_comments_and_text_times() -> None:
    """Comment lines, other names, eleven columns and times as text give the same candles."""
    texts = FRAME["open_time"].dt.strftime("%Y-%m-%d %H:%M:%S").to_list()
    closes = FRAME["close_time"].dt.strftime("%Y-%m-%d %H:%M:%S%.3f").to_list()
    rows = [line.split(",")[:11] for line in LINES]
    lines = [
        ",".join([text, *row[1:6], close, *row[7:]])
        for text, close, row in zip(texts, closes, rows, strict=True)
    ]
    assert read_csv(joined("# a remark", "#", GAPLESS, *lines), name="x").equals(FRAME)


def test_order_is_kept() -> None:
    """Order and duplicates are left to the caller, who knows what they mean."""
    frame = read_csv(joined(LINES[1], LINES[0], LINES[1]), name="x")
    assert frame["open_time"].to_list() == FRAME["open_time"].gather([1, 0, 1]).to_list()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "holds no candles"),
        (["hello", "world"], "no candle file"),
        (["1,2,3"], "has 3 columns and lacks low"),
        ([*LINES, "1,2"], "line 6"),
        ([LINES[0], LINES[1].replace(".", "x", 1)], "line 2"),
        (["# remark", HEADER, LINES[0], "", LINES[1].replace(".", ",", 1)], "line 5"),
        ([LINES[0], LINES[1].replace("1700", "abc", 1)], "line 2"),
        ([HEADER.replace("high", "hihg"), *LINES], "lacks high"),
    ],
)
def test_refused(lines: list[str], why: str) -> None:
    """A file that is something else is refused with the line and the reason."""
    with pytest.raises(BadFile, match=why):
        read_csv(joined(*lines) if lines else b"", name="x.csv")


@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all give candles or a clear error."""
    try:
        read_csv(data, name="x")
    except BadFile:
        return


@given(cut=st.integers(min_value=1, max_value=400), flip=st.integers(0, 255))
def test_damaged(cut: int, flip: int) -> None:
    """A damaged file gives candles or a clear error."""
    data = bytearray(joined(*LINES))
    data[cut % len(data)] = flip
    try:
        read_csv(bytes(data[: len(data) - cut % 7]), name="x")
    except BadFile:
        return
