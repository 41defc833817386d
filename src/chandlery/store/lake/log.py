"""The log of a lake that is a folder, and the disk: Delta syncs nothing that it writes there.

What is counted on is synced first, so that a power cut leaves it. What it leaves half written is
therefore newer than all that counts, and is taken away before the table is opened again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

import orjson

from chandlery.candles.replacing import sync

_LOG: Final = "_delta_log"
_POINTER: Final = "_last_checkpoint"
_CHECKPOINTS: Final = "*.checkpoint*.parquet"
_DRAFTS: Final = "*#*"
"""How object_store names files before they are whole."""
_TORN: Final = "#torn"
"""What is put aside is a draft of the dead, too."""
_OTHERS: Final = 8
"""So many entries before it are synced too: others may have written them just now, and not yet."""
ACTIONS: Final = "chandleryActions"
"""In an entry of ours: of how many actions it tells. Whole lines alone say little of the others."""
_MAGIC: Final = b"PAR1"
"""How a whole Parquet file ends."""


def settle_new(uri: str) -> None:
    """Have the folders of a table that was just made on the disk."""
    settle(uri, 0)
    for place in (Path(uri), *Path(uri).parents[:3]):
        sync(place)


def settle(uri: str, known: int) -> None:
    """Have the newest version on the disk, and those that it builds upon.

    `known` is a version that is not newer; Delta does not tell which one it has made.
    """
    log = Path(uri) / _LOG
    for number in count(max(0, known - _OTHERS)):
        entry = _entry(log, number)
        if entry.exists():
            sync(entry)
        elif number > known:
            break
    _sync_all([*sorted(log.glob(_CHECKPOINTS))[-1:], log / _POINTER])
    sync(log)


def settle_all(uri: str) -> None:
    """Have all of the log on the disk."""
    log = Path(uri) / _LOG
    _sync_all(log.iterdir())
    sync(log)


def forget_torn(uri: str) -> None:
    """Put aside what a power cut has left half written at the end of the log, or without its past.

    The living never leave such: they put files there whole, one after the other. Where nothing
    whole stands before it, or it is not at the end, that is damage of another kind, which is left
    as it is. Raises `OSError`.
    """
    log = Path(uri) / _LOG
    if not log.is_dir():
        return
    # Before the checkpoints: others delete entries only once a checkpoint stands for them.
    entries = sorted(log.glob("[0-9]*.json"))
    checkpoints = list(log.glob(_CHECKPOINTS))
    cut = [path for path in checkpoints if not _has_end(path)]
    if len(cut) < len(checkpoints) or (entries and _number(entries[0]) == 0):
        _put_aside(cut)
    pointer = log / _POINTER
    if not _leads_anywhere(pointer):
        pointer.unlink(missing_ok=True)
    summed = max((_number(path) for path in checkpoints if path not in cut), default=-1)
    later = [path for path in entries if _number(path) > summed]
    newest = later[-1 - _OTHERS :]
    bad = _without_sense(newest, None if len(newest) < len(later) else summed)
    # A table of which only the first entry was begun has no candles yet.
    begun = [_number(path) for path in entries] == [0]
    if len(bad) < len(later) or summed >= 0 or begun:
        # The newest first: whoever dies in between leaves a log that ends as one.
        _put_aside(reversed(bad))


def _without_sense(entries: list[Path], before: int | None) -> list[Path]:
    """Of ascending entries the first that is cut, or misses the one before it, and all after it."""
    for place, entry in enumerate(entries):
        number = _number(entry)
        gap = before is not None and number - 1 > before
        # A listing may miss what is written meanwhile: whether it is not there is looked at.
        lost = gap and not _entry(entry.parent, number - 1).exists()
        if lost or not _is_whole(entry):
            return entries[place:]
        before = number
    return []


def _entry(log: Path, number: int) -> Path:
    """Where the entry of a version stands."""
    return log / f"{number:020}.json"


def _number(path: Path) -> int:
    """The version of an entry or a checkpoint."""
    return int(path.name[:20])


def _put_aside(places: Iterable[Path]) -> None:
    for path in places:
        with suppress(FileNotFoundError):  # another process has seen it, too
            # Not with its whole name: what begins like an entry makes a table, for Delta.
            path.rename(path.with_name(f"{path.stem}{_TORN}"))


def forget_dead(uri: str, hours: float) -> None:
    """Delete drafts of entries whose writers died, so many hours ago or more."""
    before = time.time() - hours * 3600
    for path in (Path(uri) / _LOG).glob(_DRAFTS):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime <= before:
                path.unlink()


def _sync_all(places: Iterable[Path]) -> None:
    for place in places:
        if place.exists():
            sync(place)


def _leads_anywhere(pointer: Path) -> bool:
    """Whether the newest checkpoint is where it is said to be, or none is said to be anywhere."""
    try:
        version = orjson.loads(pointer.read_bytes())["version"]
    except orjson.JSONDecodeError:
        return False
    except FileNotFoundError:
        return True
    return any(pointer.parent.glob(f"{version:020}{_CHECKPOINTS[1:]}"))


def _is_whole(entry: Path) -> bool:
    """Whether an entry can be read, and tells of all that it says it does."""
    try:
        actions = [orjson.loads(line) for line in entry.read_bytes().splitlines()]
    except orjson.JSONDecodeError:
        return False
    except FileNotFoundError:
        return True  # a checkpoint stands for it by now
    infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
    wanted = next((int(info[ACTIONS]) for info in infos if ACTIONS in info), 0)
    if _number(entry) == 0:
        return any("metaData" in action for action in actions)
    return bool(actions) and len(actions) - len(infos) >= wanted


def _has_end(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end."""
    try:
        with checkpoint.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - len(_MAGIC)))
            return file.read() == _MAGIC
    except FileNotFoundError:
        return True  # a newer one stands for it by now
