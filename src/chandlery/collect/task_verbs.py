"""What each kind of task does: one of the keeper's verbs, and its result in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chandlery.candles.series import Series
from chandlery.collect.collect import Listener
from chandlery.collect.keeper import Keeper
from chandlery.errors import ChandleryError
from chandlery.store import Kept, TaskKind, TaskRecord

_NAMED: Final = 3
"""So many remarks are told with the result; the run has them all."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the work of a task came to its end."""

    words: str
    failure: ChandleryError | None = None


def do(keeper: Keeper, task: TaskRecord, listener: Listener) -> Ended:
    """Do the work of a task; what goes wrong on the network stands in the result.

    Raises `InputError`, `RemoteError`, `StoreError`, and whatever the listener raises.
    """
    return _VERBS[task.kind](keeper, task, listener)


def _collect(keeper: Keeper, task: TaskRecord, listener: Listener) -> Ended:
    if task.since_ms is None:
        report = keeper.keep_current(Series.parse(task.series), listener=listener)
    else:
        report = keeper.collect(
            task.series, since=task.since_ms, until=task.until_ms, listener=listener
        )
    return Ended(f"{_kept(report.kept)}; {_many(report.requests, 'request')}.", report.failure)


def _backfill(keeper: Keeper, task: TaskRecord, listener: Listener) -> Ended:
    report = keeper.backfill(
        task.series, since=task.since_ms, until=task.until_ms, listener=listener
    )
    fetched = f"{_many(report.files, 'file')}, {_many(report.pages, 'request')}"
    remarks = "".join(f" {one}." for one in report.differences[:_NAMED])
    return Ended(f"{_kept(report.kept)}; {fetched}.{remarks}", report.failure)


def _repair(keeper: Keeper, task: TaskRecord, listener: Listener) -> Ended:
    report = keeper.repair(task.series, since=task.since_ms, until=task.until_ms, listener=listener)
    asked = f"asked {report.asked} with {_many(report.requests, 'request')}"
    return Ended(f"{_kept(report.kept)}; {asked}.", report.failure)


def _market_caps(keeper: Keeper, _task: TaskRecord, _listener: Listener) -> Ended:
    before = keeper.store.market_caps.last_call_ms()
    failure = keeper.refresh_market_caps()
    if failure is not None:
        return Ended("", failure)
    if keeper.store.market_caps.last_call_ms() == before:
        return Ended("Somebody asked within the last minute; what is kept is as new as can be.")
    return Ended("Collected.")


_VERBS: Final[Mapping[TaskKind, Callable[[Keeper, TaskRecord, Listener], Ended]]] = {
    "collect": _collect,
    "backfill": _backfill,
    "repair": _repair,
    "market_caps": _market_caps,
}


def _kept(kept: Kept) -> str:
    return (
        f"{_many(kept.new, 'new candle')}, {kept.unchanged:,} unchanged, {kept.revised:,} revised"
    )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
