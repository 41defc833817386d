"""What people write: settings, series, intervals, times, periods, names of files.

Settings take a millisecond to read, so that they get fewer inputs than a million.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Final

from chandlery.candles.interval import Interval
from chandlery.candles.series import Series
from chandlery.collect.importing.naming import archive_name
from chandlery.collect.wanted import between, has_zone, newest, to_ms
from chandlery.errors import ChandleryError
from chandlery.exchanges.binance_archive import span_of
from chandlery.settings import FILE, PREFIX, Settings, origin, read_settings
from tests.torture.fuzz.harness import Harness

_HOURS: Final = Series.parse("binance:BTCUSDT:1h")
_NAMES: Final = tuple(name.encode() for name in Settings.model_fields)


def _use(settings: Settings) -> None:
    """What the program derives from its settings before it does anything."""
    assert settings.database_path.name
    assert settings.budget_place
    assert settings.lake_place != ""
    for series in settings.series:
        settings.csv_path(series)
        assert Series.parse(str(series)) == series
        settings.every.of(series)
    assert str(settings.every) == str(type(settings.every).parse(str(settings.every)))


def _environment(data: bytes) -> None:
    known: list[str] = []
    try:
        for line in data.split(b"\n"):
            name, _, value = line.partition(b"=")
            if name.lower() in _NAMES and b"\0" not in value:
                known.append(PREFIX + name.decode().upper())
                os.environ[known[-1]] = os.fsdecode(value)
        _use(read_settings())
    finally:
        for variable in known:
            os.environ.pop(variable, None)


def _toml(data: bytes) -> None:
    FILE.write_bytes(data)
    try:
        _use(read_settings())
        origin("series")
    finally:
        FILE.unlink()


def _in_folder(feed: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The same where no settings lie about; the folder is changed once and for each input."""
    folder = tempfile.TemporaryDirectory()

    def inside(data: bytes) -> None:
        with chdir(folder.name):
            feed(data)

    return inside


def _texts(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    for read in _READERS:
        try:
            read(text)
        except ChandleryError as error:
            str(error)


def _series(text: str) -> None:
    series = Series.parse(text)
    assert Series.parse(str(series)) == series
    assert series.symbol.isprintable()
    assert series.symbol not in {".", ".."}
    series.matches(_HOURS)
    str(series).encode()


def _time(text: str) -> None:
    has_zone(text)
    between(to_ms(text), None, now_ms=1_700_000_000_000)


def _file_name(text: str) -> None:
    archive_name(Path(text))
    span_of(text, _HOURS, "daily")
    span_of(text, _HOURS, "monthly")


def _count(text: str) -> None:
    if text.isascii() and text.isdigit() and len(text) < 4_000:
        newest(int(text))


_READERS: Final = (_series, Interval.parse, _time, _file_name, _count)

_FILE_TEXT: Final = b"""home = "data"
series = ["binance:BTCUSDT:1h", "binance:*USDT:1d"]
every = {default = "close", 1m = 60, "binance:BTCUSDT:1h" = 5}
csv = "csv/{symbol}-{interval}.csv"
port = 8001
delay = 2.5
binance_url = "http://127.0.0.1:1, http://127.0.0.1:2"
token = "0123456789abcdef"
"""
_LINES: Final = b"""series=binance:BTCUSDT:1h, binance:*USDT:1d
every=3600, 1m=60, binance:BTCUSDT:1h=5
csv={symbol}-{interval}.csv
lake_url=s3://bucket/candles
budget_url=sqlite:///x
binance_stream_url=none
coingecko_url=http://[::1]:1/api/v3
host=::1
port=0
results=rows
"""

HARNESSES: Final = (
    Harness(
        "settings_environment",
        _in_folder(_environment),
        (_LINES, b"lake_url=http://[", b"budget_url=http://[", b"csv={symbol:9999999999}"),
        words=(*_NAMES, b"http://[", b"{symbol!r}", b"{interval}", b"nan", b"inf"),
    ),
    Harness(
        "settings_file",
        _in_folder(_toml),
        (_FILE_TEXT, b"every = [1]", b"port = " + b"9" * 5_000, b"x = " + b"[" * 1_200),
        words=(*_NAMES, b"[[", b'"""', b"'''", b"2024-01-01", b"inf", b"nan", b"0o7"),
    ),
    Harness(
        "texts",
        _texts,
        (
            *(b"binance:BTCUSDT:1h", b"binance:*USDT:1M", b"1h", b"2024-12-31T18:00+01:00"),
            *(b"BTCUSDT-1h-2024-12-31.zip", b"BTCUSDT-1mo-2024-12.csv.gz", b"500"),
            *(b"BTCUSDT-1h-9999-12.zip", b"BTCUSDT-1h-2024-12.zip-1h-9999-12.zip"),
            *(b"binance:..:1h", b"binance:A\x00:1h"),
            *(b"0001-01-01T00:00+23:59", b"9999-12-31T23:59:59-23:59", b"2024-12-31"),
        ),
        most_bytes=256,
    ),
)
