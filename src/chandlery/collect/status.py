"""How everything stands, as a record that every door can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypedDict

import orjson

from chandlery.candles.series import Series
from chandlery.collect.health import Freshness, Late, is_held
from chandlery.collect.jobs import Job
from chandlery.collect.market_caps import EVERY_MS, MARKET_CAPS
from chandlery.settings import Settings
from chandlery.store import Held, JobState, RunRecord, Store

_AWAY: Final = {"Unreachable", "RateLimited", "ServerFault", "BadAnswer", "Blocked"}
"""Kinds of errors that are about an exchange, and not about one series or its CSV."""

_LOOK_BACK: Final = 10


class BudgetView(Protocol):
    """What a sender knows of the requests that an exchange grants to this address."""

    @property
    def limit(self) -> int:
        """Weight per minute that the exchange grants."""

    def used(self) -> int:
        """Weight used in the running minute."""

    def frozen_seconds(self) -> float:
        """For how long nobody may send."""


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """How much of one exchange's request budget is used in the running minute."""

    exchange: str
    used: int
    limit: int
    left: int
    frozen_seconds: float


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """One series: how much there is, how fresh it is, and how its collection goes."""

    series: str
    candles: int
    last_open_ms: int | None
    """Open time of the last closed candle."""
    updated_ms: int | None
    lag_ms: int | None
    """How far the last closed candle's end lies behind the clock; None when there is none."""
    revisions: int = 0
    wanted: bool = True
    """Whether it is to be kept; else it is only stored."""
    ended: bool = False
    """Whether the exchange has taken it off its list, so that nothing new can come."""
    late: bool = False
    unserved_ms: int | None = None
    """The first due time that no good run has served; None when there never was a good one."""
    succeeded_ms: int | None = None
    """When the last good run began."""
    due_ms: int | None = None
    """When it is due next, retries included; 0 for at once; None when never."""
    failures: int = 0
    """How many runs have failed since the last good one."""
    error: str | None = None
    error_kind: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything that is kept, and what went wrong last."""

    now_ms: int
    series: list[SeriesStatus]
    exchange_error: str | None
    """The last error in words while an exchange cannot be reached; None once it answers again."""
    last_attempt_ms: int | None
    market_caps_ms: int | None
    market_caps_error: str | None
    market_caps_late: bool = False
    """Overdue; that alone makes nothing unhealthy."""
    healthy: bool = True
    """Whether no kept series is late, by the rule of `Freshness`."""
    late: list[Late] = field(default_factory=list)
    due_jobs: int = 0
    """How many jobs are due and not begun."""
    budgets: list[BudgetStatus] = field(default_factory=list)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    """Counters since the store was made, by name and label, such as `runs`, `failed`."""


def status(
    store: Store,
    settings: Settings,
    jobs: Sequence[Job],
    *,
    now_ms: int,
    budgets: Mapping[str, BudgetView] | None = None,
) -> StatusReport:
    """How everything stands; the wanted series first, then what else is stored.

    Reads the catalogue, the jobs and the counters, and no candle. Raises `StoreError`.
    """
    fresh = Freshness(settings, jobs, now_ms=now_ms)
    late = fresh.late()
    caps = store.market_caps.latest()
    caps_state = next((job.state for job in jobs if job.name == MARKET_CAPS), JobState(MARKET_CAPS))
    held = {line.series: line for line in store.catalogue()}
    attempts = list(_attempts(jobs, store.runs.latest(None, _LOOK_BACK)))
    return StatusReport(
        now_ms,
        [*_wanted(settings, jobs, held, fresh, late), *_stored(jobs, held, now_ms)],
        exchange_error=_exchange_error(attempts),
        last_attempt_ms=max((one.started_ms for one in attempts), default=None),
        market_caps_ms=caps.taken_ms if caps else None,
        market_caps_error=caps_state.error,
        market_caps_late=fresh.overdue(caps_state, EVERY_MS),
        healthy=not late,
        late=late,
        due_jobs=sum(
            job.due_ms <= now_ms and not is_held(job.state, now_ms=now_ms) for job in jobs
        ),
        budgets=[_budget(exchange, one) for exchange, one in (budgets or {}).items()],
        counted=_counted(store),
    )


def _wanted(
    settings: Settings,
    jobs: Iterable[Job],
    held: Mapping[Series, Held],
    fresh: Freshness,
    late: Iterable[Late],
) -> Iterator[SeriesStatus]:
    """In the order in which people wrote them; what a pattern stands for by name."""
    late_names = {one.series for one in late}
    place = {series: number for number, series in enumerate(settings.series)}
    last = len(place)
    series_jobs = {job.series: job for job in jobs if job.series is not None}
    for series in sorted(series_jobs, key=lambda one: (place.get(one, last), str(one))):
        job = series_jobs[series]
        yield SeriesStatus(
            **_held(series, held.get(series), fresh.now_ms),
            ended=job.ended,
            late=job.name in late_names,
            unserved_ms=fresh.unserved_ms(job),
            succeeded_ms=job.state.succeeded_ms,
            due_ms=None if job.ended else job.due_ms,
            failures=job.state.failures,
            error=job.state.error,
            error_kind=job.state.error_kind,
        )


def _stored(
    jobs: Iterable[Job], held: Mapping[Series, Held], now_ms: int
) -> Iterator[SeriesStatus]:
    wanted = {job.series for job in jobs}
    for series, line in held.items():
        if series not in wanted:
            yield SeriesStatus(**_held(series, line, now_ms), wanted=False)


class _Held(TypedDict):
    series: str
    candles: int
    last_open_ms: int | None
    updated_ms: int | None
    lag_ms: int | None
    revisions: int


def _held(series: Series, held: Held | None, now_ms: int) -> _Held:
    last_ms = held.last_ms if held else None
    return {
        "series": str(series),
        "candles": held.candles if held else 0,
        "last_open_ms": last_ms,
        "updated_ms": held.updated_ms if held else None,
        "lag_ms": None if last_ms is None else max(0, now_ms - series.interval.next(last_ms)),
        "revisions": held.revisions if held else 0,
    }


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One time that an exchange was asked."""

    started_ms: int
    exchange: str
    away: str | None
    """The error in words when it was the exchange's."""


def _attempts(jobs: Iterable[Job], runs: Iterable[RunRecord]) -> Iterator[_Attempt]:
    """The last one of every job, and the newest of what people asked for."""
    for job in jobs:
        state = job.state
        if state.started_ms is not None and job.name != MARKET_CAPS:
            yield _attempt(job.name, state.started_ms, state.error, state.error_kind)
    for run in runs:
        if run.series != MARKET_CAPS:
            report = orjson.loads(run.report_json)
            error, kind = report.get("error"), report.get("error_kind")
            yield _attempt(run.series, run.started_ms, error, kind)


def _attempt(name: str, started_ms: int, error: str | None, kind: str | None) -> _Attempt:
    return _Attempt(started_ms, name.partition(":")[0], error if kind in _AWAY else None)


def _exchange_error(attempts: Iterable[_Attempt]) -> str | None:
    """What an exchange answered that was away when it was asked last."""
    newest = {one.exchange: one for one in sorted(attempts, key=lambda one: one.started_ms)}
    return next((one.away for one in newest.values() if one.away), None)


def _budget(exchange: str, budget: BudgetView) -> BudgetStatus:
    used = budget.used()
    left = max(0, budget.limit - used)
    return BudgetStatus(exchange, used, budget.limit, left, max(0.0, budget.frozen_seconds()))


def _counted(store: Store) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for (name, label), value in store.jobs.tallies().items():
        counted.setdefault(name, {})[label] = value
    return counted
