"""What every request budget does: in memory, in a SQLite file, in Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chandlery.clock import FrozenClock
from chandlery.errors import RateLimited
from chandlery.transport.budget import Budget, MinuteBudget, Permit
from chandlery.transport.budget.place import Place
from chandlery.transport.budget.redis import RedisPlace
from chandlery.transport.budget.shared import SharedBudget
from chandlery.transport.budget.sqlite import SqlitePlace
from tests.services import redis_server
from tests.transport.conftest import NOON_MS

BudgetFactory = Callable[..., Budget]


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis server."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> BudgetFactory:
    """Make a budget of this kind: a hundred a minute unless told otherwise, all of it usable."""

    def place() -> Place:
        if request.param == "sqlite":
            return SqlitePlace(tmp_path / "budget.sqlite3", "exchange")
        return RedisPlace(request.getfixturevalue("redis_url"), uuid4().hex)

    def budget(limit: int = 100, share: float = 1.0, reserve: float = 0.1) -> Budget:
        if request.param == "memory":
            return MinuteBudget(clock, limit=limit, share=share, reserve=reserve)
        return SharedBudget(place(), clock, limit=limit, share=share, reserve=reserve)

    return budget


@pytest.fixture
def budget(make: BudgetFactory) -> Budget:
    """A hundred a minute, all of it usable, ten of it reserved."""
    return make()


def spend(budget: Budget, weight: int, *, background: bool = False) -> Permit:
    """Acquire and settle at once."""
    permit = budget.acquire(weight, background=background)
    budget.settle(permit, None)
    return permit


def test_waits_for_the_next_minute(budget: Budget, clock: FrozenClock) -> None:
    """When the minute is used up, the next request goes out in the next clock minute."""
    clock.advance(20)
    for _ in range(50):
        spend(budget, 2)
    assert clock.now_ms() == NOON_MS + 20_000
    spend(budget, 2)
    assert NOON_MS + 60_000 < clock.now_ms() < NOON_MS + 60_200
    assert budget.used() == 2


def test_patience(budget: Budget, clock: FrozenClock) -> None:
    """Who will not wait that long is told at once how long it would be."""
    spend(budget, 100)
    with pytest.raises(RateLimited) as caught:
        budget.acquire(1, patience=5)
    assert 60 <= caught.value.retry_after <= 61
    assert clock.monotonic() == 0


def test_background_leaves_a_reserve(budget: Budget, clock: FrozenClock) -> None:
    """Background work stops before the budget ends; interactive work may use the rest."""
    spend(budget, 90, background=True)
    spend(budget, 10)
    assert clock.monotonic() == 0
    spend(budget, 1, background=True)
    assert clock.monotonic() > 59


def test_share(make: BudgetFactory, clock: FrozenClock) -> None:
    """Only the safe share of the limit is used."""
    budget = make(share=0.5)
    spend(budget, 50)
    spend(budget, 1)
    assert clock.monotonic() > 59


def test_correction_raises(budget: Budget, clock: FrozenClock) -> None:
    """What others on this address have used counts."""
    budget.settle(budget.acquire(2), 99)
    assert budget.used() == 99
    spend(budget, 2)
    assert clock.monotonic() > 59


def test_correction_counts_what_is_in_flight(budget: Budget) -> None:
    """The exchange may not have seen the requests in flight, so they come on top of its count."""
    first, _second = budget.acquire(2), budget.acquire(20)
    budget.settle(first, 2)
    assert budget.used() == 22


def test_late_answers_do_not_lower(budget: Budget) -> None:
    """Answers overtake each other: an older, lower count is not believed."""
    first, second = budget.acquire(2), budget.acquire(2)
    budget.settle(second, 50)
    budget.settle(first, 2)
    assert budget.used() == 52


def test_old_minutes_say_nothing(budget: Budget, clock: FrozenClock) -> None:
    """The header of a request sent in the last minute does not fill the new one."""
    clock.advance(59.9)
    permit = budget.acquire(2)
    clock.advance(0.2)
    budget.settle(permit, 100)
    assert budget.used() <= 2


def test_a_header_of_the_last_minute(budget: Budget, clock: FrozenClock) -> None:
    """A clock that turned the minute too early does not take the old count for the new one."""
    spend(budget, 90)
    clock.advance(60)
    budget.settle(budget.acquire(2), 92)
    assert budget.used() == 2
    clock.advance(30)
    budget.settle(budget.acquire(2), 92)
    assert budget.used() == 92


def test_a_header_soon_after_the_turn(budget: Budget, clock: FrozenClock) -> None:
    """What others use at the beginning of a minute counts when it is unlike the last count."""
    spend(budget, 20)
    clock.advance(60)
    budget.settle(budget.acquire(2), 60)
    assert budget.used() == 60


def test_in_flight_at_the_turn(budget: Budget, clock: FrozenClock) -> None:
    """Requests in flight when the minute turns count in the new one, as the exchange may do."""
    clock.advance(59.9)
    permit = budget.acquire(30)
    clock.advance(0.2)
    assert budget.used() == 30
    budget.settle(permit, None)
    spend(budget, 70)
    assert clock.monotonic() == pytest.approx(60.1)


def test_freeze(budget: Budget, clock: FrozenClock) -> None:
    """While frozen nothing goes out; a shorter freeze does not shorten it."""
    budget.freeze(30)
    budget.freeze(5)
    spend(budget, 1)
    assert clock.monotonic() == 30


def test_larger_than_the_budget(budget: Budget, clock: FrozenClock) -> None:
    """A request larger than the whole budget goes out alone in its minute, rather than never."""
    spend(budget, 1)
    spend(budget, 500)
    assert clock.monotonic() > 59


def test_the_exchange_s_minutes(make: BudgetFactory, clock: FrozenClock) -> None:
    """Minutes turn by the exchange's clock, not by this machine's."""
    budget = make(10)
    budget.align(45_000)
    spend(budget, 10)
    spend(budget, 1)
    assert 15 < clock.monotonic() < 15.2


def test_a_clock_set_back(make: BudgetFactory) -> None:
    """A clock that is corrected over the turn of a minute gives no second budget."""
    budget = make(10)
    spend(budget, 10)
    budget.align(-5000)
    assert budget.used() == 10
    budget.align(-86_400_000)
    assert budget.used() == 0


def test_threads_never_exceed(make: BudgetFactory) -> None:
    """However many threads ask, no minute gets more than the limit."""
    budget = make(60)
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


def test_frozen_seconds(budget: Budget, clock: FrozenClock) -> None:
    """Who only wants to know is told for how long nobody may send."""
    assert budget.frozen_seconds() == 0
    budget.freeze(30)
    clock.advance(10)
    assert budget.frozen_seconds() == 20
    clock.advance(20)
    assert budget.frozen_seconds() == 0


def test_forgotten_in_flight(budget: Budget, clock: FrozenClock) -> None:
    """A request that never comes back counts in its minute and the next one, then no more."""
    budget.acquire(70)
    clock.advance(60)
    assert budget.used() == 70
    clock.advance(60)
    assert budget.used() == 0


def test_settled_after_two_minutes(budget: Budget, clock: FrozenClock) -> None:
    """An answer that comes very late changes nothing."""
    permit = budget.acquire(70)
    clock.advance(120)
    budget.settle(permit, 99)
    assert budget.used() == 0


def test_a_lowered_limit(budget: Budget, clock: FrozenClock) -> None:
    """A limit that is lowered holds from then on."""
    budget.limit = min(budget.limit, 50)
    assert budget.limit == 50
    spend(budget, 50)
    spend(budget, 1)
    assert clock.monotonic() > 59
