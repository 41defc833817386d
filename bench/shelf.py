"""The archive of the figures: the sandbox's files, made once and kept in `bench/.cache`.

The sandbox makes a file of minutes in a quarter of a second, which would be most of what is
measured. So its files are asked for once, and then served from the disk by `file_server`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from os import utime
from pathlib import Path
from typing import Final

import urllib3

from bench.processes import CHANDLERY, PYTHON, Failed, announced, running

SYMBOL: Final = "BTCUSDT"
INTERVAL: Final = "1m"
SERIES: Final = f"binance:{SYMBOL}:{INTERVAL}"
NOW: Final = "2026-11-10 12:00"
UNTIL: Final = "2026-11-10"
FIRST: Final = date(2017, 8, 17)
"""The first day of BTCUSDT, at Binance and in the sandbox."""
CHECKSUM: Final = ".CHECKSUM"
CACHE: Final = Path(__file__).parent / ".cache"
_LAST_MONTH: Final = date(2026, 10, 1)
_DAYS: Final = [date(2026, 11, day) for day in range(1, 10)]
_FOLDERS: Final = {"monthly": "%Y-%m", "daily": "%Y-%m-%d"}
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class World:
    """A sandbox exchange, and its archive from the disk."""

    exchange: str
    archive: str
    """Base URLs."""

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a Chandlery that shall ask them."""
        return {
            "CHANDLERY_BINANCE_URL": self.exchange,
            "CHANDLERY_BINANCE_ARCHIVE_URL": self.archive,
            "CHANDLERY_CSV": "",
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files of one symbol that the archive of a figure has."""

    symbol: str
    months: Sequence[date]
    days: Sequence[date] = ()

    @property
    def keys(self) -> list[str]:
        """Their paths, without the checksums."""
        dated = [*(("monthly", day) for day in self.months), *(("daily", day) for day in self.days)]
        return [key(self.symbol, kind, day) for kind, day in dated]


def key(symbol: str, kind: str, day: date) -> str:
    """The path of the file of a month or a day."""
    name = f"{symbol}-{INTERVAL}-{day.strftime(_FOLDERS[kind])}.zip"
    return f"data/spot/{kind}/klines/{symbol}/{INTERVAL}/{name}"


def months(first: date, last: date = _LAST_MONTH) -> list[date]:
    """The first days of all months from that of `first` on."""
    found = [first.replace(day=1)]
    while found[-1] < last:
        found.append((found[-1] + timedelta(days=32)).replace(day=1))
    return found


def files_since(first: date) -> Wanted:
    """All files from a day on: months, and the days that no month has yet."""
    return Wanted(SYMBOL, months(first), _DAYS)


@contextmanager
def world(wanted: Sequence[Wanted], *, more_symbols: int = 0) -> Iterator[World]:
    """The exchange and an archive that has all the `wanted` files, until the block ends."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        box = ("--json", "--now", NOW, "--speed", "1", "--more-symbols", str(more_symbols))
        with running((*CHANDLERY, "sandbox", *box), folder) as sandbox:
            urls = announced(sandbox, folder)
            _stock(urls["CHANDLERY_BINANCE_ARCHIVE_URL"], wanted)
            _shelve(folder / "shelf", wanted)
            server = (PYTHON, "-m", "bench.file_server", str(folder / "shelf"))
            with running(server, folder) as files:
                yield World(urls["CHANDLERY_BINANCE_URL"], announced(files, folder)["url"])


def _stock(sandbox: str, wanted: Sequence[Wanted]) -> None:
    """Have the files on the disk, as the sandbox has them today."""
    keys = [one for each in wanted for one in each.keys]
    pool = urllib3.PoolManager()
    probe = keys[0] + CHECKSUM
    held = CACHE / probe
    if held.exists() and held.read_bytes() != _got(pool, sandbox, probe).data:
        print("  the sandbox makes other files now; the cache is made anew", file=sys.stderr)
        shutil.rmtree(CACHE)
    missing = [one for one in keys if not (CACHE / (one + CHECKSUM)).exists()]
    if missing:
        print(f"  {len(missing)} archive files are made, this once", file=sys.stderr)
    for one in missing:
        for path in (one, one + CHECKSUM):
            _put(_got(pool, sandbox, path), CACHE / path)


def _shelve(shelf: Path, wanted: Sequence[Wanted]) -> None:
    """Show these files and no others: some clients take all that are listed."""
    for path in (one + ending for each in wanted for one in each.keys for ending in ("", CHECKSUM)):
        (shelf / path).parent.mkdir(parents=True, exist_ok=True)
        (shelf / path).symlink_to(CACHE / path)


def _got(pool: urllib3.PoolManager, base: str, path: str) -> urllib3.BaseHTTPResponse:
    answer = pool.request("GET", f"{base}/{path}")
    if answer.status != _OK:
        raise Failed(f"the sandbox has no {path}: HTTP {answer.status} {answer.data[:200]!r}")
    return answer


def _put(answer: urllib3.BaseHTTPResponse, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".part")
    part.write_bytes(answer.data)
    modified = parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp()
    utime(part, (modified, modified))
    part.replace(place)
