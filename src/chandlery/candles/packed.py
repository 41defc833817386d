"""The bytes of a file, out of its gzip or zip, and only if they are what its checksum says."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from chandlery.errors import BadFile

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK"
_ALWAYS_BYTES: Final = 1 << 26
_MOST_TIMES: Final = 100
"""So much smaller no packing makes candles, not even those of a symbol that nobody trades: 30."""
_DAMAGED: Final = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
    *(RuntimeError, ValueError, OverflowError, struct.error),
)
"""What reading a damaged file raises: names that are no text, places that are none among it."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def content(path: Path) -> bytes:
    """What the file holds, unpacked.

    Raises `BadFile` when it cannot be read, when a zip holds anything but one file, and when a
    `.CHECKSUM` file beside it says something else.
    """
    try:
        data = path.read_bytes()
        _verify(path, data)
        if data.startswith(_GZIP_MAGIC):
            with gzip.open(io.BytesIO(data)) as stream:
                return _bounded(path, stream, len(data))
        return _unzipped(path, data) if data.startswith(_ZIP_MAGIC) else data
    except _DAMAGED as error:
        why = getattr(error, "strerror", None) or error
        raise BadFile(path, f"cannot be read: {why}.") from error


def _unzipped(path: Path, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = [member for member in packed.infolist() if not member.filename.endswith("/")]
        if len(members) != 1:
            why = f"is a zip of {len(members)} files; an archive file holds exactly one."
            raise BadFile(path, why)
        with packed.open(members[0]) as stream:
            return _bounded(path, stream, len(data))


def _bounded(path: Path, stream: IO[bytes] | gzip.GzipFile, packed_bytes: int) -> bytes:
    most = max(_ALWAYS_BYTES, _MOST_TIMES * packed_bytes)
    data = stream.read(most + 1)
    if len(data) > most:
        raise BadFile(path, f"unpacks to more than {most:,} bytes, which no candles would.")
    return data


def _verify(path: Path, data: bytes) -> None:
    beside = path.with_name(f"{path.name}.CHECKSUM")
    if not beside.exists():
        return
    published = beside.read_text(encoding="utf-8", errors="replace").split()[:1]
    if not published or not _SHA256.fullmatch(published[0].lower()):
        raise BadFile(beside, "holds no SHA-256. Fetch it again, or take it away.")
    found = hashlib.sha256(data).hexdigest()
    if found != published[0].lower():
        why = (
            f"is not what {beside.name} says: its SHA-256 is {found}, not {published[0]}. "
            "Fetch both again."
        )
        raise BadFile(path, why)
