"""The exchange's clock as seen from here."""

from __future__ import annotations

import pytest

from chandlery.clock import FrozenClock
from chandlery.errors import Unreachable
from chandlery.exchanges.server_clock import MAX_AGE, Reading, ServerClock
from tests.exchanges.wire import NOW_MS


class Far:
    """An exchange whose clock is `skew_ms` ahead of ours, each way taking `ways_ms`."""

    def __init__(self, clock: FrozenClock, skew_ms: int, *ways_ms: tuple[int, int]) -> None:
        self.clock = clock
        self.skew_ms = skew_ms
        self.ways_ms = list(ways_ms) or [(0, 0)]
        self.asked = 0

    def __call__(self) -> Reading:
        """Ask for the time."""
        there, back = self.ways_ms[min(self.asked, len(self.ways_ms) - 1)]
        self.asked += 1
        sent, sent_ms = self.clock.monotonic(), self.clock.now_ms()
        self.clock.advance(there / 1000)
        server_ms = self.clock.now_ms() + self.skew_ms
        self.clock.advance(back / 1000)
        return Reading(server_ms, sent, self.clock.monotonic(), sent_ms)


class Jumpy(FrozenClock):
    """A clock that can be set."""

    jumped_ms = 0

    def now_ms(self) -> int:
        """Epoch milliseconds, as this clock has been set."""
        return super().now_ms() + self.jumped_ms


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still."""
    return FrozenClock(NOW_MS)


@pytest.mark.parametrize("skew_ms", [0, 1500, -90_000, 3_600_000])
def test_skew(clock: FrozenClock, skew_ms: int) -> None:
    """A local clock that is wrong does not matter."""
    far = Far(clock, skew_ms, (40, 40))
    server = ServerClock(clock, far)
    assert server.now_ms() == clock.now_ms() + skew_ms
    clock.advance(60)
    assert server.now_ms() == clock.now_ms() + skew_ms
    assert far.asked == 1


def test_slow_trips_are_measured_twice(clock: FrozenClock) -> None:
    """A slow first trip, as with a new connection, is outdone by a quicker second one."""
    far = Far(clock, 700, (800, 40), (30, 30))
    server = ServerClock(clock, far)
    assert server.now_ms() == clock.now_ms() + 700
    assert far.asked == 2


def test_measured_again_after_a_while(clock: FrozenClock) -> None:
    """The offset is measured again when it is old."""
    far = Far(clock, 0)
    server = ServerClock(clock, far)
    server.now_ms()
    far.skew_ms = 400
    clock.advance(MAX_AGE + 1)
    assert server.now_ms() == clock.now_ms() + 400


@pytest.mark.parametrize("jump_ms", [7_200_000, -7_200_000])
def test_a_clock_set_after_the_look(jump_ms: int) -> None:
    """What was seen stays true when the machine's clock is set afterwards."""
    clock = Jumpy(NOW_MS)
    reading = ServerClock(clock, Far(clock, 250)).reading()
    clock.advance(3)
    clock.jumped_ms = jump_ms
    assert reading.at(clock.monotonic()) == NOW_MS + 3_250


@pytest.mark.parametrize("jump_ms", [7_200_000, -7_200_000])
def test_measured_again_after_a_jump(jump_ms: int) -> None:
    """When the machine's clock is set, the offset is measured again at the next use."""
    clock = Jumpy(NOW_MS)
    far = Far(clock, 0)
    server = ServerClock(clock, far)
    server.now_ms()
    clock.jumped_ms = jump_ms
    far.skew_ms = -jump_ms
    assert server.now_ms() == NOW_MS
    assert far.asked == 2


def test_failure_keeps_nothing(clock: FrozenClock) -> None:
    """When the exchange cannot be asked, that is the error, and the next use asks again."""
    far = Far(clock, 250)

    def read() -> Reading:
        if far.asked == 0:
            far.asked = 1
            msg = "no network"
            raise Unreachable(msg)
        return far()

    server = ServerClock(clock, read)
    with pytest.raises(Unreachable):
        server.now_ms()
    assert server.now_ms() == clock.now_ms() + 250
