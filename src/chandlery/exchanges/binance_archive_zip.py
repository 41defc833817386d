"""From a verified zip of the archive to candles: one CSV inside, nothing else, no bombs."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

import polars as pl
from isal.igzip_lib import IsalError

from chandlery.candles.archive_csv import read_slices
from chandlery.errors import BadAnswer, BadCandles, Refused
from chandlery.exchanges.archive import ArchiveFile
from chandlery.exchanges.binance_archive_member import Member

_DAMAGED: Final[tuple[type[Exception], ...]] = (
    zipfile.BadZipFile,
    cast("type[Exception]", IsalError),  # its stub says that it is an instance
    EOFError,
    OSError,
)
"""What reading a damaged zip raises."""
_NO_ZIP: Final[tuple[type[Exception], ...]] = (
    *_DAMAGED,
    ValueError,
    RuntimeError,
    OverflowError,
    struct.error,
)
"""What opening one raises: names that are no text, sizes that are none, what is not supported."""
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED: Final = 1
_ADVICE: Final = "It may be published anew later; REST has the same candles."


@contextmanager
def opened(file: IO[bytes], of: ArchiveFile, most_bytes: int) -> Iterator[Member]:
    """The CSV in the zip, unpacked as it is read.

    Raises `Refused` when the zip is none, holds anything but the one CSV of its own name, or
    unpacks to more than `most_bytes`.
    """
    name = of.path.rpartition("/")[2]
    try:
        with zipfile.ZipFile(file) as packed:
            inside = Member(file, _only_member(packed, name, most_bytes))
    except _NO_ZIP as error:
        raise _refused(name, f"is no zip that can be opened ({error})") from error
    yield inside


def candles(inside: Member, of: ArchiveFile) -> Iterator[pl.DataFrame]:
    """The candles of the CSV; see `Download.slices`.

    Raises `BadAnswer` that names the file, the row and what is wrong with it.
    """
    name = of.path.rpartition("/")[2]
    try:
        yield from read_slices(inside.read, of.span)
    except BadCandles as error:
        raise BadAnswer(f"{name} of Binance's archive: {error}. {_ADVICE}") from error
    except _DAMAGED as error:
        msg = f"{name} of Binance's archive is damaged inside ({error}). {_ADVICE}"
        raise BadAnswer(msg) from error


def _only_member(packed: zipfile.ZipFile, name: str, most_bytes: int) -> zipfile.ZipInfo:
    members = packed.infolist()
    wanted = name.removesuffix(".zip") + ".csv"
    if [member.orig_filename for member in members] != [wanted]:
        held = ", ".join(f"'{member.orig_filename[:80]}'" for member in members[:3]) or "nothing"
        more = f" and {len(members) - 3} more" if len(members) > len(members[:3]) else ""
        raise _refused(name, f"should hold {wanted} alone, and holds {held}{more}")
    member = members[0]
    if member.compress_type not in _METHODS or member.flag_bits & _ENCRYPTED:
        raise _refused(name, "is packed in a way that the archive does not use")
    if member.file_size > most_bytes:
        why = f"unpacks to {member.file_size} bytes where its candles have at most {most_bytes}"
        raise _refused(name, why)
    return member


def _refused(name: str, why: str) -> Refused:
    return Refused(f"{name} of Binance's archive {why}. {_ADVICE}")
