"""Where a file of the archive lies while it is read: unnamed, on disk, hashed on its way in."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Self

from chandlery.candles.disk import free
from chandlery.errors import Refused, StoreFull, StoreUnwritable

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Spool:
    """A `Sink` of at most `most_bytes`. It is gone when the `with` ends, or the program does.

    Raises `Refused` for more bytes than that; `StoreFull` and `StoreUnwritable` when the disk
    takes them not.
    """

    def __init__(self, name: str, most_bytes: int) -> None:
        self._name = name
        self._most_bytes = most_bytes
        self._hash = hashlib.sha256()
        self.size = 0
        self.fetched_bytes = 0
        """Bytes of all tries together."""

    def __enter__(self) -> Self:
        with _disk(self._name):
            self.file: IO[bytes] = tempfile.TemporaryFile(prefix="chandlery-")
        return self

    def __exit__(self, *_: object) -> None:
        # What is still in its buffer is of no use to anybody, so a full disk does not matter now.
        with suppress(OSError):
            self.file.close()

    def finished(self) -> str:
        """Have all of it on the disk. Gives its SHA-256: 64 hexadecimal digits."""
        with _disk(self._name):
            self.file.flush()
        return self._hash.hexdigest()

    def restart(self) -> None:
        """Forget what has been written."""
        with _disk(self._name):
            self.file.seek(0)
            self.file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self.size += len(piece)
        self.fetched_bytes += len(piece)
        if self.size > self._most_bytes:
            raise Refused(
                f"{self._name} of Binance's archive is larger than {self._most_bytes} bytes, and "
                "the candles that it is of cannot be. It is left alone; REST has the same candles."
            )
        self._hash.update(piece)
        with _disk(self._name):
            self.file.write(piece)


@contextmanager
def _disk(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = StoreFull if error.errno in _FULL else StoreUnwritable
        folder = Path(tempfile.gettempdir())
        raise kind(
            f"{name} cannot be written to the folder for temporary files, {folder}: "
            f"{error.strerror or error} ({free(folder)}). Make room there, or set TMPDIR to "
            "another folder, then try again."
        ) from error
