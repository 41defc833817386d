"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from chandlery.errors import BadFile


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place at once, and only if the block ends well.

    The draft is on the disk before it is renamed, so that a power cut leaves the old or the new
    file, never half of one. Raises `BadFile` when the place cannot be written.
    """
    draft: Path | None = None
    try:
        path = _regular(path.resolve())
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".draft")
        os.close(handle)
        draft = Path(name)
        yield draft
        draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        sync(draft)
        draft.replace(path)
        sync(path.parent)
    except OSError as error:
        raise BadFile(path, f"cannot be written: {error.strerror or error}.") from error
    except pl.exceptions.PolarsError as error:
        raise BadFile(path, f"cannot be written: {str(error).splitlines()[0]}.") from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def _regular(path: Path) -> Path:
    """The path, if a file may stand there. A pipe or a device must not be replaced by a file."""
    if path.is_dir():
        raise BadFile(path, "is a folder; this format needs the name of a file.")
    if path.exists() and not path.is_file():
        raise BadFile(path, "is no regular file.")
    return path


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk: a power cut leaves them there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
