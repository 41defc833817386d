"""Collect one series: plan what is missing, fetch it page by page, keep each page at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chandlery.candles.series import Series
from chandlery.candles.span import Span, cover, subtract
from chandlery.clock import Clock
from chandlery.collect.pages import Answered, newest_pages, span_pages
from chandlery.collect.refused import note_refused
from chandlery.collect.report import Report
from chandlery.collect.wanted import Wanted
from chandlery.errors import RemoteError
from chandlery.exchanges.exchange import Exchange
from chandlery.store import Kept, Store


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a collection has come; `reached_ms` is the open time it has got to."""

    candles: int
    requests: int
    reached_ms: int
    share: float
    """Of what is wanted, from 0 to 1."""
    fetched_bytes: int = 0
    """From archives, where that is known."""


Listener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Collector:
    """One exchange, the store that its candles go into, and the clock for the reports."""

    exchange: Exchange
    store: Store
    clock: Clock
    recheck: int = 3
    """How many of the newest closed candles are asked again, to notice one that was revised."""

    def collect(
        self,
        series: Series,
        wanted: Wanted,
        *,
        listener: Listener | None = None,
        notes: tuple[str, ...] = (),
    ) -> Report:
        """Collect what is `wanted` of `series` and not held yet; each page is kept as it comes.

        A `RemoteError` ends the collection and stands in the report beside what was kept until
        then; the same call goes on from there. Raises `StoreError`, and `InputError` where the
        exchange refuses what was asked.
        """
        started = self.clock.now_ms()
        keeper = _PageKeeper(self.store, wanted, listener)
        failure: RemoteError | None = None
        try:
            for answered in self._pages(series, wanted):
                keeper.keep(answered)
        except RemoteError as error:
            failure = error
        return Report(
            series=series,
            asked=str(wanted),
            started_ms=started,
            ended_ms=self.clock.now_ms(),
            requests=keeper.requests,
            kept=keeper.kept,
            got=keeper.got,
            failure=failure,
            notes=(*notes, *keeper.notes),
        )

    def _pages(self, series: Series, wanted: Wanted) -> Iterator[Answered]:
        if wanted.last is not None:
            yield from newest_pages(self.exchange, series, wanted.last)
        if wanted.span is not None:
            answered = self.store.ledger.answered(series)
            recheck_from = self._recheck_from(series, wanted.span)
            for span in plan(wanted.span, answered, recheck_from=recheck_from):
                yield from span_pages(self.exchange, series, span)

    def _recheck_from(self, series: Series, wanted: Span) -> int | None:
        """Where the newest closed candles begin, if `wanted` reaches beyond what is held."""
        if not self.recheck:
            return None
        held = self.store.candles.last_opens(series, self.recheck)
        if not held or wanted.end <= held[-1]:
            return None
        return max(held[0], wanted.start)


def plan(wanted: Span, answered: list[Span], *, recheck_from: int | None = None) -> list[Span]:
    """The spans of `wanted` that the exchange has not answered yet, ascending.

    What opens at or after `recheck_from` is asked again, answered or not.
    """
    if recheck_from is not None and recheck_from < wanted.end:
        answered = subtract(answered, [Span(recheck_from, wanted.end)])
    return subtract([wanted], answered)


class _PageKeeper:
    """Keeps pages as they come and adds up what that did."""

    def __init__(self, store: Store, wanted: Wanted, listener: Listener | None) -> None:
        self._store = store
        self._wanted = wanted
        self._listener = listener
        self._candles = 0
        self.requests = 0
        self.kept = Kept()
        self.got: Span | None = None
        self.notes: tuple[str, ...] = ()

    def keep(self, answered: Answered) -> None:
        page = answered.page
        self.requests += answered.requests
        self._candles += len(page.candles)
        kept = self._store.candles.keep(
            page.candles, answered=answered.span, source=page.source, request=page.request
        )
        self.kept = self.kept + kept
        self.notes += note_refused(self._store, page)
        if page.candles.span is None:
            return
        self.got = cover(self.got, page.candles.span)
        if self._listener:
            share = self._wanted.share(self._candles, page.candles.span.end)
            reached_ms = page.candles.span.end - 1
            self._listener(Progress(self._candles, self.requests, reached_ms, share))
