"""Writing down what was done: the run, the state of its job, and the counters."""

from __future__ import annotations

import uuid
from typing import Final

from chandlery.collect.report import Report
from chandlery.errors import ChandleryError
from chandlery.store import Finished, RunRecord, Store, Tallies

DURATIONS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the classes in which durations of runs are counted."""
LONGER: Final = "+Inf"


def record(report: Report, store: Store, *, job: bool = False, offset_ms: int = 0) -> None:
    """Write a collection down, so that every process can tell what happened.

    With `job` it was the whole work of the series' job; see `JobTable.finish`.
    """
    failure = report.failure
    finished = Finished(
        run(str(report.series), report.started_ms, report.ended_ms, failure, report.to_json()),
        error=str(failure) if failure else None,
        error_kind=type(failure).__name__ if failure else None,
        offset_ms=offset_ms,
        tallies=_tallies(report),
    )
    store.jobs.finish(finished, job=job)


def record_job(store: Store, done: RunRecord, failure: ChandleryError | None) -> None:
    """Write down a job that collects no candles, or came to nothing."""
    ended_ms = done.started_ms if done.ended_ms is None else done.ended_ms
    finished = Finished(
        done,
        error=str(failure) if failure else None,
        error_kind=type(failure).__name__ if failure else None,
        tallies=_outcome(done.started_ms, ended_ms, failure),
    )
    store.jobs.finish(finished)


def run(
    name: str, started_ms: int, ended_ms: int, failure: ChandleryError | None, text: str
) -> RunRecord:
    """The record of one run, under a new id."""
    outcome = "failed" if failure else "done"
    return RunRecord(uuid.uuid4().hex, name, started_ms, ended_ms, outcome, text)


def _outcome(started_ms: int, ended_ms: int, failure: ChandleryError | None) -> Tallies:
    """What every run adds: itself by outcome, its duration, and the kind of its error."""
    took_ms = max(0, ended_ms - started_ms)
    bound = next((f"{s:g}" for s in DURATIONS_S if took_ms <= s * 1000), LONGER)
    tallies = {
        ("runs", "failed" if failure else "done"): 1,
        ("run_seconds_bucket", bound): 1,
        ("run_milliseconds", ""): took_ms,
    }
    if failure is not None:
        tallies["errors", type(failure).__name__] = 1
    return tallies


def _tallies(report: Report) -> Tallies:
    return {
        **_outcome(report.started_ms, report.ended_ms, report.failure),
        ("requests", report.series.exchange): report.requests,
        ("candles", "new"): report.kept.new,
        ("candles", "unchanged"): report.kept.unchanged,
        ("candles", "revised"): report.kept.revised,
    }
