"""Long spans over REST: in chunks that are fetched side by side, each kept when it is here.

What ends it early loses nothing that has come, though a request may hang at that moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Final

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.backfill.heap import share_heap
from chandlery.collect.backfill.insisting import insist
from chandlery.collect.backfill.plan import chunk_places
from chandlery.collect.pages import Answered, span_pages
from chandlery.collect.pool import Pool
from chandlery.collect.refused import note_refused
from chandlery.errors import RemoteError, StoreError
from chandlery.exchanges.exchange import Exchange, Page
from chandlery.store import Answer, Kept, Store

AT_ONCE: Final = 4
"""Chunks that are fetched at the same time: a usual line then uses the whole request budget."""
_NAP: Final = 0.1


@dataclass(slots=True)
class PagesDone:
    """What became of spans that were asked over REST."""

    kept: Kept
    requests: int = 0
    failure: RemoteError | None = None
    notes: tuple[str, ...] = ()
    """Rows that were refused, in words."""


class _Came:
    """What has come of a chunk and is not kept yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while it is kept."""
        self.answers: list[Answer] = []
        self.refused: list[Page] = []

    def add(self, answered: Answered) -> None:
        page = answered.page
        with self.lock:
            self.answers.append(Answer(page.candles, answered.span, page.source, page.request))
            if page.refused:
                self.refused.append(page)


class RestSpans:
    """Asks one exchange for spans of one series."""

    def __init__(
        self,
        series: Series,
        exchange: Exchange,
        store: Store,
        advanced: Callable[[int, int, int], None],
        at_once: int = AT_ONCE,
    ) -> None:
        self._series = series
        self._exchange = exchange
        self._store = store
        self._advanced = advanced
        self._at_once = at_once
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._coming: set[_Came] = set()
        self.done = PagesDone(Kept())

    def run(self, spans: Iterable[Span]) -> PagesDone:
        """Fetch and keep all of `spans`. The first `RemoteError` ends it and stands in the result.

        Raises `StoreError`, and `InputError` where the exchange refuses what was asked.
        """
        chunks = iter(self._chunks(spans))
        share_heap()
        try:
            with Pool(self._at_once, "chandlery-rest") as pool:
                self._fetch_all(pool, chunks)
        finally:
            # Of chunks whose next page hangs, and those that another thread is just keeping.
            for came in list(self._coming):
                insist(partial(self._keep, came))
        return self.done

    def _fetch_all(self, pool: Pool, chunks: Iterator[Span]) -> None:
        under_way: set[Future[None]] = set()
        try:
            while self._fill(pool, chunks, under_way) and not self._stopped.is_set():
                under_way -= self._settled(under_way)
                self._store.folding.fold(self._series)
            self._settled(under_way, everything=True)
        finally:
            self._stopped.set()

    def _fill(self, pool: Pool, chunks: Iterator[Span], under_way: set[Future[None]]) -> bool:
        """Keep as many chunks under way as there may be; False when all are done."""
        for chunk in chunks:
            under_way.add(pool.submit(self._fetch, chunk))
            if len(under_way) >= self._at_once:
                break
        return bool(under_way)

    def _settled(
        self, under_way: set[Future[None]], *, everything: bool = False
    ) -> set[Future[None]]:
        """The chunks that are done; a `RemoteError` of one is noted, and others are raised."""
        done: set[Future[None]] = set()
        while under_way and (not done or (everything and done != under_way)):
            # In short waits, so that Ctrl-C is heard: polars makes a signal resume a long one.
            done |= wait(under_way - done, _NAP, FIRST_COMPLETED).done
        for future in done:
            error = future.exception()
            if isinstance(error, RemoteError):
                self.done.failure = self.done.failure or error
                self._stopped.set()
            elif error is not None:
                raise error
        return done

    def _fetch(self, chunk: Span) -> None:
        """Ask for a chunk; what has come is kept at its end, or when something ends it."""
        came = _Came()
        self._coming.add(came)
        pages = span_pages(self._exchange, self._series, chunk)
        try:
            while not self._stopped.is_set() and (answered := next(pages, None)) is not None:
                came.add(answered)
                self._tell(answered)
        finally:
            self._keep(came)
            self._coming.discard(came)

    def _keep(self, came: _Came) -> None:
        with came.lock:
            if not came.answers:
                return
            try:
                kept = self._store.answers.keep(self._series, came.answers)
            except StoreError:
                came.answers = []  # asked again at once the store says the same
                raise
            came.answers = []  # not before: what interrupts the keeping finds them here
            with self._lock:
                self.done.kept += kept
                for page in came.refused:
                    self.done.notes += note_refused(self._store, page)
            came.refused = []

    def _tell(self, answered: Answered) -> None:
        page = answered.page
        with self._lock:
            self.done.requests += answered.requests
            got = page.candles.span
            self._advanced(len(page.candles), 0, got.end if got else _end(answered))

    def _chunks(self, spans: Iterable[Span]) -> Iterator[Span]:
        length = self._series.interval.typical_ms * chunk_places(self._exchange.page_limit)
        for span in spans:
            for start in range(span.start, span.end, length):
                yield Span(start, min(start + length, span.end))


def _end(answered: Answered) -> int:
    """How far an answer without candles reaches."""
    return answered.span.end if answered.span else 0
