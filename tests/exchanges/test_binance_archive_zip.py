"""Zips that are what their checksum says, and still no candles of their month."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from chandlery.errors import BadAnswer, Refused
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive import SPOT, span_from
from tests.exchanges.archive_shelf import (
    JANUARY_MS,
    MINUTE_MS,
    MINUTES,
    archive_of,
    month_path,
    packed,
    row,
    rows,
    shelf,
    zipped,
)

JANUARY = month_path(SPOT, MINUTES, JANUARY_MS)
FILE = ArchiveFile(JANUARY, "monthly", span_from(JANUARY_MS, "monthly"), 1, "", 0)
CSV = "BTCUSDT-1m-2025-01.csv"
TEXT = rows(JANUARY_MS, 3)


def heights(content: bytes) -> list[int]:
    """The rows of each slice of a file that is published right, whatever it holds."""
    with shelf() as server, archive_of(server, SPOT) as archive:
        server.put(JANUARY, content)
        with archive.fetch(FILE, MINUTES) as download:
            return [frame.height for frame in download.slices]


def with_size(content: bytes, size: int) -> bytes:
    """The same zip, its directory claiming that the member unpacks to `size` bytes."""
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


def flipped(content: bytes, at: int) -> bytes:
    """The same bytes, one bit of them turned over."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def encrypted(content: bytes) -> bytes:
    """The same zip, saying of its member that it is encrypted."""
    at = content.index(b"PK\x01\x02") + 8
    return flipped(content, at)


GOOD = zipped(JANUARY, TEXT)
STORED = packed((CSV, TEXT), method=zipfile.ZIP_STORED)

NOT_THE_ONE_CSV = {
    "another name": packed(("ETHUSDT-1m-2025-01.csv", TEXT)),
    "another month": packed(("BTCUSDT-1m-2025-02.csv", TEXT)),
    "two members": packed((CSV, TEXT), ("more.csv", TEXT)),
    "a way up": packed((f"../{CSV}", TEXT)),
    "a folder": packed((f"data/{CSV}", TEXT)),
    "an absolute path": packed((f"/{CSV}", TEXT)),
    "a hidden ending": packed((f"{CSV}#.exe", TEXT)).replace(b"csv#.exe", b"csv\0.exe"),
    "nothing": packed(),
}


def test_stored() -> None:
    """A member that is stored and not deflated is read as well."""
    assert heights(STORED) == heights(GOOD) == [3]


@pytest.mark.parametrize("what", NOT_THE_ONE_CSV)
def test_members(what: str) -> None:
    """A zip that holds anything but the one CSV of its own name is refused."""
    with pytest.raises(Refused, match=r"BTCUSDT-1m-2025-01\.csv alone, and holds"):
        heights(NOT_THE_ONE_CSV[what])


def test_many_members_are_not_all_named() -> None:
    """A message about many members names three of them."""
    content = packed(*((f"{number}.csv", "") for number in range(10)))
    with pytest.raises(Refused, match=r"holds '0\.csv', '1\.csv', '2\.csv' and 7 more\."):
        heights(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not here</html>",
        TEXT.encode(),
        GOOD[:-30],
        GOOD[: len(GOOD) // 2],
        b"PK\x05\x06" + b"\xff" * 18,
        flipped(GOOD, 0),
    ],
)
def test_no_zip(content: bytes) -> None:
    """What is no zip is refused by name, although its checksum fits."""
    with pytest.raises(Refused, match=r"BTCUSDT-1m-2025-01\.zip of Binance's archive"):
        heights(content)


@pytest.mark.parametrize("content", [encrypted(GOOD), packed((CSV, TEXT), method=zipfile.ZIP_LZMA)])
def test_other_ways_of_packing(content: bytes) -> None:
    """An encrypted member, and one of another compression, are refused."""
    with pytest.raises(Refused, match="does not use"):
        heights(content)


def test_a_bomb() -> None:
    """A small zip that unpacks to far more than a month can hold is refused unread."""
    bomb = zipped(JANUARY, b"0" * 100_000_000)
    assert len(bomb) < 110_000
    with pytest.raises(Refused, match="unpacks to 100000000 bytes"):
        heights(bomb)


def test_a_bomb_that_lies() -> None:
    """A bomb that claims to be small unpacks to no more than it claims, and is refused."""
    bomb = with_size(zipped(JANUARY, TEXT + "0" * 50_000_000), len(TEXT))
    with pytest.raises(BadAnswer, match="damaged inside"):
        heights(bomb)


def test_a_zip_that_is_too_large() -> None:
    """A file larger than all that its month can hold is not even fetched whole."""
    noise = io.BytesIO(GOOD + bytes(12_000_000))
    with pytest.raises(Refused, match="larger than 11"):
        heights(noise.getvalue())


def test_a_wrong_crc() -> None:
    """A member that is not what its own CRC says is a bad answer."""
    at = STORED.index(TEXT.encode()) + len(TEXT) - 3
    with pytest.raises(BadAnswer, match="damaged inside"):
        heights(flipped(STORED, at))


def test_broken_compression() -> None:
    """A member that cannot be unpacked is a bad answer."""
    content = zipped(JANUARY, rows(JANUARY_MS, 3000))
    at = len(content) // 2
    with pytest.raises(BadAnswer, match=r"BTCUSDT-1m-2025-01\.zip of Binance's archive"):
        heights(content[:at] + b"\xff" * 200 + content[at + 200 :])


NO_CANDLES = {
    "of another month": (rows(JANUARY_MS - MINUTE_MS, 3), r"row 1 .* not within 2025-01-01"),
    "of the next month": (row(FILE.span.end), r"row 1 .* not within 2025-01-01"),
    "upside down": (row(JANUARY_MS + MINUTE_MS) + row(JANUARY_MS), r"row 2 .* not after"),
    "nine decimals": (TEXT.replace("10.12345678", "10.123456789", 1), r"row 1 .* kept exactly"),
    "unsound": (TEXT.replace("0.50000000", "1.40000000"), r"row 1 .* its low is not"),
    "seconds": (
        row(JANUARY_MS).replace(str(JANUARY_MS), "1735689600"),
        r"row 1 .* not between 2009",
    ),
    "empty": ("", r"holds no candles"),
}


@pytest.mark.parametrize("what", NO_CANDLES)
def test_rows(what: str) -> None:
    """A file with a row that is no candle of its month is a bad answer that names file and row."""
    text, why = NO_CANDLES[what]
    with pytest.raises(BadAnswer, match=rf"BTCUSDT-1m-2025-01\.zip .*{why}"):
        heights(zipped(JANUARY, text))


def test_mixed_units() -> None:
    """Milliseconds and microseconds in one file are told apart row by row."""
    text = row(JANUARY_MS) + row(JANUARY_MS + MINUTE_MS, unit=1000)
    assert heights(zipped(JANUARY, text)) == [2]
