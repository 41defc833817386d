"""Reading candle CSVs in the forms that people have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.csv_form import read_csv, read_csv_rows
from chandlery.candles.frame import SCHEMA
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


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume,close_time,quote_av,trades,tb_base_av,tb_quote_av,ignore",
        "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,Taker buy base asset volume,Taker buy quote asset volume,Ignore",  # noqa: E501
        "openTime,open,high,low,close,volume,closeTime,quoteAssetVolume,numberOfTrades,takerBuyBaseAssetVolume,takerBuyQuoteAssetVolume,ignore",
        ",".join(f'"{name}"' for name in HEADER.split(",")),
        f"\ufeff{HEADER}",
    ],
)
def test_headers_of_all_kinds(header: str) -> None:
    """Names that exchanges and downloaders write are understood, however they are spelt."""
    assert read_csv(joined(header, *LINES), name="x").equals(FRAME)


def test_columns_in_another_order() -> None:
    """With a header the order of the columns is free, and unknown ones may repeat."""
    turned = [",".join(["7", *reversed(line.split(",")), "BTCUSDT"]) for line in LINES]
    header = ",".join(["x", *reversed(HEADER.split(",")), "x"])
    assert read_csv(joined(header, *turned), name="x").equals(FRAME)


@pytest.mark.parametrize("width", [6, 11])
def test_fewer_columns(width: int) -> None:
    """Six or eleven bare columns are known; what they lack is empty and named."""
    lines = [",".join(line.split(",")[:width]) for line in LINES]
    rows = read_csv_rows(joined(*lines), name="x")
    names = list(SCHEMA)[:width]
    assert rows.frame.select(names).equals(FRAME.select(names))
    assert rows.lacking == tuple(list(SCHEMA)[width:])
    if rows.lacking:
        with pytest.raises(BadFile, match="has 6 columns and lacks close_time"):
            read_csv(joined(*lines), name="x")


def test_units_are_mixed() -> None:
    """Each time has its own unit, milliseconds or microseconds, and the latter is noticed."""
    parts = LINES[2].split(",")
    micro = ",".join([f"{parts[0]}000", *parts[1:6], f"{parts[6]}999", *parts[7:]])
    rows = read_csv_rows(joined(*LINES[:2], micro, *LINES[3:]), name="x")
    assert rows.frame.equals(FRAME)
    assert rows.microseconds
    assert not read_csv_rows(joined(*LINES), name="x").microseconds


def test_numbers_of_calculating_programs() -> None:
    """Powers of ten and counts with `.0` are exactly what they mean."""
    parts = LINES[0].split(",")
    odd = ",".join([f"{parts[0]}.0", *parts[1:5], "1.5e-05", parts[6], "2E3", f"{parts[8]}.0"])
    (row,) = read_csv_rows(joined(HEADER, f"{odd},,,0"), name="x").frame.iter_rows(named=True)
    assert (str(row["volume"]), str(row["quote_volume"])) == ("0.00001500", "2000.00000000")
    assert (row["open_time"], row["trades"]) == (FRAME["open_time"][0], FRAME["trades"][0])
    assert row["taker_buy_volume"] is None


def test_whole_seconds() -> None:
    """It is noticed when close times were cut to seconds, and only then."""
    times = FRAME["close_time"].dt
    for form, cut in (("%Y-%m-%d %H:%M:%S", True), ("%Y-%m-%dT%H:%M:%S%.3fZ", False)):
        texts = times.strftime(form).to_list()
        lines = [
            ",".join([*line.split(",")[:6], text, *line.split(",")[7:]])
            for line, text in zip(LINES, texts, strict=True)
        ]
        assert read_csv_rows(joined(*lines), name="x").whole_seconds == cut


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
        ([HEADER.replace("ignore", "date"), *LINES], "could be open_time: open_time, date"),
        ([f"{HEADER},more", *LINES], "line 2: has 12 columns of 13"),
        ([*LINES[:3], LINES[3].rsplit(",", 6)[0]], "line 4: has 6 columns of 12"),
        ([line.rsplit(",", 3)[0] for line in LINES], "has 9 columns and lacks taker_buy_volume"),
        ([LINES[0].replace(",", ",1e-09,", 1).rsplit(",", 1)[0]], "line 1"),
        ([LINES[0].replace(",", ",1e999,", 1).rsplit(",", 1)[0]], "line 1"),
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


@pytest.mark.parametrize("empty", ["\n", "\n\n", "  \n", "\r\n", "\x0c\n"])
def test_empty_lines(empty: str) -> None:
    """Empty lines, as editors leave them, hold nothing and count as lines all the same."""
    first, *others = LINES
    text = empty + HEADER + "\n" + empty + first + "\n" + empty + "\n".join(others) + "\n" + empty
    assert read_csv(text.encode(), name="x").equals(FRAME)
    with pytest.raises(BadFile, match=f"line {text.count(chr(10)) + 1}: is no candle"):
        read_csv(text.encode() + others[-1].replace(".", ".x", 1).encode(), name="x")
