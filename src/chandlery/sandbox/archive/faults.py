"""What is planned to go wrong with the archive's files, until it is taken back."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from chandlery.errors import InputError
from chandlery.sandbox.archive.spoiling import SPOILERS, SpoilKind

ArchiveFaultKind = Literal["checksum", "missing", "reissue", SpoilKind]
"""checksum: the CHECKSUM file names another digest. cut: only the first half of the candles.
missing: 404, and not listed. reissue: published again at the time of planning, with what was
revised by then. disagree: monthly files have one candle a day with another volume. wrong-member:
the zip holds a file of another name. garbage: no zip at all. several: another file beside the right
one. dot-dot: its name leads out of the folder. bomb: it unpacks to 16 MB. other-month: candles of
five weeks later. upside-down: highs below lows. But for the first, every checksum is right."""

ARCHIVE_KINDS: Final[tuple[str, ...]] = get_args(ArchiveFaultKind)
_FOR_EVER: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class ArchiveFault:
    """One planned fault."""

    kind: ArchiveFaultKind
    path: str
    """It meets every file whose path holds this text."""
    times: int
    """How many downloads of CHECKSUM files a `checksum` still meets; -1 is every one."""
    at_ms: int
    """When it was planned, by the exchange's clock."""
    known: int
    """How many revisions had been made by then."""


class ArchiveFaults:
    """The planned faults, in the order asked for. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[ArchiveFault] = []

    def add(self, fault: ArchiveFault) -> None:
        """Let files meet a fault. Raises `InputError` for what cannot be planned."""
        if fault.kind not in ARCHIVE_KINDS:
            known = ", ".join(ARCHIVE_KINDS)
            raise InputError(f"'{fault.kind}' is no fault of the archive. Known: {known}.")
        if fault.kind != "checksum" and fault.times != _FOR_EVER:
            raise InputError(
                f"'{fault.kind}' lasts until it is cleared; only 'checksum' can be planned for "
                f"{fault.times} times. Leave `times` out."
            )
        if fault.times < 1 and fault.times != _FOR_EVER:
            raise InputError(
                f"{fault.times} times cannot be planned; say 1 or more, or -1 for ever."
            )
        with self._lock:
            self._planned.append(fault)

    def clear(self, kind: str | None = None) -> None:
        """Take back what is planned: all, or of one kind. Files are as they were before."""
        with self._lock:
            self._planned = [each for each in self._planned if kind not in {None, each.kind}]

    def planned(self) -> list[ArchiveFault]:
        """What is in force, oldest first."""
        with self._lock:
            return list(self._planned)

    def spoils(self, key: str) -> tuple[SpoilKind, ...]:
        """Which kinds change what is in a file, each once."""
        met = {fault.kind for fault in self._meeting(key)}
        return tuple(kind for kind in SPOILERS if kind in met)

    def is_missing(self, key: str) -> bool:
        """Whether a file is held back."""
        return any(fault.kind == "missing" for fault in self._meeting(key))

    def reissue(self, key: str, now_ms: int) -> ArchiveFault | None:
        """The latest re-issue of a file by now."""
        issues = [each for each in self._meeting(key) if each.kind == "reissue"]
        return next((each for each in reversed(issues) if each.at_ms <= now_ms), None)

    def take_checksum(self, key: str) -> bool:
        """Whether a download of this CHECKSUM file is to get another digest: asking uses it up."""
        met = next((each for each in self._meeting(key) if each.kind == "checksum"), None)
        if met is None:
            return False
        with self._lock:
            left = (_used(each) if each is met else each for each in self._planned)
            self._planned = [fault for fault in left if fault.times]
        return True

    def _meeting(self, key: str) -> list[ArchiveFault]:
        return [fault for fault in self.planned() if fault.path in f"/{key}"]


def _used(fault: ArchiveFault) -> ArchiveFault:
    return fault if fault.times == _FOR_EVER else replace(fault, times=fault.times - 1)
