"""Backfill one series: plan, fetch files, ask REST for the rest, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from chandlery.candles.frame import Candles
from chandlery.candles.gaps import places
from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge, subtract
from chandlery.clock import Clock, ms_to_text
from chandlery.collect.backfill.filing import FilesDone, Filing
from chandlery.collect.backfill.plan import (
    BackfillPlan,
    RestPrice,
    is_worth_listing,
    plan_backfill,
)
from chandlery.collect.backfill.report import BackfillReport
from chandlery.collect.backfill.rest import PagesDone, RestSpans
from chandlery.collect.backfill.steps import Steps
from chandlery.collect.collect import Listener
from chandlery.collect.wanted import between
from chandlery.errors import Blocked, ChandleryError, RemoteError
from chandlery.exchanges.archive import Archive, ArchiveFile
from chandlery.exchanges.exchange import Exchange, Page
from chandlery.store import Entry, State, Store

EPOCH: Final = 0
_PASSES: Final = 3
"""Files that cannot be had are replaced by others at most so often: monthly by daily, then REST."""


@dataclass(frozen=True, slots=True)
class Backfiller:
    """One exchange with its archive, if it has one, and the store that everything goes into."""

    exchange: Exchange
    archive: Archive | None
    store: Store
    clock: Clock
    price: RestPrice

    def plan(
        self, series: Series, *, since_ms: int | None = None, until_ms: int | None = None
    ) -> BackfillPlan:
        """What is missing and how to get it. Asks for the first candle and the listing of files.

        Raises `RemoteError` when the exchange does not answer, and `InputError`.
        """
        return self._plan(series, since_ms, until_ms)[0]

    def run(
        self,
        series: Series,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        listener: Listener | None = None,
    ) -> BackfillReport:
        """Do what `plan` says. What goes wrong on the network stands in the report.

        Interrupted at any moment, the same call goes on from there. Raises `StoreError`, and
        `InputError` where the exchange refuses what was asked.
        """
        started_ms = self.clock.now_ms()
        plan, first = self._plan(series, since_ms, until_ms)
        if first is not None:
            self._keep_beginning(series, first)
        steps = Steps(plan.candles, listener)
        files = self._fetch_files(plan, steps)
        missing = self._missing(series, plan.wanted, plan.first_ms)
        pages = self._ask_rest(plan, missing, steps)
        self.store.folding.fold(series)
        self.store.folding.tidy(series)
        return BackfillReport(
            plan,
            started_ms,
            self.clock.now_ms(),
            files.files,
            files.fetched_bytes,
            pages.requests,
            files.filed.kept + pages.kept,
            contradicted=files.filed.contradicted,
            failure=pages.failure,
            differences=tuple(_differences(plan, files, pages)),
        )

    def _plan(
        self, series: Series, since_ms: int | None, until_ms: int | None
    ) -> tuple[BackfillPlan, Page | None]:
        server_ms = self.exchange.server_ms()
        between(since_ms or EPOCH, until_ms, now_ms=server_ms)
        end_ms = server_ms if until_ms is None else min(until_ms, server_ms)
        first_ms, page = self._beginning(series, end_ms)
        # The candle that still forms is no history: it is asked for when it has closed.
        closed_ms = series.interval.floor(server_ms, anchor_ms=first_ms)
        start_ms, end_ms = max(first_ms, since_ms or EPOCH), min(end_ms, closed_ms)
        notes: list[str] = []
        if start_ms > (since_ms or EPOCH):
            notes.append(f"before {ms_to_text(first_ms)} {series.symbol} had no candles")
        if start_ms >= end_ms:
            plan = plan_backfill(series, [], [], price=self.price, first_ms=max(first_ms, end_ms))
            return replace(plan, unobtainable=tuple(notes)), page
        wanted = Span(start_ms, end_ms)
        missing = self._missing(series, wanted, first_ms)
        files = self._files(series, notes) if is_worth_listing(missing) else []
        plan = plan_backfill(series, missing, files, price=self.price, first_ms=first_ms)
        return replace(plan, wanted=wanted, unobtainable=tuple(notes)), page

    def _beginning(self, series: Series, end_ms: int) -> tuple[int, Page | None]:
        """The first open time at the exchange, from the ledger or by one request."""
        entries = self.store.ledger.entries(series)
        empty = merge(entry.span for entry in entries if entry.state == "empty")
        # The first place of a grid may lie some days after the beginning of time.
        if empty and empty[0].start < EPOCH + series.interval.typical_ms:
            return empty[0].end, None
        page = self.exchange.oldest(series, Span(EPOCH, end_ms), 1)
        got = page.candles.span
        return (end_ms if got is None else got.start), page

    def _keep_beginning(self, series: Series, page: Page) -> None:
        """Write down that there is nothing before the first candle."""
        got = page.candles.span
        if got is not None and got.start > EPOCH:
            self.store.candles.keep(
                Candles(series),
                answered=Span(EPOCH, got.start),
                source=page.source,
                request=page.request,
            )

    def _files(
        self, series: Series, notes: list[str], *, days_from_ms: int | None = None
    ) -> list[ArchiveFile]:
        if self.archive is None:
            return []
        try:
            listed = self.archive.files(series, days_from_ms=days_from_ms)
        except RemoteError as error:
            notes.append(f"no archive files, so that all comes over REST: {error}")
            return []
        # What a file has left out once it leaves out again: REST is asked for that.
        kept = {(one.path, one.etag, one.size) for one in self.store.archive.records(series)}
        return [file for file in listed if (file.path, file.etag, file.size) not in kept]

    def _missing(self, series: Series, wanted: Span, first_ms: int) -> list[Span]:
        missing = subtract([wanted], self.store.ledger.answered(series))
        # An answer ends just after the last open time, and no candle opens in the rest of that.
        last = missing[-1] if missing and missing[-1].end == wanted.end else None
        if last is not None and not places(last, series.interval, anchor_ms=first_ms):
            missing.pop()
        return missing

    def _fetch_files(self, plan: BackfillPlan, steps: Steps) -> FilesDone:
        """Fetch the files of the plan; what fails is replaced by other files, else left to REST."""
        series = plan.series
        if self.archive is None or not plan.files:
            return FilesDone()
        filing = Filing(series, self.archive, self.store, self.clock, steps.advanced)
        todo = list(plan.files)
        for _ in range(_PASSES):
            before = len(filing.done.failures)
            filing.run(todo)
            if len(filing.done.failures) == before:
                break
            todo = self._instead(plan, todo, filing.done)
        return filing.done

    def _instead(
        self, plan: BackfillPlan, tried: Iterable[ArchiveFile], done: FilesDone
    ) -> list[ArchiveFile]:
        """Other files that have what those lack which failed: days in place of a month."""
        failed = [file for file in tried if file.path in done.failures]
        days_from_ms = min((file.span.start for file in failed), default=None)
        listed = self._files(plan.series, [], days_from_ms=days_from_ms)
        usable = [file for file in listed if file.path not in done.failures]
        missing = self._missing(plan.series, plan.wanted, plan.first_ms)
        again = plan_backfill(
            plan.series, missing, usable, price=self.price, first_ms=plan.first_ms
        )
        return list(again.files)

    def _ask_rest(self, plan: BackfillPlan, missing: Iterable[Span], steps: Steps) -> PagesDone:
        """Ask for all that is missing still, and write down what could not be had."""
        spans = plan_backfill(plan.series, missing, [], price=self.price).rest
        done = RestSpans(plan.series, self.exchange, self.store, steps.advanced).run(spans)
        if done.failure is not None:
            for span in self._missing(plan.series, plan.wanted, plan.first_ms):
                self._note_failure(plan, span, done.failure)
        return done

    def _note_failure(self, plan: BackfillPlan, span: Span, failure: RemoteError) -> None:
        kept = (file.span.end for file in self.store.archive.records(plan.series))
        files_end = max((*kept, *(file.span.end for file in plan.files)), default=None)
        late = isinstance(failure, Blocked) and files_end is not None
        for part, unpublished in _cut(span, files_end or span.start):
            state: State = "unpublished" if late and unpublished else "failed"
            entry = Entry(
                part,
                state,
                self.clock.now_ms(),
                "rest",
                f"{plan.series.symbol} {plan.series.interval}",
                error=str(failure),
            )
            self.store.ledger.fail(plan.series, entry)


def _cut(span: Span, at_ms: int) -> Iterable[tuple[Span, bool]]:
    """The span before and after a moment, and of each whether it is after."""
    if span.start < at_ms:
        yield Span(span.start, min(span.end, at_ms)), False
    if span.end > at_ms:
        yield Span(max(span.start, at_ms), span.end), True


def _differences(plan: BackfillPlan, files: FilesDone, pages: PagesDone) -> Iterable[str]:
    """In what it went otherwise than planned, in words."""
    yield from _told(files.failures)
    yield from pages.notes
    planned = len(plan.files)
    if files.files != planned:
        yield f"Archive files kept: {files.files:,}, planned: {planned:,}."
    if pages.requests != plan.pages:
        yield f"Pages asked over REST: {pages.requests:,}, planned: {plan.pages:,}."
    got = files.filed.kept + pages.kept
    came = got.new + got.unchanged + got.revised + files.filed.contradicted
    if came + got.forming != plan.candles:
        yield f"Candles that came: {came:,}, room for them: {plan.candles:,}."
    if files.filed.contradicted:
        yield (
            f"{files.filed.contradicted:,} candles of archive files differ from what the exchange "
            "gave over REST; REST's stay."
        )


def _told(failures: Mapping[str, ChandleryError]) -> Iterable[str]:
    for path, failure in failures.items():
        yield f"{path.rpartition('/')[2]} was not used, others were asked instead: {failure}"
