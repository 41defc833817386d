"""The stream client against the sandbox: it reconnects, splits, changes over, never gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing

import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, SystemClock
from chandlery.exchanges.binance_stream import SPOT
from chandlery.exchanges.binance_stream_client import BinanceStream
from chandlery.exchanges.stream import StreamCandle, StreamState
from chandlery.exchanges.stream_habits import Attempts, StreamHabits, wait_before
from chandlery.sandbox import Sandbox
from tests.waiting import eventually, within

pytestmark = pytest.mark.slow  # many, which take long together

NOW_MS = 1_741_964_966_535
MINUTE = 60_000
MINUTE_MS = NOW_MS // MINUTE * MINUTE
BTC = Series.parse("binance:BTCUSDT:1m")
ETH = Series.parse("binance:ETHUSDT:1m")
BRISK = StreamHabits(first_wait=0.05, longest_wait=0.2, command_every=0.21)


class LeapClock(SystemClock):
    """The machine's time, with hours added on request."""

    def __init__(self) -> None:
        self.leapt = 0.0

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return super().monotonic() + self.leapt


class Listener:
    """A stream client and all that it told."""

    def __init__(self, urls: Collection[str], habits: StreamHabits = BRISK) -> None:
        self.clock = LeapClock()
        self.candles: list[StreamCandle] = []
        self.changes: list[tuple[set[Series], StreamState]] = []
        self.stream = BinanceStream(
            SPOT,
            list(urls),
            clock=self.clock,
            heard=self.candles.append,
            changed=lambda series, state: self.changes.append((set(series), state)),
            habits=habits,
        )

    def close(self) -> None:
        """End it."""
        self.stream.close()

    def status(self, series: Series = BTC) -> str:
        """How it stands for a series."""
        return self.stream.state(series).status

    def until(self, true: Callable[[], bool], seconds: float = 8.0) -> None:
        """Wait until something is so."""
        eventually(true, seconds, told=lambda: (self.changes[-4:], self.candles[-2:]))

    def until_live(self, *series: Series) -> None:
        """Wait until all are live."""
        self.until(lambda: all(self.status(one) == "live" for one in series))


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all, in real time and sent often."""
    with Sandbox(now_ms=NOW_MS, stream_every_ms=100, more_symbols=250, stream_most=120) as running:
        yield running


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """It behaves, and forgets what was asked."""
    shared.stream_faults.clear()
    shared.faults.clear()
    shared.requests.clear()
    shared.clock.run(1.0, NOW_MS)
    return shared


@pytest.fixture
def ear(box: Sandbox) -> Iterator[Listener]:
    """A client that follows BTC and ETH, and is live."""
    with closing(Listener([box.stream_url])) as listener:
        listener.stream.follow([BTC, ETH])
        listener.until_live(BTC, ETH)
        yield listener


def test_it_hears_what_it_follows(box: Sandbox, ear: Listener) -> None:
    """Candles of the followed series come, and only these, over one connection."""
    ear.until(lambda: {one.series for one in ear.candles} == {BTC, ETH})
    ear.stream.follow([ETH])
    ear.until(lambda: ear.stream.state(BTC).status == "down")
    time.sleep(0.4)
    ear.candles.clear()
    ear.until(lambda: len(ear.candles) > 2)
    assert {one.series for one in ear.candles} == {ETH}
    sol = Series.parse("binance:SOLUSDT:1h")
    ear.stream.follow([ETH, sol])
    ear.until(lambda: sol in {one.series for one in ear.candles})
    assert box.requests.count("/stream") == 1


def test_it_connects_anew(box: Sandbox, ear: Listener) -> None:
    """After a dropped connection it says so, comes back, and says that it is live again."""
    box.stream_faults.add("drop")
    ear.until(lambda: [state.status for _, state in ear.changes] == ["live", "down", "live"])
    assert "ended the connection" in str(ear.changes[1][1].error)
    assert ear.changes[2][1].connections == 2
    assert ear.changes[2][0] == {BTC, ETH}


def test_a_shutdown_leaves_no_hole(box: Sandbox, ear: Listener) -> None:
    """On serverShutdown the new connection is there before the old one ends: nothing is missed."""
    box.stream_faults.add("shutdown", seconds=2.0)
    ear.until(lambda: box.requests.count("/stream") == 2)
    ear.until(lambda: ear.stream.state(BTC).connections == 2)
    assert [state.status for _, state in ear.changes] == ["live"]
    told = [(one.event_ms, one.closed) for one in ear.candles if one.series == BTC]
    assert told == sorted(set(told))


def test_it_changes_over_before_a_day_is_over(box: Sandbox) -> None:
    """After 23 hours a fresh connection takes over, and a close just then is told once."""
    patient = StreamHabits(silent=1e6)
    with closing(Listener([box.stream_url], patient)) as ear:
        ear.stream.follow([BTC])
        ear.until_live(BTC)
        box.clock.freeze(MINUTE_MS + MINUTE - 500)
        ear.clock.leapt = 23 * 3600 + 1.0
        box.clock.run(1.0)
        ear.until(lambda: ear.stream.state(BTC).connections == 2)
        ear.until(lambda: any(one.closed for one in ear.candles))
        assert len([one for one in ear.candles if one.closed]) == 1
        assert [state.status for _, state in ear.changes] == ["live"]


def test_the_exchange_ends_it_after_a_day(box: Sandbox) -> None:
    """A connection that the exchange ends after 24 hours is followed by another one."""
    day = Series.parse("binance:BTCUSDT:1d")
    with closing(Listener([box.stream_url])) as ear:
        ear.stream.follow([day])
        ear.until_live(day)
        box.clock.advance(24 * 3600)
        ear.until(lambda: ear.stream.state(day).connections == 2)
        assert "24 hours are over" in str(ear.changes[1][1].error)


def test_silence_is_noticed(box: Sandbox) -> None:
    """A connection over which nothing comes is given up, and another one is made."""
    with closing(Listener([box.stream_url], StreamHabits(silent=0.4, first_wait=0.05))) as ear:
        ear.stream.follow([BTC])
        ear.until_live(BTC)
        ear.until(lambda: bool(ear.candles))
        box.stream_faults.add("silent")
        ear.until(lambda: "silent" in {state.status for _, state in ear.changes})
        box.stream_faults.clear()
        ear.until(lambda: ear.changes[-1][1].status == "live")
        ear.candles.clear()
        ear.until(lambda: bool(ear.candles))
        assert "sent nothing for" in str([state.error for _, state in ear.changes])


def test_garbage_is_counted_and_ignored(box: Sandbox, ear: Listener) -> None:
    """Garbled messages are counted; the connection and all others go on."""
    box.stream_faults.add("garbled", times=3)
    ear.until(lambda: ear.stream.garbled == 3)
    ear.candles.clear()
    ear.until(lambda: bool(ear.candles))
    assert [state.status for _, state in ear.changes] == ["live"]


def test_many_series_are_split(box: Sandbox) -> None:
    """No connection has more streams than it may, and every series is heard."""
    series = [Series.parse(f"binance:C{number:04d}USDT:1m") for number in range(1, 251)]
    habits = StreamHabits(most_streams=120, command_every=0.25)
    with closing(Listener([box.stream_url], habits)) as ear:
        ear.stream.follow(series)
        ear.until_live(*series)
        ear.until(lambda: {one.series for one in ear.candles} == set(series))
        asked = [len(seen.query.split("/")) for seen in box.requests.log("/stream")]
        assert sorted(asked) == [10, 100, 100]
        assert ear.stream.garbled == 0


def test_it_falls_over_to_another_address(box: Sandbox) -> None:
    """When an address does not answer, the next one is tried."""
    with closing(Listener(["ws://127.0.0.1:9", box.stream_url])) as ear:
        ear.stream.follow([BTC])
        ear.until_live(BTC)
        assert "127.0.0.1:9" in str(ear.changes[0][1].error)


def test_refusals_are_told(box: Sandbox) -> None:
    """A refused connection is told in words, and tried again until it is granted."""
    box.faults.next("451", service="stream", times=2)
    with closing(Listener([box.stream_url])) as ear:
        ear.stream.follow([BTC])
        ear.until_live(BTC)
        assert "HTTP 451; it does not serve" in str(ear.changes[0][1].error)


def test_it_ends_within_a_second(box: Sandbox) -> None:
    """However it stands, live or in a handshake that hangs, all threads end soon."""
    before = threading.active_count()
    box.faults.always("hang", service="stream")
    hanging = Listener([box.stream_url])
    hanging.stream.follow([ETH])
    hanging.until(lambda: threading.active_count() > before + 1)
    with within(1):
        hanging.close()
        hanging.until(lambda: threading.active_count() <= before)
    hanging.stream.follow([BTC])
    assert threading.active_count() <= before


def test_attempts_are_limited() -> None:
    """No more than so many attempts are made in five minutes, whatever happens."""
    clock = FrozenClock(NOW_MS)
    attempts = Attempts(clock, 100)
    made = 0
    for _ in range(3000):
        made += attempts.take()
        clock.advance(0.1)
    assert made == 100
    clock.advance(1.0)
    assert attempts.take()


def test_waits_double_and_differ() -> None:
    """The first try comes at once; later ones wait longer and longer, and not all for as long."""
    habits = StreamHabits()
    assert wait_before(habits, 0) == 0
    assert 0.25 <= wait_before(habits, 1) <= 0.5
    assert 7.5 <= wait_before(habits, 99) <= 15
    assert len({wait_before(habits, 5) for _ in range(9)}) > 1
