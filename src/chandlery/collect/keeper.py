"""The keeper: settings, store and exchanges put together, with the verbs that every door uses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from chandlery.candles.series import Series
from chandlery.clock import Clock, SystemClock, ms_to_text
from chandlery.collect.collect import Collector, Listener
from chandlery.collect.history import History
from chandlery.collect.importing import Imported, Told, import_file
from chandlery.collect.jobs import Job, plan_jobs
from chandlery.collect.keeping import Keeping
from chandlery.collect.looking import Looking
from chandlery.collect.market_caps import refresh
from chandlery.collect.market_view import Market
from chandlery.collect.reading import FOREVER, Reading
from chandlery.collect.record import record
from chandlery.collect.report import Report
from chandlery.collect.set_back import SetBack
from chandlery.collect.status import StatusReport, status
from chandlery.collect.symbols import Listings, check, in_capitals, respelled
from chandlery.collect.upkeep import FRESHEST, Upkeep
from chandlery.collect.wanted import Wanted, When, between, newest, to_ms
from chandlery.errors import BadSpan, RemoteError, StoreError
from chandlery.exchanges.archive import Archive
from chandlery.exchanges.archives import archive_setting, open_archive
from chandlery.exchanges.exchange import Exchange
from chandlery.exchanges.registry import names, open_exchange, weight_limit
from chandlery.market import MarketCapSnapshot
from chandlery.marketcaps.coingecko import CoinGecko
from chandlery.settings import Settings
from chandlery.store import Kept, Store, sqlite_url
from chandlery.transport.budget import Budget, open_budget
from chandlery.transport.service import MANNERS

__all__ = ["FRESHEST", "Keeper"]


class Keeper(History, Keeping, Looking, Reading):
    """Everything that is kept, and the means to keep it current. Thread-safe; a context manager.

    Making one opens the store; connections to exchanges are opened when they are first needed.
    With `background` its requests leave room for those of people, who wait for an answer.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, background: bool = False
    ) -> None:
        self.settings = settings.model_copy(update={"series": in_capitals(settings.series)})
        self.notes = respelled(settings.series)
        """What a person should know of the settings."""
        self.clock: Clock = clock or SystemClock()
        url = settings.store_url or sqlite_url(settings.database_path)
        self.store = Store.open(url, lake=settings.lake_place, clock=self.clock)
        self._coingecko = CoinGecko(
            settings.coingecko_url or None,
            settings.coingecko_key.get_secret_value() or None,
            clock=self.clock,
        )
        self.listings = Listings(self.store, self.clock)
        self.market = Market(self.store, self.listings, self._shown_series)
        self._manners = replace(MANNERS, background=background)
        self._budgets: dict[str, Budget] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._archives: dict[str, Archive | None] = {}
        self._opening = threading.Lock()
        self._set_back = SetBack(self.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and the store."""
        for exchange in self._exchanges.values():
            exchange.close()
        for archive in self._archives.values():
            if archive is not None:
                archive.close()
        self._coingecko.close()
        self.store.close()

    def exchange(self, name: str) -> Exchange:
        """The adapter of that name. Raises `UnknownExchange`, and `BadSetting` for bad URLs."""
        with self._opening:
            if name not in self._exchanges:
                self._exchanges[name] = open_exchange(
                    name,
                    urls=self._urls(name) or None,
                    clock=self.clock,
                    budget=self._budget(name),
                    manners=self._manners,
                )
            return self._exchanges[name]

    def archive(self, name: str) -> Archive | None:
        """The archive of that exchange, or None when it has none."""
        with self._opening:
            if name not in self._archives:
                urls = getattr(self.settings, archive_setting(name), ()) or None
                self._archives[name] = open_archive(name, urls=urls, clock=self.clock)
            return self._archives[name]

    def budgets(self) -> dict[str, Budget]:
        """The request budgets of the exchanges whose series are kept, by name."""
        wanted = {one.exchange for one in self.patterns()} & set(names())
        with self._opening:
            return {name: self._budget(name) for name in sorted(wanted)}

    def _budget(self, name: str) -> Budget:
        if name not in self._budgets:
            # An exchange at another address grants a budget of its own, above all the sandbox.
            urls = self._urls(name)
            granted_by = f"{name}@{urlsplit(urls[0]).netloc.rpartition('@')[2]}" if urls else name
            place = self.settings.budget_place
            limit = weight_limit(name)
            self._budgets[name] = open_budget(place, granted_by, clock=self.clock, limit=limit)
        return self._budgets[name]

    def _urls(self, name: str) -> tuple[str, ...]:
        return getattr(self.settings, f"{name.replace('-', '_')}_url", ())

    def collect(
        self,
        series: Series | str,
        *,
        last: int | None = None,
        since: When | None = None,
        until: When | None = None,
        listener: Listener | None = None,
    ) -> Report:
        """Fetch and keep the newest `last` candles, or what is missing from `since` to `until`.

        Raises `InputError` for what cannot be asked, and `StoreError`; what goes wrong on the
        network stands in the report.
        """
        report = self._collect(series, last=last, since=since, until=until, listener=listener)
        return self._folded(report, job=False)

    def _collect(
        self,
        series: Series | str,
        *,
        last: int | None = None,
        since: When | None = None,
        until: When | None = None,
        listener: Listener | None = None,
    ) -> Report:
        """The same without writing it down."""
        if since is None and until is None:
            wanted = newest(FRESHEST if last is None else last)
            return self._run(series, lambda _: wanted, str(wanted), listener)
        if since is None or last is not None:
            msg = (
                "Ask either for the last N candles, or since a time and, if wanted, until another."
            )
            raise BadSpan(msg)
        since_ms, until_ms = to_ms(since), None if until is None else to_ms(until)
        between(since_ms, until_ms, now_ms=FOREVER)
        return self._run(
            series,
            lambda exchange: between(since_ms, until_ms, now_ms=exchange.server_ms()),
            f"since {ms_to_text(since_ms)}",
            listener,
        )

    def _run(
        self,
        series: Series | str,
        want: Callable[[Exchange], Wanted],
        asked: str,
        listener: Listener | None,
    ) -> Report:
        series = Series.parse(series) if isinstance(series, str) else series
        exchange = self.exchange(series.exchange)
        started = self.clock.now_ms()
        try:
            checked = check(series, exchange, self.listings)
            wanted = want(exchange)
        except RemoteError as failure:
            ended = self.clock.now_ms()
            return Report(series, asked, started, ended, 0, Kept(), failure=failure)
        collector = Collector(exchange, self.store, self.clock, self.settings.recheck)
        return collector.collect(checked.series, wanted, listener=listener, notes=checked.notes)

    def keep_current(
        self, series: Series, *, last: int | None = None, listener: Listener | None = None
    ) -> Report:
        """Collect the newest `last` candles, or all that was missed; bring the CSV up to date.

        Candles of the CSV that may have been stored unfinished are asked again. Raises `BadFile`,
        before anything is fetched, when the CSV is something else or holds other candles than
        those known of the series; when nothing is known yet, after.
        """
        notes = respelled([series])
        series = in_capitals([series])[0]
        report = self._upkeep(listener).keep(series, last=last)
        report = replace(report, notes=(*notes, *report.notes))
        return self._folded(report, job=True)

    def _folded(self, report: Report, *, job: bool) -> Report:
        """Write a collection down; move older candles to the cold tier when there are enough."""
        offset_ms = self._offset_ms(report) if job else 0
        record(report, self.store, job=job, offset_ms=offset_ms)
        try:
            self.store.folding.fold(report.series)
        except StoreError as error:
            # What was collected is kept; only where it stands has not changed.
            return replace(report, notes=(*report.notes, f"Not moved to the lake yet: {error}"))
        return report

    def catch_up(self, series: Series, *, listener: Listener | None = None) -> Report:
        """Collect all that was missed, and the freshest candles too if fewer are held."""
        report = self.keep_current(series, listener=listener)
        if not report.ok or len(self.read(report.series, last=FRESHEST)) >= FRESHEST:
            return report
        fresh = self.keep_current(series, last=FRESHEST, listener=listener)
        return replace(report.followed_by(fresh), csv=fresh.csv or report.csv)

    def _upkeep(self, listener: Listener | None) -> Upkeep:
        return Upkeep(
            self.store,
            self.clock,
            partial(self._collect, listener=listener),
            self.settings.csv_path,
            self.settings.recheck,
        )

    def _offset_ms(self, report: Report) -> int:
        """How far the exchange's clock is ahead of ours, if it answered just now."""
        if not report.ok:
            return 0
        return self.exchange(report.series.exchange).server_ms() - self.clock.now_ms()

    def jobs(self, *, refresh: bool = False) -> list[Job]:
        """All repeated work, and when each piece of it is due; see `plan_jobs`."""
        now_ms = self.clock.now_ms()
        jobs = plan_jobs(self.in_force(), self.store, self.listings, now_ms=now_ms, refresh=refresh)
        return self._set_back.amended(jobs)

    def import_file(
        self,
        path: Path,
        series: Series | None = None,
        *,
        exchange: str | None = None,
        closed: bool = False,
    ) -> Imported:
        """Keep the candles of a file; what it holds is told, or known by its name.

        Raises `BadFile` with the line that is wrong.
        """
        told = Told(series, exchange, closed=closed)
        return import_file(path, told, self.store, now_ms=self.clock.now_ms())

    def status(self) -> StatusReport:
        """How everything stands."""
        now_ms = self.clock.now_ms()
        in_force = self.in_force()
        jobs = plan_jobs(in_force, self.store, self.listings, now_ms=now_ms)
        return status(self.store, in_force, jobs, now_ms=now_ms, budgets=self.budgets())

    def market_caps(self) -> MarketCapSnapshot | None:
        """The ten biggest market caps as last known, from the store; see `market` for more."""
        return self.market.biggest()

    def keeps(self, series: Series) -> bool:
        """Whether a series is wanted or stored."""
        return series in self._shown_series()

    def _shown_series(self) -> tuple[Series, ...]:
        """Every series that is wanted or stored, wanted ones first."""
        return (*self.wanted_series(), *(line.series for line in self.catalogue()))

    def refresh_market_caps(self) -> RemoteError | None:
        """Ask for the market caps unless someone did within the minute; what went wrong."""
        return refresh(self._coingecko, self.store, self.clock)

    def price_decimals(self, series: Series) -> int | None:
        """Digits after the point of a price, if the exchange has told; from the store."""
        listing = self.listings.held(series.exchange)
        info = listing.symbols.get(series.symbol) if listing else None
        return info.price_decimals if info else None
