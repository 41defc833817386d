"""Candle files of people, of every form, as an import reads them.

Polars takes two milliseconds over the smallest CSV, so that some get fewer inputs than a million.
"""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from chandlery.candles.binance_rows import csv_text
from chandlery.candles.csv_form import read_bare_csv
from chandlery.candles.files import candle_bytes, check_interval, read_file
from chandlery.candles.interval import Interval
from chandlery.collect.importing.naming import archive_name
from chandlery.collect.importing.weighing import weigh
from chandlery.errors import ChandleryError
from tests.candles.market import frame, rows
from tests.torture.fuzz.harness import Feed, Harness

_HOURS: Final = Interval.parse("1h")
_FRAME: Final = frame(4, "1h")
_CSV: Final = csv_text(_FRAME).encode()
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
_FOLDER: Final = tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
"""A file for each input: in memory where the machine has such a place."""


def _reader(name: str) -> Feed:
    path = Path(_FOLDER.name, name)

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        found = read_file(path)
        if found.frame.height:
            check_interval(found.frame, _HOURS, path)
            weighed = weigh(found, _HOURS, closed=False)
            assert weighed.frame["open_time"].is_sorted()
        archive_name(path)

    return feed


def _csv(data: bytes) -> None:
    try:
        kept = read_bare_csv(data, name="crypto.csv")
        assert kept.height == len(data.splitlines())
    except ChandleryError:
        pass
    _reader("csv")(data)


def _named(form: str) -> bytes:
    return candle_bytes(_FRAME, form=form)


def _zipped(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as packed:
        for name in names:
            packed.writestr(name, _CSV)
    return held.getvalue()


_SIX: Final = json.dumps([row[:6] for row in rows(3, "1h")]).encode()
_DATED: Final = b"# by hand\nDate,Open,High,Low,Close,Volume\n2023-11-15 00:00,1,2,0.5,1e-1,7\n"
_QUOTED: Final = _DATED.replace(b"2023-11-15 00:00", b'"2023-11-15\n00:00"')

HARNESSES: Final = (
    Harness(
        "import_csv",
        _csv,
        (_CSV, _named("named"), _named("backtesting"), _DATED, _QUOTED, b"\xef\xbb\xbf" + _DATED),
        words=(b"open_time", b"close_time", b"volume", b"2023-11-15T01:00:00.000Z", b'","'),
        short=120,
    ),
    Harness(
        "import_json",
        _reader("json"),
        (
            json.dumps(rows(3, "1h")).encode(),
            json.dumps(rows(3, "1h")[::-1]).encode(),
            _SIX,
            _named("json"),
            _named("freqtrade-json"),
            b"[" * 1_010 + b"]" * 1_010,
            b"[{}]",
        ),
    ),
    Harness(
        "import_packed",
        _reader("packed"),
        (
            gzip.compress(_CSV, mtime=0),
            _zipped("a.csv"),
            _zipped("a.csv", "b.csv"),
            _zipped("a.csv", method=zipfile.ZIP_STORED),
            _zipped("a.csv", method=zipfile.ZIP_BZIP2),
            _zipped("a.csv", method=zipfile.ZIP_LZMA),
        ),
        words=(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"\x1f\x8b"),
    ),
    Harness(
        "import_columns",
        _reader("columns"),
        (_named("parquet"), _named("feather"), _named("freqtrade"), b"PAR1", b"ARROW1\x00\x00"),
        most_bytes=16_384,
        words=(b"PAR1", b"ARROW1", b"open_time"),
        short=120,
    ),
)
