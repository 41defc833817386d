"""The pure rule of counting, by many random stories; and that every place follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chandlery.transport.budget import Permit, rule
from chandlery.transport.budget.place import Place
from chandlery.transport.budget.redis import RedisPlace
from chandlery.transport.budget.rule import Account, Known, Moment, Standing
from chandlery.transport.budget.sqlite import SqlitePlace
from tests.services import redis_server
from tests.transport.conftest import NOON_MS

LIMIT = 100
NOON = Moment(exchange_ms=NOON_MS, steady_ms=5000, machine="here")


@dataclass
class MemoryPlace:
    """The rule itself, as a place."""

    account: Account
    shown: str = "memory"

    def take(self, moment: Moment, known: Known, weight: int, share: float) -> Standing:
        """See `rule`."""
        return rule.take(self.account, moment, known, weight, share)

    def look(self, moment: Moment, known: Known) -> Standing:
        """See `rule`."""
        return rule.look(self.account, moment, known)

    def settle(self, moment: Moment, permit: Permit, used: int | None) -> None:
        """See `rule`."""
        rule.settle(self.account, moment, permit, used)

    def freeze(self, moment: Moment, length_ms: int) -> None:
        """See `rule`."""
        rule.freeze(self.account, moment, length_ms)


@dataclass(frozen=True)
class Step:
    """One thing that one process does."""

    verb: str
    pause_ms: int
    skew_ms: int
    machine: str
    weight: int
    header: int | None
    limit: int
    known: int
    frozen_ms: int


STEPS = st.builds(
    Step,
    verb=st.sampled_from(["take", "take", "take", "settle", "settle", "freeze", "look"]),
    pause_ms=st.sampled_from([0, 0, 0, 10, 900, 20_000, 59_990, 61_000]),
    skew_ms=st.sampled_from([0, 0, 0, -50, 50, 61_000, -61_000]),
    machine=st.sampled_from(["here", "there"]),
    weight=st.integers(1, 60) | st.just(150),
    header=st.none() | st.integers(0, 120),
    limit=st.sampled_from([LIMIT, LIMIT, 60]),
    known=st.sampled_from([0, 0, 0, 30]),
    frozen_ms=st.sampled_from([0, 0, 0, 0, 500, 30_000]),
)
STORIES = st.lists(STEPS, max_size=25)


def told(place: Place, story: list[Step]) -> list[object]:
    """What a place answers to the steps of a story."""
    now, flying, answers = NOON, [Permit(1, NOON.minute)], list[object]()
    for step in story:
        now = replace(
            now,
            exchange_ms=now.exchange_ms + step.pause_ms,
            steady_ms=now.steady_ms + step.pause_ms,
        )
        mine = replace(now, exchange_ms=now.exchange_ms + step.skew_ms, machine=step.machine)
        known = Known(step.limit, step.known, step.frozen_ms)
        if step.verb == "take":
            standing = place.take(mine, known, step.weight, 0.95)
            if standing.granted:
                flying.append(Permit(step.weight, mine.minute))
            answers.append(standing)
        elif step.verb == "settle" and flying:
            place.settle(mine, flying.pop(), step.header)
        elif step.verb == "freeze":
            place.freeze(mine, step.weight * 100)
        answers.append(place.look(mine, known))
    return answers


@pytest.fixture(scope="module", params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def where(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str | Path]:
    """Where the budgets are."""
    folder = tmp_path_factory.mktemp("budget")
    if request.param == "sqlite":
        yield folder / "budget.sqlite3"
    else:
        with redis_server(folder) as server:
            yield server.url


@given(story=STORIES)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_every_place_follows_the_rule(where: str | Path, story: list[Step]) -> None:
    """Whatever happens, a file and a Redis answer exactly as the rule does."""
    name = uuid4().hex
    place = SqlitePlace(where, name) if isinstance(where, Path) else RedisPlace(where, name)
    assert told(place, story) == told(MemoryPlace(Account()), story)


@given(story=STORIES)
def test_never_beyond_the_share(story: list[Step]) -> None:
    """No permit takes a minute beyond its share, except one that goes out alone."""
    account, now = Account(), NOON
    for step in story:
        now = replace(now, exchange_ms=now.exchange_ms + step.pause_ms)
        before = rule.look(account, now, Known(step.limit)).used
        after = rule.take(account, now, Known(step.limit), step.weight, 0.95)
        if after.granted:
            assert after.used == before + step.weight
            assert before == 0 or after.used <= after.limit * 0.95
        else:
            assert before + step.weight > after.limit * 0.95


@given(story=STORIES)
def test_never_lowered_within_a_minute(story: list[Step]) -> None:
    """Neither a header nor anything else lowers the count before the minute is over."""
    account, flying, highest = Account(), list[Permit](), 0
    for step in story:
        standing = rule.take(account, NOON, Known(LIMIT, step.known), step.weight, 0.95)
        if standing.granted:
            flying.append(Permit(step.weight, NOON.minute))
        if step.verb == "settle" and flying:
            rule.settle(account, NOON, flying.pop(0), step.header)
        used = rule.look(account, NOON, Known(LIMIT)).used
        assert used >= highest
        highest = used


@given(lengths=st.lists(st.integers(1, 100_000), min_size=1), set_by=st.integers(-(10**10), 10**10))
def test_a_freeze_is_never_shortened(lengths: list[int], set_by: int) -> None:
    """The longest freeze holds, whatever the wall clock is set to."""
    account = Account()
    for length in lengths:
        rule.freeze(account, NOON, length)
    later = replace(NOON, exchange_ms=NOON.exchange_ms + set_by)
    assert rule.look(account, later, Known(LIMIT)).frozen_ms == max(lengths)


@pytest.mark.parametrize(
    ("ahead_ms", "left_ms"), [(0, 60_000), (20_000, 40_000), (-3_600_000, 60_000), (61_000, 0)]
)
def test_a_freeze_on_another_machine(ahead_ms: int, left_ms: int) -> None:
    """Another machine reads the wall clock once, believes no more than the length, and counts."""
    account = Account()
    rule.freeze(account, NOON, 60_000)
    there = Moment(NOON.exchange_ms + ahead_ms, steady_ms=9, machine="there")
    assert rule.look(account, there, Known(LIMIT)).frozen_ms == left_ms
    later = Moment(there.exchange_ms + 86_400_000, steady_ms=5009, machine="there")
    assert rule.look(account, later, Known(LIMIT)).frozen_ms == max(0, left_ms - 5000)


def test_a_small_account() -> None:
    """However long it is used and whatever the clocks say, an account stays small."""
    account = Account()
    for minute in range(0, 500, 3):
        moment = replace(NOON, exchange_ms=NOON.exchange_ms + minute * rule.MINUTE_MS)
        rule.take(account, moment, Known(LIMIT), 1, 1.0)
    assert len(account.minutes) == rule.KEPT_MINUTES
