"""The hub: who is followed, what each reader gets, and how one comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from chandlery.candles.series import Series
from chandlery.clock import Clock, FrozenClock
from chandlery.collect.live.backlog import Room
from chandlery.collect.live.events import LiveState
from chandlery.collect.live.hub import HubClosed, LiveHub, Manners
from chandlery.collect.live.subscription import Subscription
from chandlery.errors import NoSuchInterval
from tests.collect.scripted_follower import NO_SECONDS, Followers, events_in
from tests.waiting import eventually

BTC = Series.parse("binance:BTCUSDT:1h")
ETH = Series.parse("binance:ETHUSDT:1h")
DAY = Series.parse("binance:BTCUSDT:1d")
POLLING = LiveState("polling", 2_000, "the stream is away")


@dataclass(frozen=True)
class Line:
    """A catalogue line."""

    series: Series
    updated_ms: int


@dataclass
class Shelf:
    """A catalogue that the test writes."""

    clock: Clock = field(default_factory=lambda: FrozenClock(1_735_689_600_000))
    lines: list[Line] = field(default_factory=list)

    def catalogue(self) -> list[Line]:
        """What is stored."""
        return self.lines


@dataclass
class Scene:
    """A hub that looks around every few milliseconds, and all that it depends on."""

    shelf: Shelf
    followers: Followers
    hub: LiveHub

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        clock = self.shelf.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(seconds)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A hub with little room."""
    shelf, followers = Shelf(), Followers()
    manners = Manners(look_seconds=0.005, memory=Room(20, 1 << 20), queue=Room(10, 1 << 20))
    hub = LiveHub(shelf, followers, label="SANDBOX", manners=manners)
    yield Scene(shelf, followers, hub)
    hub.close()


def taken(reader: Subscription) -> list[tuple[str, str, dict[str, object]]]:
    """All that waits, but beats."""
    return [event for event in events_in(reader.take()) if event[0] != "beat"]


def kinds(reader: Subscription) -> list[str]:
    """What kinds of events wait."""
    return [kind for kind, _, _ in taken(reader)]


def closes(events: list[tuple[str, str, dict[str, object]]]) -> list[object]:
    """The closing prices of the candles among these events."""
    rows = [data["row"] for kind, _, data in events if kind == "candle"]
    return [row[4] for row in rows if isinstance(row, list)]


def test_hello_then_what_happens(scene: Scene) -> None:
    """A reader is greeted with label, clock and states, and then hears of each movement."""
    reader = scene.hub.subscribe([BTC, ETH])
    ((kind, id_, hello),) = taken(reader)
    live = {"status": "live", "since_ms": 1_000, "error": None}
    assert (kind, hello["id"], hello["label"]) == ("hello", id_, "SANDBOX")
    assert hello["states"] == {str(BTC): live, str(ETH): live}
    scene.followers.last.move(BTC, "42.50000000")
    ((kind, _, candle),) = taken(reader)
    assert kind == "candle"
    assert candle == {
        "series": str(BTC),
        "row": [0, "1", "99", "1", "42.50000000", "7", 3_599_999, "8", 9, "3", "4"],
        "closed": False,
        "source": "stream",
        "event_ms": 5,
        "sent_ms": scene.shelf.clock.now_ms(),
    }
    scene.followers.last.change(ETH, POLLING)
    ((kind, _, state),) = taken(reader)
    assert (kind, state["status"], state["error"]) == ("state", "polling", "the stream is away")


def test_each_hears_its_own(scene: Scene) -> None:
    """Readers hear of the series that they asked for and of no others, in bytes that they share."""
    first, second, other = (scene.hub.subscribe([one]) for one in (BTC, BTC, ETH))
    for reader in (first, second, other):
        reader.take()
    scene.followers.last.move(BTC, "5")
    assert first.take() == second.take() != b""
    assert other.take() == b""
    assert scene.hub.sent == 2


def test_followed_while_looked_at(scene: Scene) -> None:
    """One follower serves all readers, and a series is let go ten seconds after its last reader."""
    first, second = scene.hub.subscribe([BTC]), scene.hub.subscribe([BTC, ETH])
    follower = scene.followers.last
    assert follower.asked[-1] == {BTC, ETH}
    second.close()
    scene.advance(11)
    eventually(lambda: follower.asked[-1] == {BTC})
    first.close()
    again = scene.hub.subscribe([BTC])
    scene.advance(11)
    assert scene.hub.watched == {BTC}
    again.close()
    scene.advance(11)
    eventually(lambda: follower.closed)
    assert (scene.hub.readers, len(scene.followers.made)) == (0, 1)
    scene.hub.subscribe([ETH])
    assert scene.followers.last is not follower
    assert scene.followers.last.asked == [{ETH}]


def test_newcomer_sees_the_forming_candle(scene: Scene) -> None:
    """A newcomer gets the last candle of its series at once."""
    scene.hub.subscribe([BTC])
    scene.followers.last.move(BTC, "1")
    scene.followers.last.move(BTC, "2")
    assert closes(taken(scene.hub.subscribe([BTC]))) == ["2"]


def test_slow_reader(scene: Scene) -> None:
    """A slow reader misses forming states that newer ones replaced, and no close and no state."""
    reader = scene.hub.subscribe([BTC, ETH])
    reader.take()
    follower = scene.followers.last
    for number in range(1_000):
        follower.move(BTC, f"{number}")
    follower.move(BTC, "1000", closed=True)
    follower.change(BTC, POLLING)
    follower.move(ETH, "7")
    follower.move(BTC, "1001", hour=1)
    follower.move(BTC, "1002", hour=1)
    events = taken(reader)
    assert closes(events) == ["1000", "7", "1002"]
    assert [kind for kind, _, _ in events] == ["candle", "state", "candle", "candle"]
    numbers = [int(id_.rpartition("-")[2]) for _, id_, _ in events]
    assert numbers == sorted(numbers)


def test_hopelessly_behind(scene: Scene) -> None:
    """A reader for whom too much waits is told so, and how things stand; then it goes on."""
    reader = scene.hub.subscribe([BTC])
    reader.take()
    follower = scene.followers.last
    follower.change(BTC, POLLING)
    for hour in range(10):
        follower.move(BTC, f"{hour}", hour=hour, closed=True)
    events = taken(reader)
    assert [kind for kind, _, _ in events] == ["lost", "state", "candle"]
    assert closes(events) == ["9"]
    follower.move(BTC, "10", hour=10)
    assert closes(taken(reader)) == ["10"]


def test_resume(scene: Scene) -> None:
    """Who comes back with the id of its last event gets what was said since, in order."""
    reader = scene.hub.subscribe([BTC, ETH])
    follower = scene.followers.last
    follower.move(BTC, "1", closed=True)
    last = taken(reader)[-1][1]
    reader.close()
    follower.move(BTC, "2", hour=1)
    follower.move(BTC, "3", hour=1, closed=True)
    follower.move(ETH, "4")
    back = scene.hub.subscribe([BTC], after=last)
    events = taken(back)
    assert [kind for kind, _, _ in events] == ["hello", "candle"]
    assert events[0][1] == last
    assert closes(events) == ["3"]
    again = scene.hub.subscribe([BTC], after=events[-1][1])
    assert kinds(again) == ["hello"]


@pytest.mark.parametrize("after", ["", "nonsense", "-1", "00000000-1", "{boot}-99", "{boot}-x"])
def test_resume_from_elsewhere(scene: Scene, after: str) -> None:
    """An id of another process, or one that was never given, is told to be lost."""
    boot = taken(scene.hub.subscribe([BTC]))[0][1].partition("-")[0]
    found = kinds(scene.hub.subscribe([BTC], after=after.format(boot=boot)))
    assert found == (["hello", "lost"] if after else ["hello"])


def test_resume_too_late(scene: Scene) -> None:
    """What is no longer remembered, or was not followed meanwhile, cannot be resumed."""
    reader = scene.hub.subscribe([BTC])
    first = taken(reader)[0][1]
    for hour in range(30):
        scene.followers.last.move(BTC, f"{hour}", hour=hour, closed=True)
    late = taken(scene.hub.subscribe([BTC], after=first))
    assert [kind for kind, _, _ in late] == ["hello", "lost", "candle"]
    reader = scene.hub.subscribe([ETH])
    last = taken(reader)[0][1]
    reader.close()
    scene.advance(11)
    eventually(lambda: scene.hub.watched == {BTC})
    assert kinds(scene.hub.subscribe([ETH], after=last)) == ["hello", "lost"]


def test_news_of_the_store(scene: Scene) -> None:
    """What any process keeps is told once, for a longer interval by what it is made of."""
    scene.shelf.lines = [Line(BTC, 100), Line(ETH, 5)]
    reader = scene.hub.subscribe([BTC, DAY])
    found: list[dict[str, object]] = []

    def told(count: int) -> bool:
        found.extend(data for kind, _, data in taken(reader) if kind == "kept")
        return len(found) >= count

    eventually(lambda: told(2))
    assert sorted(map(str, found)) == sorted(
        str({"series": str(one), "updated_ms": 100}) for one in (BTC, DAY)
    )
    scene.shelf.lines = [Line(BTC, 200), Line(ETH, 6)]
    eventually(lambda: told(4))
    assert {str(one["updated_ms"]) for one in found[2:]} == {"200"}
    assert "kept" in kinds(scene.hub.subscribe([BTC]))


def test_beat(scene: Scene) -> None:
    """Every fifteen seconds each reader is told that it is connected."""
    reader = scene.hub.subscribe([BTC])
    reader.take()
    scene.advance(15)
    reader.wait(5)
    beat = ("beat", "", {"now_ms": scene.shelf.clock.now_ms()})
    assert events_in(reader.take()) == [beat]


def test_without_a_follower() -> None:
    """A hub that follows nothing says so, and still tells what the store gets."""
    shelf = Shelf(lines=[Line(BTC, 100)])
    hub = LiveHub(shelf, manners=Manners(look_seconds=0.005))
    reader = hub.subscribe([BTC])
    ((_, _, hello),) = taken(reader)
    assert '"polling"' in str(hello["states"]).replace("'", '"')
    eventually(lambda: "kept" in kinds(reader))
    hub.close()


def test_cannot_be_followed(scene: Scene) -> None:
    """A series that the exchange cannot have is refused, and leaves nothing behind."""
    scene.hub.subscribe([BTC])
    with pytest.raises(NoSuchInterval, match="has no candles of '1s'"):
        scene.hub.subscribe([NO_SECONDS])
    assert scene.hub.watched == {BTC}
    assert scene.hub.readers == 1


def test_close(scene: Scene) -> None:
    """Closing ends every reader, and nobody is let in any more."""
    reader = scene.hub.subscribe([BTC])
    scene.hub.close()
    assert reader.ended
    assert scene.followers.last.closed
    reader.wait(5)
    with pytest.raises(HubClosed):
        scene.hub.subscribe([BTC])
    scene.hub.close()
