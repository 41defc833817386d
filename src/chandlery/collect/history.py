"""The verbs about whole histories: plan, backfill, recheck, gaps, repair, prove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from chandlery.candles.gaps import places
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.collect.backfill.backfill import Backfiller
from chandlery.collect.backfill.plan import BackfillPlan, RestPrice
from chandlery.collect.backfill.recheck import Rechecked, recheck
from chandlery.collect.backfill.report import BackfillReport
from chandlery.collect.backfill.rest import RestSpans
from chandlery.collect.backfill.steps import Steps
from chandlery.collect.collect import Listener
from chandlery.collect.gaps import Gap, find_gaps
from chandlery.collect.record import record
from chandlery.collect.report import Report
from chandlery.collect.symbols import Listings, check, in_capitals
from chandlery.collect.wanted import When, between, to_ms
from chandlery.errors import UnknownSymbol
from chandlery.exchanges.archive import Archive
from chandlery.exchanges.exchange import Exchange
from chandlery.exchanges.registry import rest_price
from chandlery.store import Entry, Proof, Store

if TYPE_CHECKING:
    from chandlery.settings import Settings

_ENDED: Final = "BREAK"
_FOREVER: Final = 1 << 62


class History:
    """Part of the keeper; what it needs of it stands here without a value."""

    settings: Settings
    store: Store
    clock: Clock
    listings: Listings

    def exchange(self, name: str) -> Exchange:
        """The adapter of that name."""
        raise NotImplementedError

    def archive(self, name: str) -> Archive | None:
        """Its archive, if it has one."""
        raise NotImplementedError

    def plan(
        self, series: Series | str, *, since: When | None = None, until: When | None = None
    ) -> BackfillPlan:
        """How `backfill` would get what is missing, and what that costs; nothing is fetched.

        The exchange is asked for its symbols, the first candle and the list of archive files.
        Raises `RemoteError` when it does not answer, `InputError` for what cannot be asked.
        """
        since_ms, until_ms = _times(since, until)
        wanted = self._checked(series)
        return self._backfiller(wanted).plan(wanted, since_ms=since_ms, until_ms=until_ms)

    def backfill(
        self,
        series: Series | str,
        *,
        since: When | None = None,
        until: When | None = None,
        listener: Listener | None = None,
    ) -> BackfillReport:
        """Collect all that is missing since the beginning, archive files first; see `plan`.

        May be interrupted and called again. Raises as `plan` does, and `StoreError`; what goes
        wrong on the way stands in the report.
        """
        since_ms, until_ms = _times(since, until)
        wanted = self._checked(series)
        report = self._backfiller(wanted).run(
            wanted, since_ms=since_ms, until_ms=until_ms, listener=listener
        )
        record(report.as_run(), self.store)
        return report

    def recheck_archive(self, series: Series | str) -> Rechecked:
        """Look whether archive files of which candles are kept were re-issued; fetch those again.

        Candles that differ are revised. Raises `StoreError`.
        """
        wanted = self._checked(series)
        archive = self.archive(wanted.exchange)
        if archive is None:
            return Rechecked(wanted)
        return recheck(wanted, archive, self.store, self.clock)

    def gaps(self, series: Series | str, *, within: Span | None = None) -> list[Gap]:
        """Every stretch without a candle up to now, ascending, each with reason and evidence.

        Gaps are cut to the time `within`, and no more candles than its are looked at.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        # By the exchange's clock, as far as it is known: by ours a candle may have closed already.
        offset_ms = self.store.jobs.state(str(wanted)).offset_ms
        now_ms = self.clock.now_ms() + offset_ms
        ended = self._has_ended(wanted)
        return find_gaps(wanted, self.store, now_ms=now_ms, ended=ended, within=within)

    def repair(
        self,
        series: Series | str,
        *,
        since: When | None = None,
        until: When | None = None,
        listener: Listener | None = None,
    ) -> Report:
        """Ask the exchange again for every gap inside the series, whatever the ledger says.

        Only for gaps, and parts of them, in the given time, if one is given. Where the catalogue
        counts other candles than there are, it is put right. Raises `InputError`, `StoreError`;
        what goes wrong on the network stands in the report.
        """
        since_ms, until_ms = _times(since, until)
        wanted = self._checked(series)
        started_ms = self.clock.now_ms()
        asked = Span(since_ms or 0, _FOREVER if until_ms is None else until_ms)
        spans = self._repairable(wanted, asked)
        exchange = self.exchange(wanted.exchange)
        steps = Steps(sum(places(span, wanted.interval) for span in spans), listener)
        done = RestSpans(wanted, exchange, self.store, steps.advanced).run(spans)
        if done.failure is not None:
            for span in spans:
                words = f"{wanted.symbol} {wanted.interval}"
                failure = Entry(span, "failed", started_ms, "rest", words, error=str(done.failure))
                self.store.ledger.fail(wanted, failure)
        report = Report(
            wanted,
            f"{len(spans)} gaps again",
            started_ms,
            self.clock.now_ms(),
            done.requests,
            done.kept,
            failure=done.failure,
            notes=done.notes,
        )
        if self.store.prove(wanted).miscounted:
            self.store.recount(wanted)
        record(report, self.store)
        return report

    def _repairable(self, series: Series, asked: Span) -> list[Span]:
        """The gaps in which candles could be, cut to what is asked."""
        found = (gap.span for gap in self.gaps(series) if gap.inside and gap.candles)
        return [cut for span in found if (cut := span.intersect(asked)) is not None]

    def prove(self, series: Series | str) -> Proof:
        """Recount a series from its candles and compare with ledger and catalogue."""
        wanted = Series.parse(series) if isinstance(series, str) else series
        return self.store.prove(wanted)

    def expanded(self, series: Iterable[Series]) -> list[Series]:
        """The series with those in place of a pattern for which it stands, traded or not.

        Raises `RemoteError` when there is no list of symbols, and `UnknownSymbol` for a pattern
        that stands for none.
        """
        found: dict[Series, None] = {}
        for one in in_capitals(series):
            if not one.is_pattern:
                found[one] = None
                continue
            listing = self.listings.young(self.exchange(one.exchange))
            pattern = one.symbol.replace("[", "[[]")
            meant = [symbol for symbol in listing.symbols if fnmatchcase(symbol, pattern)]
            if not meant:
                raise UnknownSymbol(one.exchange, one.symbol)
            found.update((replace(one, symbol=symbol), None) for symbol in sorted(meant))
        return list(found)

    def _checked(self, series: Series | str) -> Series:
        named = Series.parse(series) if isinstance(series, str) else series
        return check(named, self.exchange(named.exchange), self.listings).series

    def _has_ended(self, series: Series) -> bool:
        listing = self.listings.held(series.exchange)
        info = listing.symbols.get(series.symbol) if listing else None
        return info is not None and info.status == _ENDED

    def _backfiller(self, series: Series) -> Backfiller:
        name = series.exchange
        price = RestPrice(*rest_price(name))
        return Backfiller(self.exchange(name), self.archive(name), self.store, self.clock, price)


def _times(since: When | None, until: When | None) -> tuple[int | None, int | None]:
    since_ms = None if since is None else to_ms(since)
    until_ms = None if until is None else to_ms(until)
    if since_ms is not None or until_ms is not None:
        between(since_ms or 0, until_ms, now_ms=_FOREVER)
    return since_ms, until_ms
