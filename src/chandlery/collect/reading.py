"""The verbs that give back what is kept: whole, in part, lazily, summed up, by SQL."""

from __future__ import annotations

from typing import Final

import polars as pl

from chandlery.candles.binance_rows import LATEST_MS
from chandlery.candles.frame import Candles
from chandlery.candles.interval import Interval
from chandlery.candles.resample import Resampled
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect import sql
from chandlery.collect.resampling import resampled
from chandlery.collect.symbols import in_capitals
from chandlery.collect.wanted import Wanted, When, between, newest, to_ms
from chandlery.errors import UnknownSeries, nearest
from chandlery.store import Held, Store

EPOCH: Final = 0
FOREVER: Final = LATEST_MS


class Reading:
    """Part of the keeper; the store is the keeper's."""

    store: Store

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
        wanted = self.known(series)
        count = None if last is None else newest(last).last
        span = _asked_span(since, until)
        return self.store.candles.read(wanted, last=count, span=span, forming=forming)

    def scan(
        self,
        series: Series | str,
        *,
        last: int | None = None,
        since: When | None = None,
        until: When | None = None,
        forming: bool = False,
    ) -> pl.LazyFrame:
        """What `held` gives, in the same columns, as a lazy frame that need not fit in memory."""
        wanted = self.known(series)
        count = None if last is None else newest(last).last
        span = _asked_span(since, until)
        return self.store.candles.scan(wanted, last=count, span=span, forming=forming)

    def known(self, series: Series | str) -> Series:
        """The series as it is kept. Raises `UnknownSeries` with the nearest ones."""
        wanted = Series.parse(series) if isinstance(series, str) else series
        kept = [line.series for line in self.catalogue()]
        if wanted not in kept:
            wanted = in_capitals([wanted])[0]
        if wanted not in kept:
            raise UnknownSeries(str(series), nearest(str(series), map(str, kept)))
        return wanted

    def resample(  # noqa: PLR0913  what `held` takes, what is wanted of it, and the 3d grid
        self,
        series: Series | str,
        interval: Interval | str,
        *,
        last: int | None = None,
        since: When | None = None,
        until: When | None = None,
        anchor: When | None = None,
    ) -> Resampled:
        """The newest `last` larger candles, of those in the given time, from a series that is kept.

        They are exact sums of closed candles; which of them are not complete, and why, stands
        beside them. 3d candles count from the symbol's first day; where that is not known,
        `anchor` is a day on which one opens. Raises `UnknownSeries`, `UnknownInterval`, `BadSpan`.
        """
        larger = Interval.parse(interval) if isinstance(interval, str) else interval
        return resampled(
            self.known(series),
            larger,
            self.store,
            Wanted(None if last is None else newest(last).last, _asked_span(since, until)),
            anchor_ms=None if anchor is None else to_ms(anchor),
        )

    def sql(self, query: str) -> pl.LazyFrame:
        """What a SELECT over the kept candles gives; collect it while the keeper is open.

        Raises `InputError` when it cannot be answered, `UnknownSeries`; see `collect/sql.py`.
        """
        return sql.query(query, self.store)

    def catalogue(self) -> list[Held]:
        """What is held of each series, without looking at a candle."""
        return self.store.catalogue()


def _asked_span(since: When | None, until: When | None) -> Span | None:
    if since is None and until is None:
        return None
    start = EPOCH if since is None else to_ms(since)
    return between(start, FOREVER if until is None else to_ms(until), now_ms=FOREVER).span
