"""The request budget of one process."""

from __future__ import annotations

import threading

import pytest

from chandlery.clock import FrozenClock
from chandlery.errors import RateLimited
from chandlery.transport.budget import MinuteBudget, Permit
from tests.transport.conftest import NOON_MS


@pytest.fixture
def budget(clock: FrozenClock) -> MinuteBudget:
    """A hundred a minute, all of it usable, ten of it reserved."""
    return MinuteBudget(clock, limit=100, share=1.0, reserve=0.1)


def spend(budget: MinuteBudget, weight: int, *, background: bool = False) -> Permit:
    """Acquire and settle at once."""
    permit = budget.acquire(weight, background=background)
    budget.settle(permit, None)
    return permit


def test_waits_for_the_next_minute(budget: MinuteBudget, clock: FrozenClock) -> None:
    """When the minute is used up, the next request goes out in the next clock minute."""
    clock.advance(20)
    for _ in range(50):
        spend(budget, 2)
    assert clock.now_ms() == NOON_MS + 20_000
    spend(budget, 2)
    assert NOON_MS + 60_000 < clock.now_ms() < NOON_MS + 60_200
    assert budget.used() == 2


def test_patience(budget: MinuteBudget, clock: FrozenClock) -> None:
    """Who will not wait that long is told at once how long it would be."""
    spend(budget, 100)
    with pytest.raises(RateLimited) as caught:
        budget.acquire(1, patience=5)
    assert 60 <= caught.value.retry_after <= 61
    assert clock.monotonic() == 0


def test_background_leaves_a_reserve(budget: MinuteBudget, clock: FrozenClock) -> None:
    """Background work stops before the budget ends; interactive work may use the rest."""
    spend(budget, 90, background=True)
    spend(budget, 10)
    assert clock.monotonic() == 0
    spend(budget, 1, background=True)
    assert clock.monotonic() > 59


def test_share(clock: FrozenClock) -> None:
    """Only the safe share of the limit is used."""
    budget = MinuteBudget(clock, limit=100, share=0.5)
    spend(budget, 50)
    spend(budget, 1)
    assert clock.monotonic() > 59


def test_correction_raises(budget: MinuteBudget, clock: FrozenClock) -> None:
    """What others on this address have used counts."""
    budget.settle(budget.acquire(2), 99)
    assert budget.used() == 99
    spend(budget, 2)
    assert clock.monotonic() > 59


def test_correction_counts_what_is_in_flight(budget: MinuteBudget) -> None:
    """The exchange may not have seen the requests in flight, so they come on top of its count."""
    first, _second = budget.acquire(2), budget.acquire(20)
    budget.settle(first, 2)
    assert budget.used() == 22


def test_late_answers_do_not_lower(budget: MinuteBudget) -> None:
    """Answers overtake each other: an older, lower count is not believed."""
    first, second = budget.acquire(2), budget.acquire(2)
    budget.settle(second, 50)
    budget.settle(first, 2)
    assert budget.used() == 52


def test_old_minutes_say_nothing(budget: MinuteBudget, clock: FrozenClock) -> None:
    """The header of a request sent in the last minute does not fill the new one."""
    clock.advance(59.9)
    permit = budget.acquire(2)
    clock.advance(0.2)
    budget.settle(permit, 100)
    assert budget.used() <= 2


def test_in_flight_at_the_turn(budget: MinuteBudget, clock: FrozenClock) -> None:
    """Requests in flight when the minute turns count in the new one, as the exchange may do."""
    clock.advance(59.9)
    permit = budget.acquire(30)
    clock.advance(0.2)
    assert budget.used() == 30
    budget.settle(permit, None)
    spend(budget, 70)
    assert clock.monotonic() == pytest.approx(60.1)


def test_freeze(budget: MinuteBudget, clock: FrozenClock) -> None:
    """While frozen nothing goes out; a shorter freeze does not shorten it."""
    budget.freeze(30)
    budget.freeze(5)
    spend(budget, 1)
    assert clock.monotonic() == 30


def test_larger_than_the_budget(budget: MinuteBudget, clock: FrozenClock) -> None:
    """A request larger than the whole budget goes out alone in its minute, rather than never."""
    spend(budget, 1)
    spend(budget, 500)
    assert clock.monotonic() > 59


def test_the_exchange_s_minutes(clock: FrozenClock) -> None:
    """Minutes turn by the exchange's clock, not by this machine's."""
    budget = MinuteBudget(clock, limit=10, share=1.0)
    budget.align(45_000)
    spend(budget, 10)
    spend(budget, 1)
    assert 15 < clock.monotonic() < 15.2


def test_a_clock_set_back(clock: FrozenClock) -> None:
    """A clock that is corrected over the turn of a minute gives no second budget."""
    budget = MinuteBudget(clock, limit=10, share=1.0)
    spend(budget, 10)
    budget.align(-5000)
    assert budget.used() == 10
    budget.align(-86_400_000)
    assert budget.used() == 0


def test_threads_never_exceed(clock: FrozenClock) -> None:
    """However many threads ask, no minute gets more than the limit."""
    budget = MinuteBudget(clock, limit=60, share=1.0)
    minutes: list[int] = []

    def work() -> None:
        for _ in range(40):
            permit = budget.acquire(2, patience=1e9)
            minutes.append(permit.minute)
            budget.settle(permit, None)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(minutes) == 160
    assert all(minutes.count(minute) * 2 <= 60 for minute in set(minutes))
