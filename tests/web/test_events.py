"""`/api/v1/events`: a real server, whose hub follows what the test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.live.events import LiveState
from chandlery.collect.live.hub import LiveHub, Manners
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.web import Server, create_app
from chandlery.web.api.events import PAGES_MAX
from tests.collect.scripted_follower import Followers, ScriptedFollower, events_in
from tests.waiting import eventually, within
from tests.web.event_page import EventPage

pytestmark = pytest.mark.slow  # many, which take long together

HOUR = Series.parse("binance:BTCUSDT:1h")
DAY = Series.parse("binance:BTCUSDT:1d")
QUICK = Manners(look_seconds=0.02)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """An exchange whose candles move ten times a second."""
    with Sandbox(stream_every_ms=100) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def keeper(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A store with an hourly series."""
    home: Path = tmp_path_factory.mktemp("home")
    series = str(HOUR)
    with Keeper(
        read_settings(
            home=home,
            csv="",
            series=series,
            binance_url=box.binance_url,
            binance_stream_url=box.stream_url,
        )
    ) as opened:
        opened.collect(HOUR, last=10)
        yield opened


@dataclass(frozen=True)
class Scene:
    """A server, its hub, and what the hub follows with."""

    keeper: Keeper
    hub: LiveHub
    server: Server
    followers: Followers

    @property
    def follower(self) -> ScriptedFollower:
        """The follower that is in use."""
        return self.followers.last

    def page(
        self, *series: Series, after: str = "", last_id: str = "", buffer: int = 0
    ) -> EventPage:
        """An open page of some series, of the hourly one if none is named."""
        asked = series or (HOUR,)
        return EventPage(self.server.port, *asked, after=after, last_id=last_id, buffer=buffer)

    def status(self, path: str, method: str = "GET") -> tuple[int, dict[str, str]]:
        """The status and the headers of an answer."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, dict(response.headers)
        finally:
            connection.close()


@pytest.fixture
def scene(keeper: Keeper) -> Iterator[Scene]:
    """A server that has not been asked anything yet."""
    followers = Followers()
    hub = LiveHub(keeper, followers, label="SANDBOX", manners=QUICK)
    with Server(create_app(keeper, hub=hub), port=0) as server:
        yield Scene(keeper, hub, server, followers)


def test_stream(scene: Scene) -> None:
    """A page gets the headers of an event stream, a greeting, and each movement at once."""
    page = scene.page()
    headers = page.response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert page.response.readline() == b"retry: 2000\n"
    kind, id_, hello = page.next()
    assert (kind, hello["id"], hello["label"]) == ("hello", id_, "SANDBOX")
    scene.follower.move(HOUR, "42.50000000")
    kind, _, candle = page.until("candle")
    assert (candle["series"], candle["closed"]) == (str(HOUR), False)
    scene.follower.change(HOUR, LiveState("unreachable", 7, "no route"))
    assert page.until("state")[2]["error"] == "no route"
    page.leave()


def test_news_of_the_store(scene: Scene) -> None:
    """A page hears of what is kept, also when another process keeps it."""
    page = scene.page(HOUR, DAY)
    before = page.until("kept")[2]["updated_ms"]
    with Keeper(scene.keeper.settings) as other:
        other.collect(HOUR, last=2)
    after = page.until("kept")[2]["updated_ms"]
    while after == before:  # the other of the two series
        after = page.until("kept")[2]["updated_ms"]
    (line,) = scene.keeper.catalogue()
    assert after == line.updated_ms
    page.leave()


def test_resume(scene: Scene) -> None:
    """A page that comes back misses nothing; the browser's own header goes before the address."""
    page = scene.page()
    first = page.until("hello")[1]
    scene.follower.move(HOUR, "1", closed=True)
    second = page.until("candle")[1]
    page.leave()
    scene.follower.move(HOUR, "2", hour=1, closed=True)
    for back, closes in (
        (scene.page(after=first), ["1", "2"]),
        (scene.page(after=first, last_id=second), ["2"]),
    ):
        assert back.next()[0] == "hello"
        rows = [back.until("candle")[2]["row"] for _ in closes]
        assert [row[4] for row in rows if isinstance(row, list)] == closes
        back.leave()
    lost = scene.page(last_id="another-1")
    assert [lost.next()[0] for _ in range(2)] == ["hello", "lost"]
    lost.leave()


@pytest.mark.parametrize(
    ("series", "status"),
    [
        ("binance:BTCUSDT:1h", 200),
        ("binance:BTCUSDT:1h,binance:BTCUSDT:5m,binance:BTCUSDT:1w", 200),
        ("binance:ETHUSDT:1h", 404),
        ("binance:BTCUSDT:1h,binance:ETHUSDT:1h", 404),
        ("binance:BTCUSDT", 422),
        (",".join(["binance:BTCUSDT:1h"] * 17), 422),
        ("", 422),
    ],
)
def test_what_can_be_asked(scene: Scene, series: str, status: int) -> None:
    """Any interval of a kept symbol may be read, up to sixteen series at once; HEAD opens none."""
    found, headers = scene.status(f"/api/v1/events?series={series}", "HEAD")
    assert found == status
    assert (headers["Content-Type"] == "text/event-stream") == (status == 200)
    assert scene.hub.readers == 0


def test_page_goes_away(scene: Scene) -> None:
    """What a page held is freed when it goes away, without waiting for an event."""
    page = scene.page()
    page.until("hello")
    assert scene.hub.readers == 1
    page.leave()
    eventually(lambda: scene.hub.readers == 0)


def test_slow_page(scene: Scene) -> None:
    """A page that does not read for long loses movements and no close; others are not held up."""
    slow, quick = scene.page(buffer=4096), scene.page()
    for page in (slow, quick):
        page.until("hello")
    for number in range(5_000):
        scene.follower.move(HOUR, f"{number}")
    scene.follower.move(HOUR, "5000", closed=True)
    scene.follower.move(HOUR, "5001", hour=1)
    for page in (quick, slow):
        seen = 0
        while not (candle := page.until("candle")[2])["closed"]:
            seen += 1
        assert seen < 5_000
        row = candle["row"]
        assert isinstance(row, list)
        assert row[4] == "5000"
        assert page.until("candle")[2]["closed"] is False
        page.leave()


def test_many_pages(scene: Scene) -> None:
    """Two hundred open pages hold no thread, all hear, and the interface answers as before."""
    scene.page().leave()
    threads = threading.active_count()
    pages = [scene.page() for _ in range(200)]
    for page in pages:
        page.until("hello")
    assert threading.active_count() <= threads + 8
    scene.follower.move(HOUR, "1", closed=True)
    assert {page.until("candle")[2]["closed"] for page in pages} == {True}
    assert scene.status(f"/api/v1/candles?series={HOUR}&limit=10")[0] == 200
    connection = HTTPConnection("127.0.0.1", scene.server.port, timeout=5)
    connection.request("GET", "/metrics")
    metrics = connection.getresponse().read().decode()
    connection.close()
    assert "\nchandlery_live_pages 200.0\n" in metrics
    assert "\nchandlery_live_series 1.0\n" in metrics
    for page in pages:
        page.leave()
    eventually(lambda: scene.hub.readers == 0)


def test_too_many_pages(scene: Scene) -> None:
    """One page more than there may be is told to poll, and when to try again."""
    for _ in range(PAGES_MAX):
        scene.hub.subscribe([HOUR])
    status, headers = scene.status(f"/api/v1/events?series={HOUR}")
    assert (status, headers["Retry-After"]) == (503, "60")


def test_stop(scene: Scene) -> None:
    """Stopping the server ends open pages in good order, within a second."""
    pages = [scene.page() for _ in range(20)]
    for page in pages:
        page.until("hello")
    stuck = scene.page(buffer=4096)
    with within(1):
        scene.server.stop()
    for page in pages:
        with pytest.raises(EOFError):
            page.until("never")
        page.leave()
    stuck.leave()
    assert scene.follower.closed
    assert scene.hub.readers == 0


def test_other_servers(keeper: Keeper) -> None:
    """Under a server that knows WSGI alone the same stream is pulled, and freed at its end."""
    followers = Followers()
    hub = LiveHub(keeper, followers, manners=QUICK)
    answer = create_app(keeper, hub=hub).test_client().get(f"/api/v1/events?series={HOUR}")
    parts = answer.iter_encoded()
    assert [kind for kind, _, _ in events_in(next(parts))] == ["hello"]
    followers.last.move(HOUR, "1", closed=True)
    kinds = [kind for kind, _, _ in events_in(next(parts))]
    assert "candle" in kinds
    answer.close()
    assert hub.readers == 0
    ended = create_app(keeper, hub=hub).test_client().get(f"/api/v1/events?series={HOUR}")
    hub.close()
    assert ended.data.startswith(b"retry: 2000\n\n")
    refused = create_app(keeper, hub=hub).test_client().get(f"/api/v1/events?series={HOUR}")
    assert refused.status_code == 503


def test_real_stream(keeper: Keeper) -> None:
    """Without a hub of the test's own a page hears what the exchange's stream says."""
    with Server(create_app(keeper), port=0) as server:
        page = EventPage(server.port, HOUR)
        assert page.next()[0] == "hello"
        candle = page.until("candle")[2]
        while candle["source"] != "stream":
            candle = page.until("candle")[2]
        page.leave()
    assert candle["series"] == str(HOUR)
