"""The bytes of a file, out of its gzip or zip, and only if they are what its checksum says."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

from chandlery.errors import BadFile

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK"
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
            return gzip.decompress(data)
        return _unzipped(path, data) if data.startswith(_ZIP_MAGIC) else data
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadFile(path, f"cannot be read: {why}.") from error


def _unzipped(path: Path, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
        if len(members) != 1:
            why = f"is a zip of {len(members)} files; an archive file holds exactly one."
            raise BadFile(path, why)
        return packed.read(members[0])


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
