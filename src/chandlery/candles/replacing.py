"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.disk import FAILING, MEND, free
from chandlery.errors import BadFile

_ENDING: Final = ".draft"
_FULL: Final = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT)))
_NO_RIGHTS: Final = tuple(map(os.strerror, (errno.EROFS, errno.EACCES, errno.EPERM)))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place at once, and only if the block ends well.

    The draft is on the disk before it is renamed, so that a power cut leaves the old or the new
    file, never half of one. Drafts of processes that died are deleted. Raises `BadFile` when the
    place cannot be written.
    """
    try:
        path = _regular(path.resolve())
        _forget_dead(path)
        with _draft(path) as draft:
            yield draft
            draft.chmod(path.stat().st_mode & 0o777 if path.exists() else _usual_mode(draft))
            sync(draft)
            draft.replace(path)
        sync(path.parent)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unwritable(path, error) from error


def _usual_mode(draft: Path) -> int:
    """The rights that a new file gets here; the system tells the umask by using it only."""
    probe = draft.with_name(f"{draft.stem}.mode{_ENDING}")
    handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        return os.fstat(handle).st_mode & 0o777
    finally:
        os.close(handle)
        probe.unlink(missing_ok=True)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, locked for as long as this process lives and needs it."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path), suffix=_ENDING)
        _lock(handle, wait=True)
        if os.fstat(handle).st_nlink:
            break
        os.close(handle)  # somebody took it for one of the dead, just before it was locked
    try:
        yield Path(name)
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)


def _forget_dead(path: Path) -> None:
    """Delete drafts of `path` that nobody is writing: whoever was has been killed."""
    with suppress(OSError):  # what one may not see or delete is left alone
        for place in path.parent.iterdir():
            if place.name.startswith(_prefix(path)) and place.name.endswith(_ENDING):
                _forget_if_dead(place)


def _forget_if_dead(draft: Path) -> None:
    handle = os.open(draft, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if _lock(handle, wait=False):
            draft.unlink()
    finally:
        os.close(handle)


def _lock(handle: int, *, wait: bool) -> bool:
    """Whether nobody else holds the file. The system lets go of what the dead have held."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False  # it is held, or this file system knows no locks
    return True


def _prefix(path: Path) -> str:
    return f".{path.name}."


def unwritable(path: Path, error: Exception) -> BadFile:
    """The error that says what keeps a file from being written, and what to do.

    It goes by words: polars gives no numbers.
    """
    text = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    said = next((words for words in (*_FULL, *_NO_RIGHTS) if words in text), text)
    if said in _FULL:
        said = (
            f"{said} ({free(path.parent)}). What was there is as it was. "
            "Make room, or choose another place, then try again"
        )
    elif said in _NO_RIGHTS:
        said = f"{said}. Choose a place where you may write"
    elif FAILING in said:
        said = f"{said}. {MEND}"
    return BadFile(path, f"cannot be written: {said.removesuffix('.')}.")


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
