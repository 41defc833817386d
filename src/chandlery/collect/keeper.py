"""The keeper: settings, store and exchanges put together, with the verbs that every door uses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import polars as pl

from chandlery.candles.binance_rows import LATEST_MS
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock, SystemClock, ms_to_text
from chandlery.collect.collect import RECHECKED, Collector, Listener, record
from chandlery.collect.csv_kept import CsvFile, keep_csv, read_csv_file, refuse_other_series
from chandlery.collect.gaps import Gap, find_gaps
from chandlery.collect.importing import Imported, import_file
from chandlery.collect.market_caps import refresh
from chandlery.collect.report import Report
from chandlery.collect.status import StatusReport, status
from chandlery.collect.symbols import check, in_capitals, respelled
from chandlery.collect.wanted import Wanted, When, between, newest, to_ms
from chandlery.errors import BadSpan, RemoteError, UnknownSeries, nearest
from chandlery.exchanges.exchange import Exchange
from chandlery.exchanges.registry import open_exchange
from chandlery.market import MarketCapSnapshot
from chandlery.marketcaps.coingecko import CoinGecko
from chandlery.settings import Settings
from chandlery.store import Held, Kept, Store, sqlite_url

FRESHEST: Final = 500
"""How many candles are collected and shown when nobody says otherwise."""
EPOCH: Final = 0
FOREVER: Final = LATEST_MS


class Keeper:
    """Everything that is kept, and the means to keep it current. Thread-safe; a context manager.

    Making one opens the store; connections to exchanges are opened when they are first needed.
    """

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings.model_copy(update={"series": in_capitals(settings.series)})
        self.notes = respelled(settings.series)
        """What a person should know of the settings."""
        self.clock: Clock = clock or SystemClock()
        url = settings.store_url or sqlite_url(settings.database_path)
        self.store = Store.open(url, clock=self.clock)
        self._coingecko = CoinGecko(
            settings.coingecko_url or None,
            settings.coingecko_key.get_secret_value() or None,
            clock=self.clock,
        )
        self._exchanges: dict[str, Exchange] = {}
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and the store."""
        for exchange in self._exchanges.values():
            exchange.close()
        self._coingecko.close()
        self.store.close()

    def exchange(self, name: str) -> Exchange:
        """The adapter of that name. Raises `UnknownExchange`."""
        with self._opening:
            if name not in self._exchanges:
                urls = getattr(self.settings, f"{name}_url", None) or None
                self._exchanges[name] = open_exchange(name, urls=urls, clock=self.clock)
            return self._exchanges[name]

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

    def top_up(self, series: Series) -> Report:
        """Collect everything that was missed since the last candle that is held."""
        held = self.store.candles.read(series, last=RECHECKED, forming=False).span
        if held is None:
            return self.collect(series, last=FRESHEST)
        return self.collect(series, since=held.start)

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
            checked = check(series, exchange, self.store, self.clock)
            wanted = want(exchange)
        except RemoteError as failure:
            ended = self.clock.now_ms()
            report = Report(series, asked, started, ended, 0, Kept(), failure=failure)
            record(report, self.store)
            return report
        collector = Collector(exchange, self.store, self.clock)
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
        path = self.settings.csv_path(series)
        held = self._read_csv(path, series) if path else None
        if last is None:
            report = self.top_up(series)
        else:
            report = self.collect(series, last=last, listener=listener)
        report = replace(report, notes=(*notes, *report.notes))
        if held is None or not report.ok:
            return report
        report = self._settle_doubts(held, self._reach(held, report))
        return self._keep_csv(held, report, last or FRESHEST) if report.ok else report

    def _reach(self, held: CsvFile, report: Report) -> Report:
        """Fetch the freshest candles too when few were asked and the CSV ends before those."""
        opens = held.frame["open_time"].dt.epoch("ms")
        if report.got is None or opens.is_empty() or int(opens[-1]) >= report.got.start:
            return report
        return report.followed_by(self.collect(report.series, last=FRESHEST))

    def _read_csv(self, path: Path, series: Series) -> CsvFile:
        held = read_csv_file(path, series, now_ms=self.clock.now_ms())
        known = self.store.candles.read(series, last=FRESHEST, forming=False)
        refuse_other_series(held, series, known.frame)
        return held

    def _keep_csv(self, held: CsvFile, report: Report, last: int) -> Report:
        answered = self.store.ledger.answered(report.series)
        fresh = self._since(report.series, held.frame, last)
        now_ms = self.clock.now_ms()
        kept = keep_csv(held.path, report.series, fresh, answered=answered, now_ms=now_ms)
        return replace(report, csv=kept, notes=(*report.notes, *_hole(held, report, fresh)))

    def _settle_doubts(self, held: CsvFile, report: Report) -> Report:
        """Ask again for candles that the CSV may hold unfinished and that did not come just now."""
        known = self.store.ledger.answered(report.series) + ([report.got] if report.got else [])
        for open_ms in held.doubtful:
            if report.ok and not any(open_ms in span for span in known):
                again = self.collect(report.series, since=open_ms, until=open_ms + 1)
                report = report.followed_by(again)
        return report

    def _since(self, series: Series, csv: pl.DataFrame, last: int) -> pl.DataFrame:
        """What is held from the first candle of the CSV on, or the newest `last` when it is new."""
        newest_held = self.store.candles.read(series, last=last)
        if newest_held.span is None or csv.is_empty():
            return newest_held.frame
        first_ms = min(int(csv["open_time"].dt.epoch("ms")[0]), newest_held.span.start)
        return self.store.candles.read(series, span=Span(first_ms, newest_held.span.end)).frame

    def import_file(self, path: Path, series: Series) -> Imported:
        """Keep the candles of a file. Raises `BadFile` with the line that is wrong."""
        return import_file(path, series, self.store, now_ms=self.clock.now_ms())

    def read(
        self, series: Series | str, *, last: int | None = None, span: Span | None = None
    ) -> Candles:
        """The newest `last` candles of those held, or those that open within `span`, or all."""
        series = Series.parse(series) if isinstance(series, str) else series
        return self.store.candles.read(series, last=last, span=span)

    def held(
        self,
        series: Series | str,
        *,
        last: int | None = None,
        since: When | None = None,
        until: When | None = None,
        forming: bool = True,
    ) -> Candles:
        """Kept candles of a series that is kept: the newest `last`, of those in the given time.

        `forming` says whether the unfinished candle is one of them. Raises `UnknownSeries` with
        the nearest ones when nothing of it is kept, `BadSpan`.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        kept = [line.series for line in self.catalogue()]
        if wanted not in kept:
            wanted = in_capitals([wanted])[0]
        if wanted not in kept:
            raise UnknownSeries(str(series), nearest(str(series), map(str, kept)))
        span = None
        if since is not None or until is not None:
            start = EPOCH if since is None else to_ms(since)
            span = between(start, FOREVER if until is None else to_ms(until), now_ms=FOREVER).span
        count = None if last is None else newest(last).last
        return self.store.candles.read(wanted, last=count, span=span, forming=forming)

    def gaps(self, series: Series | str) -> list[Gap]:
        """Where the series has no candle between its first and its last one, and why."""
        series = Series.parse(series) if isinstance(series, str) else series
        return find_gaps(series, self.store)

    def catalogue(self) -> list[Held]:
        """What is held of each series, without looking at a candle."""
        return self.store.catalogue()

    def status(self) -> StatusReport:
        """How everything stands."""
        return status(self.store, self.settings.series, now_ms=self.clock.now_ms())

    def market_caps(self) -> MarketCapSnapshot | None:
        """The last known market caps, from the store."""
        return self.store.market_caps.latest()

    def refresh_market_caps(self) -> bool:
        """Ask for the market caps unless someone did within the minute; whether that went well."""
        return refresh(self._coingecko, self.store, self.clock)

    def price_decimals(self, series: Series) -> int | None:
        """Digits after the point of a price, if the exchange has told; from the store."""
        held = self.store.symbols.read(series.exchange)
        found = (info for info in (held[0] if held else []) if info.symbol == series.symbol)
        return next((info.price_decimals for info in found), None)


def _hole(held: CsvFile, report: Report, fresh: pl.DataFrame) -> list[str]:
    """A remark when candles lie between the CSV's last one and what is held that nobody asked."""
    opens = held.frame["open_time"].dt.epoch("ms")
    later = fresh["open_time"].dt.epoch("ms")
    later = later.filter(later > int(opens[-1])) if len(opens) else opens
    if later.is_empty() or int(later[0]) <= report.series.interval.next(int(opens[-1])):
        return []
    start, end = ms_to_text(int(opens[-1])), ms_to_text(int(later[0]))
    command = f"chandlery collect {report.series} --since {start[:10]}"
    return [f"{held.path} has no candles between {start} and {end}; '{command}' fetches them."]
