"""Archive files that were re-issued since they were kept: noticed by headers, fetched again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.collect.backfill.filing import Filing
from chandlery.collect.pool import Pool
from chandlery.errors import ChandleryError, NotPublished, RemoteError
from chandlery.exchanges.archive import Archive, ArchiveFile, FileKind
from chandlery.store import ArchiveRecord, Kept, Store

_AT_ONCE: Final = 8
_NAP: Final = 0.1


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of the files of one series."""

    series: Series
    looked_at: int = 0
    reissued: tuple[str, ...] = ()
    """Paths of files that were published anew, and fetched."""
    gone: tuple[str, ...] = ()
    """Paths that the archive has no more; their candles stay."""
    kept: Kept = field(default_factory=Kept)
    contradicted: int = 0
    failures: tuple[str, ...] = ()
    """What could not be looked at or fetched, in words."""


def recheck(series: Series, archive: Archive, store: Store, clock: Clock) -> Rechecked:
    """Look at every file of which candles are kept, and fetch those that are others now.

    Candles that differ are revised, and their older versions kept. Raises `StoreError`.
    """
    records = store.archive.records(series)
    seen = _look_at_all(archive, records)
    reissued: list[ArchiveFile] = []
    gone: list[str] = []
    failures: list[str] = []
    for record, found in zip(records, seen, strict=True):
        if isinstance(found, NotPublished):
            gone.append(record.path)
        elif isinstance(found, ChandleryError):
            failures.append(f"{record.path}: {found}")
        elif _is_other(found, record):
            reissued.append(found)
        else:
            store.archive.looked(series, record.path)
    done = Filing(series, archive, store, clock, lambda *_: None).run(reissued)
    failures += [f"{path}: {failure}" for path, failure in done.failures.items()]
    return Rechecked(
        series,
        looked_at=len(records),
        reissued=tuple(file.path for file in reissued if file.path not in done.failures),
        gone=tuple(gone),
        kept=done.filed.kept,
        contradicted=done.filed.contradicted,
        failures=tuple(failures),
    )


def _look_at_all(
    archive: Archive, records: Sequence[ArchiveRecord]
) -> list[ArchiveFile | RemoteError]:
    with Pool(_AT_ONCE, "chandlery-recheck") as pool:
        looking = [pool.submit(_look, archive, record) for record in records]
        # In short waits, so that Ctrl-C is heard: polars makes a signal resume a long one.
        while wait(looking, _NAP).not_done:
            pass
        return [one.result() for one in looking]


def _look(archive: Archive, record: ArchiveRecord) -> ArchiveFile | RemoteError:
    kind: FileKind = "monthly" if record.kind == "monthly" else "daily"
    known = ArchiveFile(
        record.path, kind, record.span, record.size, record.etag, record.modified_ms
    )
    try:
        return archive.look(known)
    except RemoteError as error:
        return error


def _is_other(file: ArchiveFile, record: ArchiveRecord) -> bool:
    if file.etag and record.etag:
        return (file.etag, file.size) != (record.etag, record.size)
    return (file.modified_ms, file.size) != (record.modified_ms, record.size)
