"""What is to be done again and again, and when: the series to keep, symbol lists, market caps.

Jobs are planned anew each time from the settings, the symbol lists and what the store knows of
earlier runs, and from nothing else. So every process plans the same, and due times survive it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from zlib import crc32

from chandlery.candles.series import Series
from chandlery.collect.due import SPREAD_MS, Rhythm, due_every_ms, due_ms
from chandlery.collect.endings import Endings
from chandlery.collect.market_caps import EVERY_MS, MARKET_CAPS
from chandlery.collect.symbols import Listing, Listings
from chandlery.settings import Settings
from chandlery.store import JobState, Store

_SYMBOLS: Final = "symbols"
LISTING_MS: Final = 3_600_000
"""How often the symbols are listed while something depends on who comes and goes."""
ENDED_MS: Final = 86_400_000
"""How often a series that has ended is looked at nevertheless."""
_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of repeated work."""

    name: str
    """`binance:BTCUSDT:1h`, `binance:symbols`, `coingecko:market-caps`."""
    due_ms: int
    """When it is due, by this machine's clock; 0 when it never was done."""
    period_ms: int
    """How often it is done when all is well."""
    state: JobState
    series: Series | None = None
    """The series to collect, if it is such a job."""
    named: bool = True
    """Whether the settings name it in full; what a pattern brought in comes after it."""
    ended: bool = False
    """Whether the exchange trades the symbol no more and all of it was collected."""

    @property
    def order(self) -> tuple[bool, int, str]:
        """Who goes first of those that are due."""
        return not self.named, self.due_ms, self.name


def plan_jobs(
    settings: Settings, store: Store, listings: Listings, *, now_ms: int, refresh: bool = False
) -> list[Job]:
    """Every job, in the order in which to do them. With `refresh` forming candles are kept fresh.

    Raises `StoreError`.
    """
    states = store.jobs.states()
    lists = {one.exchange: listings.held(one.exchange) for one in settings.series}
    endings = Endings(store, lists)
    found = list(_series_jobs(settings, states, endings, now_ms=now_ms, refresh=refresh))
    found += _listing_jobs(settings, found, states, lists, now_ms=now_ms)
    caps = states.get(MARKET_CAPS, JobState(MARKET_CAPS))
    # Also after a failure: nobody may ask sooner than that.
    due = due_every_ms(replace(caps, failures=0), EVERY_MS, now_ms=now_ms)
    found.append(Job(MARKET_CAPS, due, EVERY_MS, caps))
    return sorted(found, key=lambda job: job.order)


def chosen(
    patterns: Iterable[Series], known: Iterable[str], lists: Mapping[str, Listing | None]
) -> dict[Series, bool]:
    """The series that `patterns` stand for, and of each whether it is named in full.

    A wildcard stands for what is traded, and for what was kept (`known`) while it was.
    """
    wanted = list(patterns)
    found = {one: True for one in wanted if not one.is_pattern}
    wild = [one for one in wanted if one.is_pattern]
    if not wild:
        return found
    kept = {Series.parse(name) for name in known if name.count(":") == 2}  # noqa: PLR2004
    for pattern in wild:
        listing = lists.get(pattern.exchange)
        traded = (
            [info.symbol for info in listing.symbols.values() if info.status != "BREAK"]
            if listing
            else []
        )
        candidates = {*(replace(pattern, symbol=symbol) for symbol in traded), *kept}
        for series in sorted(candidates, key=str):
            if pattern.matches(series):
                found.setdefault(series, False)
    return found


def _series_jobs(
    settings: Settings,
    states: Mapping[str, JobState],
    endings: Endings,
    *,
    now_ms: int,
    refresh: bool,
) -> Iterator[Job]:
    for series, named in chosen(settings.series, states, endings.lists).items():
        name = str(series)
        state = states.get(name, JobState(name))
        rhythm = rhythm_of(settings, series, named=named, refresh=refresh)
        due, ended = due_ms(state, rhythm, now_ms=now_ms), False
        if endings.is_gone(series, state):
            due, ended = _NEVER, True
        elif endings.has_ended(series, state):
            due, ended = due_every_ms(state, ENDED_MS, now_ms=now_ms), True
        yield Job(name, due, rhythm.period_ms, state, series, named, ended)


def rhythm_of(settings: Settings, series: Series, *, named: bool, refresh: bool) -> Rhythm:
    """How often the settings want `series` collected; see `plan_jobs`."""
    every = settings.every.of(series)
    spread = 0 if named else crc32(str(series).encode()) % SPREAD_MS
    fresh = refresh and named and settings.refresh > 0
    return Rhythm(
        series.interval,
        every_ms=None if every is None else round(every * 1000),
        delay_ms=round(settings.delay * 1000),
        refresh_ms=round(settings.refresh * 1000) if fresh else None,
        spread_ms=spread,
    )


def _listing_jobs(
    settings: Settings,
    jobs: Iterable[Job],
    states: Mapping[str, JobState],
    lists: Mapping[str, Listing | None],
    *,
    now_ms: int,
) -> Iterator[Job]:
    wanted = {one.exchange for one in settings.series if one.is_pattern}
    wanted |= {job.series.exchange for job in jobs if job.ended and job.series}
    for exchange in sorted(wanted):
        name = listing_job(exchange)
        state = states.get(name, JobState(name))
        due = due_every_ms(state, LISTING_MS, now_ms=now_ms)
        listing = lists[exchange]
        if listing is not None and not state.failures and due > 0:
            due = max(due, listing.fetched_ms + LISTING_MS)
        yield Job(name, due, LISTING_MS, state)


def listing_job(exchange: str) -> str:
    """The name of the job that lists the symbols of an exchange."""
    return f"{exchange}:{_SYMBOLS}"


def exchange_of_listing(name: str) -> str | None:
    """The exchange whose symbols the job of that name lists; None for other jobs."""
    exchange, _, what = name.partition(":")
    return exchange if what == _SYMBOLS else None
