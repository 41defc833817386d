"""Jobs in the store: what runs leave behind, who is at it, and counters that never go back."""

from __future__ import annotations

import pytest

from chandlery.store import Finished, JobState, RunRecord, Store
from tests.store.crowd import Crowd, count_runs, take_job

NAME = "binance:BTCUSDT:1h"


def run(started_ms: int, outcome: str = "done") -> RunRecord:
    """A run of the job that took a second."""
    return RunRecord(f"run-{started_ms}", NAME, started_ms, started_ms + 1_000, outcome, "{}")


def good(started_ms: int, offset_ms: int = 0) -> Finished:
    """A run that went well."""
    return Finished(run(started_ms), offset_ms=offset_ms)


def bad(started_ms: int) -> Finished:
    """A run that failed."""
    return Finished(run(started_ms, "failed"), error="no route", error_kind="Unreachable")


def test_never_done(store: Store) -> None:
    """A job that was never begun has an empty state."""
    assert store.jobs.state(NAME) == JobState(NAME)
    assert store.jobs.states() == {}


def test_good_and_bad_runs(store: Store) -> None:
    """Failures are counted until the next good run, and the last good one is remembered."""
    store.jobs.finish(good(1_000, offset_ms=-7))
    store.jobs.finish(bad(2_000))
    store.jobs.finish(bad(3_000))
    assert store.jobs.state(NAME) == JobState(NAME, 3_000, 1_000, -7, 2, "no route", "Unreachable")
    store.jobs.finish(good(4_000))
    assert store.jobs.states() == {NAME: JobState(NAME, 4_000, 4_000)}
    assert [one.started_ms for one in store.runs.latest(None, 9)] == [4_000, 3_000, 2_000, 1_000]


def test_first_run_fails(store: Store) -> None:
    """A job whose first run failed was never done well."""
    store.jobs.finish(bad(1_000))
    assert store.jobs.state(NAME).succeeded_ms is None
    assert store.jobs.state(NAME).failures == 1


def test_a_run_that_is_no_job(store: Store) -> None:
    """A run beside the schedule is written down and leaves the job as it was."""
    store.jobs.finish(good(1_000), job=False)
    assert store.jobs.states() == {}
    assert store.runs.latest(None, 1)[0].started_ms == 1_000


def test_one_holder(store: Store) -> None:
    """While one holds a job nobody else gets it; it may renew its hold."""
    assert store.jobs.hold(NAME, "a", now_ms=0, until_ms=1_000)
    assert not store.jobs.hold(NAME, "b", now_ms=999, until_ms=2_000)
    assert store.jobs.hold(NAME, "a", now_ms=999, until_ms=2_000)
    assert not store.jobs.hold(NAME, "b", now_ms=1_500, until_ms=3_000)


def test_a_hold_ends_by_itself(store: Store) -> None:
    """The job of a worker that died is free after its time, and the dead one has no say in it."""
    store.jobs.hold(NAME, "dead", now_ms=0, until_ms=1_000)
    assert store.jobs.hold(NAME, "b", now_ms=1_000, until_ms=2_000)
    store.jobs.release(NAME, "dead")
    assert not store.jobs.hold(NAME, "c", now_ms=1_500, until_ms=2_000)
    store.jobs.release(NAME, "b")
    assert store.jobs.hold(NAME, "c", now_ms=1_500, until_ms=2_000)


def test_a_run_lets_go(store: Store) -> None:
    """With its run written down a job is free."""
    store.jobs.hold(NAME, "a", now_ms=0, until_ms=1_000)
    store.jobs.finish(good(10))
    assert store.jobs.hold(NAME, "b", now_ms=20, until_ms=1_000)


def test_a_hold_of_a_wrong_clock(store: Store) -> None:
    """A hold until next year, by a clock that was wrong, does not count."""
    store.jobs.hold(NAME, "a", now_ms=0, until_ms=31_536_000_000)
    assert store.jobs.hold(NAME, "b", now_ms=0, until_ms=1_000)


def test_counters(store: Store) -> None:
    """Counters add up by name and label, of good runs and bad ones."""
    store.jobs.finish(Finished(run(1), tallies={("candles", "new"): 3, ("runs", "done"): 1}))
    store.jobs.finish(Finished(run(2), tallies={("candles", "new"): 4, ("candles", "old"): 0}))
    assert store.jobs.tallies() == {("candles", "new"): 7, ("runs", "done"): 1}


@pytest.mark.slow
def test_many_take_one_job(url: str, crowd: Crowd) -> None:
    """When all reach for a job at once, one of them gets it."""
    assert sorted(crowd.all_at_once(take_job, url)) == [False] * (crowd.size - 1) + [True]


def test_many_count_at_once(url: str, shared: Store, crowd: Crowd) -> None:
    """Nothing is lost and nobody waits for ever when all add to the same counters."""
    crowd.all_at_once(count_runs, url, 20)
    assert shared.jobs.tallies() == {(name, ""): 20 * crowd.size for name in "abc"}
    assert len(shared.runs.latest(None, 1_000)) == 20 * crowd.size
