"""A budget that several processes share: what one does holds for all, and nothing stops them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chandlery.clock import Clock, FrozenClock
from chandlery.errors import BadSetting, RateLimited
from chandlery.transport.budget import Budget, MinuteBudget, open_budget
from chandlery.transport.budget.rule import LIMIT_MINUTES
from chandlery.transport.budget.shared import LOOK_EVERY
from tests.services import RedisServer, redis_server
from tests.transport.conftest import NOON_MS
from tests.waiting import within

LIMIT = 1000
BudgetOpener = Callable[..., Budget]


class SettableClock(FrozenClock):
    """A frozen clock whose wall time can be set without time going by."""

    def set_by(self, seconds: float) -> None:
        """Set the wall clock on or back."""
        self._now_ms += round(seconds * 1000)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that moves only when somebody sleeps on it, or sets it."""
    return SettableClock(NOON_MS)


@pytest.fixture
def redis_here(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis server of this test's own."""
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def open_one(request: pytest.FixtureRequest, tmp_path: Path, clock: SettableClock) -> BudgetOpener:
    """Open the shared budget as another process would."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/budget.sqlite3"
    else:
        url = request.getfixturevalue("redis_here").url

    def one(name: str = "exchange", *, limit: int = LIMIT, at: Clock = clock) -> Budget:
        return open_budget(url, name, clock=at, limit=limit)

    return one


def granted(budget: Budget, *, background: bool = False) -> int:
    """How much weight can be had at once, in pieces of ten."""
    total = 0
    while True:
        try:
            budget.settle(budget.acquire(10, background=background, patience=0), None)
        except RateLimited:
            return total
        total += 10


def test_one_count(open_one: BudgetOpener) -> None:
    """What one process spends is not there for the other."""
    one, other = open_one(), open_one()
    assert granted(one, background=True) == 960
    assert granted(other) == 20
    assert one.used() == other.used() == 980


def test_names(open_one: BudgetOpener) -> None:
    """Budgets of two grantors have nothing to do with each other."""
    granted(open_one("real"))
    assert open_one("sandbox").used() == 0


def test_a_freeze_is_for_all(open_one: BudgetOpener, clock: SettableClock) -> None:
    """When one is told to stay away, all stay away."""
    one, other = open_one(), open_one()
    one.freeze(90)
    assert other.frozen_seconds() == 90
    other.settle(other.acquire(10), None)
    assert clock.monotonic() == 90


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_freeze_while_the_clock_is_set(
    open_one: BudgetOpener, clock: SettableClock, hours: int
) -> None:
    """A freeze is neither lost nor drawn out when the machine's clock is set."""
    open_one().freeze(120)
    clock.set_by(hours * 3600)
    clock.advance(20)
    assert open_one().frozen_seconds() == 100
    clock.advance(100)
    assert open_one().frozen_seconds() == 0


def test_a_limit_is_for_all(open_one: BudgetOpener) -> None:
    """The lowest limit that one of them states holds for all."""
    one, other = open_one(), open_one()
    one.limit = min(one.limit, 100)
    assert granted(other) == 90
    assert other.limit == 100


def test_a_limit_is_forgotten(open_one: BudgetOpener, clock: SettableClock) -> None:
    """A limit ends some minutes after the last one who stated it, whoever heard of it."""
    one, other = open_one(limit=100), open_one()
    one.settle(one.acquire(10), None)
    other.limit = min(other.limit, 500)
    assert other.limit == 100
    clock.advance(LIMIT_MINUTES * 60)
    assert other.limit == 100
    clock.advance(60)
    assert other.limit == LIMIT


def test_a_wrong_clock(open_one: BudgetOpener, clock: SettableClock) -> None:
    """A process whose clock is minutes off does not make the others count anew."""
    budget = open_one()
    granted(budget)
    for minutes in (-90, -2, 1.5, 2, 90):
        astray = FrozenClock(clock.now_ms() + round(minutes * 60_000))
        open_one(at=astray).acquire(10)
        assert budget.used() == 980
        assert granted(budget) == 0


def test_two_clocks_at_the_turn(open_one: BudgetOpener, clock: SettableClock) -> None:
    """A process that is a little late in turning the minute finds no second budget."""
    late = FrozenClock(clock.now_ms() - 50)
    assert granted(open_one()) == 980
    assert granted(open_one(at=late)) == 0


def test_owner_only(tmp_path: Path, clock: SettableClock) -> None:
    """Nobody else on the machine can read the file or those beside it."""
    budget = open_budget(f"sqlite:///{tmp_path}/new/budget.sqlite3", "a", clock=clock, limit=10)
    budget.acquire(1)
    files = list((tmp_path / "new").iterdir())
    assert {path.name for path in files} >= {"budget.sqlite3", "budget.sqlite3-wal"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_deleted_file(tmp_path: Path, clock: SettableClock) -> None:
    """When somebody tidies the file away, a new one takes up what was known."""
    url = f"sqlite:///{tmp_path}/budget.sqlite3"
    one, other = (open_budget(url, "a", clock=clock, limit=LIMIT) for _ in range(2))
    granted(one)
    one.freeze(30)
    for path in tmp_path.iterdir():
        path.unlink()
    assert other.used() == 0
    assert (one.used(), one.frozen_seconds()) == (980, 30)
    assert (other.used(), other.frozen_seconds()) == (980, 30)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said aloud since the last time."""
    said = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    caplog.clear()
    return said


def test_a_file_that_cannot_be(
    tmp_path: Path, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Without its file a process counts alone, carefully, says so once, and finds back."""
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    budget = open_budget(f"sqlite:///{folder}/budget.sqlite3", "a", clock=clock, limit=LIMIT)
    assert granted(budget) == 240
    [said] = warnings(caplog)
    assert f"{folder}" in said
    assert "counts alone" in said
    folder.unlink()
    clock.advance(LOOK_EVERY)
    assert budget.used() == 240
    assert warnings(caplog) == [f"The shared request budget at {folder}/budget.sqlite3 is back."]
    assert granted(budget) == 740


def test_a_damaged_file(
    tmp_path: Path, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is no database is left as it is, and said."""
    path = tmp_path / "letters.txt"
    path.write_text("not a database " * 500)
    budget = open_budget(f"sqlite:///{path}", "a", clock=clock, limit=LIMIT)
    assert granted(budget) == 240
    assert "not a database" in warnings(caplog)[0]
    assert path.read_text().startswith("not a database")


@pytest.mark.slow
def test_redis_goes_and_comes(
    redis_here: RedisServer, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """While Redis is away each process counts on alone; afterwards all is known to all."""
    url = redis_here.url.replace("//", "//:secret@")
    redis_here.stop()
    one, other = (open_budget(url, "a", clock=clock, limit=LIMIT) for _ in range(2))
    assert [granted(one), granted(other), one.used()] == [240, 240, 240]
    assert len(warnings(caplog)) == 2
    one.freeze(80)
    redis_here.start()
    clock.advance(LOOK_EVERY)
    assert (one.used(), one.frozen_seconds()) == (240, 75)
    assert other.frozen_seconds() == 75
    said = warnings(caplog)
    assert len(said) == 2
    assert "secret" not in "".join(said)
    clock.advance(75)
    granted(one)
    redis_here.kill()
    assert granted(other) == 240
    assert len(warnings(caplog)) == 1


@pytest.mark.slow
def test_redis_without_its_memory(redis_here: RedisServer, clock: SettableClock) -> None:
    """A Redis that was restarted and has lost everything is told what the processes know."""
    budget = open_budget(redis_here.unix_url, "a", clock=clock, limit=LIMIT)
    granted(budget)
    redis_here.kill()
    for path in redis_here.folder.glob("appendonly*"):
        path.unlink()
    redis_here.start()
    assert budget.used() == 980
    assert open_budget(redis_here.url, "a", clock=clock, limit=LIMIT).used() == 980


@pytest.mark.slow
def test_redis_that_does_not_answer(clock: SettableClock) -> None:
    """A server that takes the connection and says nothing costs seconds, not the work."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        budget = open_budget(url, "a", clock=clock, limit=LIMIT)
        with within(5):
            assert granted(budget) == 240


@pytest.mark.parametrize("url", ["", "memory:"])
def test_in_memory(url: str, clock: SettableClock) -> None:
    """Nothing to share is a budget of this process alone."""
    assert isinstance(open_budget(url, "a", clock=clock, limit=10), MinuteBudget)


@pytest.mark.parametrize(
    "url",
    ["http://user:secret@example.com", "sqlite://", "sqlite:///", "budget.db", "redis://h:port"],
)
def test_a_url_that_is_none(url: str, clock: SettableClock) -> None:
    """Any other URL is refused, without showing what may be secret."""
    with pytest.raises(BadSetting) as caught:
        open_budget(url, "a", clock=clock, limit=10)
    assert "secret" not in str(caught.value)
