"""Which tasks beat sends: each once for its due time, people's own first, never a flood."""

from __future__ import annotations

from chandlery.candles.series import Series
from chandlery.collect.jobs import Job
from chandlery.schedule.celery_plan import LONGEST_LIFE_MS, MOST_WAITING, SHORTEST_LIFE_MS, Plan
from chandlery.store import JobState

NOW = 1_732_354_200_000
HOUR = 3_600_000


def job(symbol: str, due_ms: int = NOW, *, period_ms: int = HOUR, named: bool = True) -> Job:
    """The job of one series."""
    name = f"binance:{symbol}:1h"
    return Job(name, due_ms, period_ms, JobState(name), Series.parse(name), named)


def send(plan: Plan, jobs: list[Job], *, now_ms: int = NOW, waiting: int = 0) -> list[str]:
    """The symbols that are sent now."""
    due = list(plan.due(jobs, waiting=waiting, now_ms=now_ms))
    for one in due:
        plan.sent(one, now_ms=now_ms)
    return [one.name.split(":")[1] for one in due]


def test_what_is_due() -> None:
    """What is due is sent, and what is not is not."""
    assert send(Plan(), [job("A"), job("B", NOW + 1), job("C", 0)]) == ["A", "C"]


def test_once_for_a_due_time() -> None:
    """What has been sent is not sent again until its message has been dropped."""
    plan, jobs = Plan(), [job("A")]
    assert send(plan, jobs) == ["A"]
    assert send(plan, jobs, now_ms=NOW + LONGEST_LIFE_MS - 1) == []
    assert send(plan, jobs, now_ms=NOW + LONGEST_LIFE_MS) == ["A"]


def test_done_means_sent_anew() -> None:
    """A job that was done is sent at its next due time, however soon that is."""
    plan = Plan()
    send(plan, [job("A", period_ms=1000)])
    assert send(plan, [job("A", NOW + 1000, period_ms=1000)], now_ms=NOW + 1000) == ["A"]


def test_nothing_piles_up() -> None:
    """Without a worker the queue holds each job once, even after an hour."""
    plan, jobs, waiting = Plan(), [job("A"), job("B", period_ms=5000)], 0
    for second in range(3600):
        waiting += len(send(plan, jobs, now_ms=NOW + 1000 * second, waiting=waiting))
    assert waiting == 2


def test_short_periods_live_longer() -> None:
    """Of a job of a second the message lives for ten, lest clocks that differ drop it."""
    plan, jobs = Plan(), [job("A", period_ms=1000)]
    send(plan, jobs)
    assert send(plan, jobs, now_ms=NOW + SHORTEST_LIFE_MS - 1) == []
    assert send(plan, jobs, now_ms=NOW + SHORTEST_LIFE_MS) == ["A"]


def test_people_come_first() -> None:
    """Of what wildcards brought in few wait at a time; what people named is never held back."""
    plan = Plan()
    wild = [job(f"W{number:03}", named=False) for number in range(3 * MOST_WAITING)]
    assert send(plan, wild) == [f"W{number:03}" for number in range(MOST_WAITING)]
    assert send(plan, [job("A"), *wild], waiting=MOST_WAITING) == ["A"]
    assert len(send(plan, wild, waiting=MOST_WAITING - 10)) == 10


def test_naps() -> None:
    """Between looks beat sleeps until something is due, at most five seconds."""
    plan = Plan()
    assert plan.nap_ms([job("A", NOW + HOUR)], now_ms=NOW) == 5000
    assert plan.nap_ms([job("A", NOW + 700)], now_ms=NOW) == 700
    assert plan.nap_ms([job("A", NOW + 1)], now_ms=NOW) >= 100
    send(plan, [job("A", period_ms=2000)])
    assert plan.nap_ms([job("A", period_ms=2000)], now_ms=NOW) <= 1000
