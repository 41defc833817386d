"""Archive files on their way into the store: in batches, each file recorded when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.collect.backfill.downloads import Downloads, Piece
from chandlery.collect.backfill.insisting import insist
from chandlery.errors import ChandleryError, StoreError
from chandlery.exchanges.archive import Archive, ArchiveFile
from chandlery.store import ArchiveRecord, Filed, Store

ROWS_A_BATCH: Final = 120_000
"""Three months of minutes: few commits and large files, in bounded memory."""
_BEGUN: Final = 3 / 8
"""So much more there may be for the sake of a file that is not whole yet: a month of minutes."""


@dataclass(slots=True)
class FilesDone:
    """What became of the files of one pass."""

    filed: Filed = field(default_factory=Filed)
    files: int = 0
    fetched_bytes: int = 0
    failures: dict[str, ChandleryError] = field(default_factory=dict)
    """By path."""


class Filing:
    """Fetches files of one series and keeps their candles."""

    def __init__(
        self,
        series: Series,
        archive: Archive,
        store: Store,
        clock: Clock,
        advanced: Callable[[int, int, int], None],
    ) -> None:
        self._series = series
        self._archive = archive
        self._store = store
        self._clock = clock
        self.advanced = advanced
        """Called with the candles, the bytes and the open time that were reached."""
        self.rows_a_batch = ROWS_A_BATCH
        self._frames: list[pl.DataFrame] = []
        self._records: list[ArchiveRecord] = []
        self._rows_of_file = 0
        self._begun = 0
        """So many of the newest frames are of a file that is not whole yet."""
        self.done = FilesDone()

    def run(self, files: list[ArchiveFile]) -> FilesDone:
        """Fetch and keep all of them. Failures stand in the result; raises `StoreError`.

        What has come whole is kept even if something interrupts it.
        """
        downloads = Downloads(self._archive, self._series, files)
        try:
            with downloads as pieces:
                for piece in pieces:
                    if piece is None:
                        self._flush(all_but=self._begun)  # there is time to keep what is whole
                        continue
                    self._take(piece)
                    if self._is_full():
                        self._flush(all_but=self._for_later())
        except KeyboardInterrupt:
            self._take_left(downloads)
            raise
        finally:
            # Of a file that is not whole nothing more is kept, so that it is recorded later.
            self._drop_begun_file()
            insist(self._flush)
        return self.done

    def _take(self, piece: Piece) -> None:
        if piece.frame is not None:
            self._frames.append(piece.frame)
            self._begun += 1
            self._rows_of_file += piece.frame.height
            self.advanced(piece.frame.height, 0, piece.reached_ms)
        elif isinstance(piece.failure, StoreError):
            raise piece.failure
        elif piece.failure is not None:
            self.done.failures[piece.file.path] = piece.failure
            self._drop_begun_file()
        elif piece.download is not None:
            self._finished(piece)

    def _take_left(self, downloads: Downloads) -> None:
        """Take the files that have come whole behind one that has not."""
        self._drop_begun_file()
        for pieces in downloads.left:
            for piece in pieces:
                self._take(piece)

    def _drop_begun_file(self) -> None:
        """Forget what came of a file that did not come whole; of a large one some is kept."""
        while self._frames and self._rows_of_file > 0:
            self._rows_of_file -= self._frames.pop().height
        self._rows_of_file = self._begun = 0

    def _finished(self, piece: Piece) -> None:
        download = piece.download
        assert download is not None  # noqa: S101  asked before
        now_ms = self._clock.now_ms()
        file = download.file
        record = ArchiveRecord(
            path=file.path,
            url=self._archive.url(file),
            kind=file.kind,
            span=file.span,
            size=file.size,
            etag=file.etag,
            modified_ms=file.modified_ms,
            sha256=download.sha256,
            candles=self._rows_of_file,
            fetched_ms=now_ms,
            looked_ms=now_ms,
        )
        # First, so that an interruption in between leaves candles without a record: that is true.
        self._rows_of_file = self._begun = 0
        self._records.append(record)
        self.done.files += 1
        self.done.fetched_bytes += download.fetched_bytes
        self.advanced(0, download.fetched_bytes, file.span.end)

    def _is_full(self) -> bool:
        """Whether whole files are a batch, or what has come is too much to wait for the rest."""
        whole = _rows(self._frames[: len(self._frames) - self._begun])
        most = self.rows_a_batch * (1 + _BEGUN)
        return whole >= self.rows_a_batch or _rows(self._frames) >= most

    def _for_later(self) -> int:
        """How many of the newest frames wait: a file that is begun stays together if it can.

        Of one that is larger than a batch the newest waits: the record of a file needs its last.
        """
        return self._begun if self._begun < len(self._frames) else int(self._begun > 0)

    def _flush(self, *, all_but: int = 0) -> None:
        """Keep what has come, but for so many of the newest frames."""
        held_back = len(self._frames) - all_but
        frames, records = self._frames[:held_back], self._records
        if frames:
            frame = pl.concat(frames, rechunk=False)
            try:
                self.done.filed += self._store.archive.keep(self._series, frame, records)
            except StoreError:
                self._let_go(held_back)  # it was tried; asked again at once the store says the same
                raise
            # Not before: what interrupts the keeping finds them here, and they are kept after all.
            self._let_go(held_back)

    def _let_go(self, count: int) -> None:
        self._frames, self._records = self._frames[count:], []
        self._begun = len(self._frames)


def _rows(frames: list[pl.DataFrame]) -> int:
    return sum(frame.height for frame in frames)
