"""Doing a job: once, by one worker at a time, whoever asks and however often."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

import orjson

from chandlery.candles.series import Series
from chandlery.collect.collect import Progress
from chandlery.collect.jobs import exchange_of_listing
from chandlery.collect.keeper import Keeper
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.record import record_job, run
from chandlery.collect.report import Report
from chandlery.errors import ChandleryError, InputError, RemoteError

HOLD_MS: Final = 30_000
"""A worker that shows no progress for so long is taken for dead. If it is not, two do the same for
a while, which does no harm."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job."""

    name: str
    report: Report | None = None
    """Of a series that was collected, be it in part."""
    failure: ChandleryError | None = None
    skipped: str | None = None
    """Why nothing had to be done."""
    joined: int = 0
    """How many symbols are new in the list of an exchange."""


class Runner:
    """Does jobs of one keeper. Safe to use from many threads, and beside other processes."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._store = keeper.store
        self._clock = keeper.clock

    def do(self, name: str, *, due_ms: int | None = None) -> Done:
        """Do the job of that name, unless somebody is at it, or did it after `due_ms`.

        What goes wrong is written down and stands in the result. Raises `StoreError`, and
        `BadSeries` or `UnknownInterval` when there is no such job.
        """
        if name == MARKET_CAPS:
            return Done(name, failure=self._keeper.refresh_market_caps())
        exchange = exchange_of_listing(name)
        series = None if exchange else Series.parse(name)
        holder = uuid.uuid4().hex
        now_ms = self._clock.now_ms()
        if due_ms is not None and self._done_since(name, due_ms, now_ms):
            return Done(name, skipped="it was done in the meantime")
        if not self._hold(name, holder):
            return Done(name, skipped="somebody else is doing it")
        try:
            if series is None:
                return self._list_symbols(name, exchange or "")
            return self._collect(name, series, holder)
        except BaseException:
            # A run that was written down has let go of its job with the same stroke.
            self._store.jobs.release(name, holder)
            raise

    def _done_since(self, name: str, due_ms: int, now_ms: int) -> bool:
        started_ms = self._store.jobs.state(name).started_ms
        return started_ms is not None and due_ms <= started_ms <= now_ms

    def _hold(self, name: str, holder: str) -> bool:
        now_ms = self._clock.now_ms()
        return self._store.jobs.hold(name, holder, now_ms=now_ms, until_ms=now_ms + HOLD_MS)

    def _collect(self, name: str, series: Series, holder: str) -> Done:
        started_ms = self._clock.now_ms()
        renewed_ms = started_ms

        def renew(_: Progress) -> None:
            nonlocal renewed_ms
            if self._clock.now_ms() - renewed_ms > HOLD_MS // 4:
                renewed_ms = self._clock.now_ms()
                self._hold(name, holder)

        try:
            report = self._keeper.keep_current(series, listener=renew)
        except InputError as failure:
            self._failed(name, started_ms, failure)
            return Done(name, failure=failure)
        return Done(name, report=report, failure=report.failure)

    def _list_symbols(self, name: str, exchange: str) -> Done:
        started_ms = self._clock.now_ms()
        before = self._keeper.listings.held(exchange)
        try:
            after = self._keeper.listings.fetch(self._keeper.exchange(exchange))
        except (RemoteError, InputError) as failure:
            self._failed(name, started_ms, failure)
            return Done(name, failure=failure)
        known = set(before.symbols) if before else set(after.symbols)
        joined = len(after.symbols.keys() - known)
        text = orjson.dumps({"symbols": len(after.symbols), "joined": joined}).decode()
        record_job(self._store, run(name, started_ms, self._clock.now_ms(), None, text), None)
        return Done(name, joined=joined)

    def _failed(self, name: str, started_ms: int, failure: ChandleryError) -> None:
        text = orjson.dumps({"error": str(failure)}).decode()
        record_job(self._store, run(name, started_ms, self._clock.now_ms(), failure, text), failure)
