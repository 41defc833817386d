"""Archive files, several at once: their candles come in the order of the files, piece by piece."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.collect.backfill.heap import share_heap
from chandlery.collect.pool import Pool
from chandlery.errors import ChandleryError
from chandlery.exchanges.archive import Archive, ArchiveFile, Download

AT_ONCE: Final = 3
"""Files that are fetched and read at the same time."""
_SLICES_AHEAD: Final = 8
"""Of each file, besides the one in work: a month of minutes, so that months are read while others
are packed. This bounds the memory."""
_READ_AT_ONCE: Final = 2
"""More take memory and no less time: reading keeps a processor busy, fetching does not."""
_NAP: Final = 0.1
_IDLE: Final = 0.5
"""Seconds without a piece after which there is time for something else."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some candles of a file; or its end, with what it was, or why it could not be had."""

    file: ArchiveFile
    place: int = 0
    """How many came before it."""
    frame: pl.DataFrame | None = None
    reached_ms: int = 0
    """The open time of its last candle."""
    download: Download | None = None
    failure: ChandleryError | None = None


class _Stopped(Exception):
    """Nobody wants the rest."""


class Downloads:
    """Fetches files in threads; iterate over the pieces, in a `with` block.

    None comes in between whenever there was nothing for a while. Leaving the block early drops what
    is under way; what had come whole by then is `left`.
    """

    def __init__(
        self, archive: Archive, series: Series, files: Sequence[ArchiveFile], at_once: int = AT_ONCE
    ) -> None:
        self._archive = archive
        self._series = series
        self._queues: dict[str, Queue[Piece]] = {file.path: Queue(_SLICES_AHEAD) for file in files}
        self._files = files
        self._stopped = threading.Event()
        self._reading = threading.Semaphore(_READ_AT_ONCE)
        self._pool = Pool(min(at_once, len(files)), "chandlery-backfill")

    def __enter__(self) -> Iterator[Piece | None]:
        share_heap()
        self._pool.__enter__()
        under_way = [self._pool.submit(self._fetch, file) for file in self._files]
        return self._pieces(under_way)

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._pool.__exit__()

    @property
    def left(self) -> list[list[Piece]]:
        """After the block, all pieces of each file that came whole, and of which none was taken."""
        queues = [list(queue.queue) for queue in self._queues.values()]
        return [
            pieces
            for pieces in queues
            if pieces and pieces[0].place == 0 and pieces[-1].download is not None
        ]

    def _pieces(self, under_way: Sequence[Future[None]]) -> Iterator[Piece | None]:
        for file, fetching in zip(self._files, under_way, strict=True):
            queue = self._queues[file.path]
            while True:
                piece = self._taken(queue, fetching)
                yield piece
                if piece is not None and piece.frame is None:
                    break

    def _taken(self, queue: Queue[Piece], fetching: Future[None]) -> Piece | None:
        """The next piece; None where there was none for a while."""
        until = time.monotonic() + _IDLE
        # In short waits, so that Ctrl-C is heard: polars makes a signal resume a long one.
        while time.monotonic() < until:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            with suppress(Empty):
                return queue.get(timeout=_NAP)
            if queue.empty() and fetching.done():
                with suppress(_Stopped):
                    fetching.result()
        return None

    def _fetch(self, file: ArchiveFile) -> None:
        if self._stopped.is_set():
            raise _Stopped
        try:
            with self._archive.fetch(file, self._series) as download:
                place = 0
                while (frame := self._next(download)) is not None:
                    reached_ms = int(frame["open_time"].dt.epoch("ms")[-1])
                    self._put(Piece(file, place, frame, reached_ms))
                    place += 1
            self._put(Piece(file, place, download=download))
        except ChandleryError as failure:
            self._put(Piece(file, failure=failure))
        except KeyboardInterrupt:
            # Polars tells of a Ctrl-C in whichever thread it works, and sooner than Python.
            self._stopped.set()
            raise

    def _next(self, download: Download) -> pl.DataFrame | None:
        """Read the next slice, while at most so many others are read as that has a use."""
        with self._reading:
            return next(download.slices, None)

    def _put(self, piece: Piece) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._queues[piece.file.path].put(piece, timeout=_NAP)
                return
        raise _Stopped
