"""The sandbox's streams: names, commands, what is sent when, and what may go wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chandlery.errors import InputError
from chandlery.sandbox import Sandbox
from tests.sandbox.asking import MINUTE, NOW_MS, Asker
from tests.sandbox.listening import Ear, listening, row

ONE = "/ws/btcusdt@kline_1m"
BOTH = "/stream?streams=btcusdt@kline_1m/ethusdt@kline_1h"
MINUTE_MS = NOW_MS // MINUTE * MINUTE


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all; its time stands still until a test moves it."""
    with Sandbox(now_ms=NOW_MS, stream_every_ms=1000, stream_ping_s=0.1) as running:
        yield running


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """The sandbox as it was at first."""
    shared.stream_faults.clear()
    shared.faults.clear()
    shared.clock.freeze(NOW_MS)
    return shared


@pytest.fixture
def ear(box: Sandbox) -> Iterator[Ear]:
    """A connection without streams, raw."""
    with listening(box, "/ws") as open_ear:
        yield open_ear


def test_a_message_is_what_rest_says(box: Sandbox) -> None:
    """The forming candle has the names and types of Binance and the values of REST."""
    with listening(box, ONE) as ear:
        said = ear.candle()
    newest = Asker(box).rows(symbol="BTCUSDT", interval="1m", limit=1)[0]
    assert row(said) == newest
    assert (said["E"], said["s"], said["k"]["s"], said["k"]["i"]) == (
        NOW_MS,
        "BTCUSDT",
        "BTCUSDT",
        "1m",
    )
    trades = Asker(box).json("trades", symbol="BTCUSDT", limit=1)
    assert said["k"]["L"] == trades[-1]["id"]
    assert said["k"]["L"] - said["k"]["f"] + 1 == said["k"]["n"]
    assert said["k"]["B"] == "0"


def test_combined_streams_are_wrapped(box: Sandbox) -> None:
    """On /stream each message stands under the name of its stream."""
    with listening(box, BOTH) as ear:
        told = [ear.next(), ear.next()]
    assert {one["stream"]: one["data"]["k"]["i"] for one in told} == {
        "btcusdt@kline_1m": "1m",
        "ethusdt@kline_1h": "1h",
    }


def test_a_candle_closes_once_and_late(box: Sandbox) -> None:
    """After its end a candle is told to be closed, once, and then the next one begins."""
    with listening(box, ONE) as ear:
        ear.candle()
        box.clock.freeze(MINUTE_MS + MINUTE + 20)
        time.sleep(0.06)
        box.clock.freeze(MINUTE_MS + MINUTE + 600)
        told = [ear.candle(), ear.candle()]
        box.clock.freeze(MINUTE_MS + MINUTE + 1700)
        told.append(ear.candle())
    assert [one["k"]["x"] for one in told] == [True, False, False]
    assert told[0]["E"] > told[0]["k"]["T"]
    assert [one["k"]["t"] for one in told] == [MINUTE_MS, *[MINUTE_MS + MINUTE] * 2]
    opened = Asker(box).rows(symbol="BTCUSDT", interval="1m", startTime=MINUTE_MS, limit=1)
    assert row(told[0]) == opened[0]


def test_a_jump_closes_every_candle(box: Sandbox) -> None:
    """When the clock jumps, each candle that closed meanwhile is told, in order."""
    with listening(box, ONE) as ear:
        ear.candle()
        box.clock.freeze(MINUTE_MS + 3 * MINUTE + 600)
        told = [ear.candle() for _ in range(4)]
    assert [(one["k"]["t"] - MINUTE_MS) // MINUTE for one in told] == [0, 1, 2, 3]
    assert [one["k"]["x"] for one in told] == [True, True, True, False]


def test_speed(box: Sandbox) -> None:
    """Between two messages of a stream lies the period that was asked for."""
    box.clock.run(10.0)
    with listening(box, ONE) as ear:
        ear.candle()
        times = [ear.candle()["E"] for _ in range(4)]
    steps = [later - sooner for sooner, later in pairwise(times)]
    assert 800 <= sum(steps) / len(steps) <= 1500


def test_microseconds_and_time_zone(box: Sandbox) -> None:
    """Times are microseconds when asked for, and days may begin at midnight in Beijing."""
    with listening(box, "/ws/btcusdt@kline_1d@+08:00?timeUnit=MICROSECOND") as ear:
        said = ear.candle()
    rows = Asker(box).rows(symbol="BTCUSDT", interval="1d", limit=1, timeZone="8")
    assert said["k"]["t"] == rows[0][0] * 1000
    assert said["k"]["T"] == rows[0][6] * 1000 + 999
    assert said["E"] == NOW_MS * 1000


def test_mini_ticker(box: Sandbox) -> None:
    """The ticker of 24 hours says what REST's does."""
    with listening(box, "/ws/btcusdt@miniTicker") as ear:
        said = ear.next()
    day = Asker(box).json("ticker/24hr", symbol="BTCUSDT")
    named = {"c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume"}
    assert said["e"] == "24hrMiniTicker"
    assert {key: said[key] for key in named} == {key: day[name] for key, name in named.items()}


def test_commands(ear: Ear) -> None:
    """The five commands answer as documented, with the id that was sent."""
    subscribe = '{"method":"SUBSCRIBE","params":["btcusdt@kline_1m","NOPE"],"id":"a-1"}'
    assert ear.command(subscribe) == {"result": None, "id": "a-1"}
    listed = ear.command('{"method":"LIST_SUBSCRIPTIONS","id":-2}')
    assert listed == {"result": ["btcusdt@kline_1m", "NOPE"], "id": -2}
    assert ear.command('{"method":"SET_PROPERTY","params":["combined",true],"id":null}') == {
        "result": None,
        "id": None,
    }
    assert ear.command('{"method":"GET_PROPERTY","params":["combined"],"id":5}')["result"] is True
    done = ear.command('{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m"],"id":6}')
    assert done == {"result": None, "id": 6}


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        ("{oops", 3, "Invalid JSON: expected value at line 1 column"),
        ('{"id":1}', 2, "Invalid request: missing field `method` at line 1 column 8"),
        ('{"method":"NO","id":1}', 2, "unknown variant NO, expected one of `SUBSCRIBE`, `UNSUB"),
        ('{"method":"SUBSCRIBE","params":[],"id":1.5}', 2, "request ID must be an unsigned"),
        ('{"method":"GET_PROPERTY","params":["x","y"],"id":1}', 2, "too many parameters"),
        ('{"method":"GET_PROPERTY","params":[1],"id":1}', 2, "property name must be a string"),
        ('{"method":"GET_PROPERTY","params":["x"],"id":1}', 0, "Unknown property"),
        ('{"method":"SET_PROPERTY","params":["combined",1],"id":1}', 1, "expected Boolean"),
    ],
)
def test_refused_commands(ear: Ear, sent: str, code: int, said: str) -> None:
    """What is wrong with a command is said by Binance's codes and words."""
    answer = ear.command(sent)
    assert (answer["code"], said in answer["msg"]) == (code, True), answer


def test_too_many_streams(box: Sandbox) -> None:
    """The 1025th stream is refused, and the connection ends."""
    names = ",".join(f'"s{number}@kline_1m"' for number in range(1025))
    with listening(box, "/ws") as ear:
        answer = ear.command(f'{{"method":"SUBSCRIBE","params":[{names}],"id":1}}')
        assert answer == {"error": {"code": 4, "msg": "Too many subscriptions"}}
        assert ear.ending() == (1008, "Invalid request")


def test_too_many_messages(box: Sandbox) -> None:
    """More than five messages in a second end the connection."""
    with listening(box, "/ws") as ear:
        for number in range(6):
            ear.socket.send(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}')
        assert ear.ending() == (1008, "Too many requests")


def test_pings_are_to_be_answered(box: Sandbox) -> None:
    """Who answers no ping is taken for gone; here after 0.3 s in place of a minute."""
    asked = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    host, _, port = box.stream_url.removeprefix("ws://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as deaf:
        deaf.sendall(f"GET {ONE} HTTP/1.1\r\nHost: {host}\r\n{asked}{key}\r\n\r\n".encode())
        heard = b"".join(iter(lambda: deaf.recv(65_536), b""))
    assert heard.count(b"\x89") >= 2
    assert heard.endswith(b"\x88\x0e\x03\xf0Pong timeout")


def test_a_connection_lives_a_day(box: Sandbox) -> None:
    """After 24 hours of the exchange's clock a connection is ended."""
    with listening(box, ONE) as ear:
        ear.candle()
        box.clock.advance(24 * 3600)
        assert ear.ending()[0] == 1001


def test_connections_are_counted() -> None:
    """The 301st attempt to connect within five minutes is refused."""
    with Sandbox(now_ms=NOW_MS) as own:
        for _ in range(300):
            with listening(own, "/ws"):
                pass
        with pytest.raises(InvalidStatus, match="429"), listening(own, "/ws"):
            pass


def test_faults_of_closed_candles(box: Sandbox) -> None:
    """A closed candle is wrong, is not told, or comes cut in half, as often as was asked for."""
    with listening(box, ONE) as ear:
        ear.candle()
        box.stream_faults.add("wrong", "btcusdt")
        box.clock.freeze(MINUTE_MS + MINUTE + 600)
        wrong = row(ear.candle(closed=True))
        right = Asker(box).rows(symbol="BTCUSDT", interval="1m", startTime=MINUTE_MS, limit=1)[0]
        assert (wrong == right, wrong[:5] == right[:5]) == (False, True)
        box.stream_faults.add("no-close")
        box.clock.freeze(MINUTE_MS + 2 * MINUTE + 600)
        told = ear.candle()
        while told["k"]["t"] == MINUTE_MS + MINUTE:
            assert told["k"]["x"] is False
            told = ear.candle()
        box.stream_faults.add("garbled")
        box.clock.freeze(MINUTE_MS + 2 * MINUTE + 2600)
        assert not str(ear.socket.recv(timeout=5)).endswith("}}")
        assert box.stream_faults.planned() == ()


def test_faults_of_connections(box: Sandbox) -> None:
    """Connections end without a word, are announced to end, are silent, and are refused."""
    with listening(box, BOTH) as ear:
        ear.candle()
        box.stream_faults.add("shutdown", seconds=0)
        while (told := ear.next())["stream"] != "!serverShutdown":
            pass
        assert told["data"] == {"e": "serverShutdown", "E": NOW_MS}
        assert ear.ending() == (1001, "Server shutdown")
    with listening(box, ONE) as ear:
        ear.candle()
        box.stream_faults.add("silent")
        box.clock.freeze(NOW_MS + 5000)
        with pytest.raises(TimeoutError):
            ear.socket.recv(timeout=0.2)
        box.stream_faults.clear()
        box.clock.freeze(NOW_MS + 10_000)
        assert ear.candle()["E"] == NOW_MS + 10_000
        box.stream_faults.add("drop")
        with pytest.raises(ConnectionClosed):
            ear.socket.recv(timeout=5)
    box.faults.next("451", service="stream")
    with pytest.raises(InvalidStatus, match="451"), listening(box, ONE):
        pass
    with box.unreachable("stream"), pytest.raises(OSError, match="refused"), listening(box, ONE):
        pass


def test_late_messages(box: Sandbox) -> None:
    """Messages come as late as was asked for, and say when they were meant."""
    box.stream_faults.add("late", seconds=0.3)
    began = time.monotonic()
    with listening(box, ONE) as ear:
        assert ear.candle()["E"] == NOW_MS
    assert time.monotonic() - began > 0.25


def test_faults_over_http(box: Sandbox) -> None:
    """Another process plans faults of streams at /sandbox/streams."""
    asker = Asker(box)
    url = f"{box.binance_url}/sandbox/streams"
    assert asker.fetch("POST", url, body={"kind": "drop"}).status == 200
    assert asker.fetch("POST", url, body={"kind": "nonsense"}).status == 422
    assert asker.fetch("DELETE", url).json() == []
    with pytest.raises(InputError, match="Known: drop"):
        box.stream_faults.add("nonsense")  # type: ignore[arg-type]


def test_other_pages(box: Sandbox) -> None:
    """What is no stream is not found; a stream that is not asked for as one, too."""
    asker = Asker(box)
    base = box.stream_url.replace("ws:", "http:")
    assert asker.fetch("GET", f"{base}/nothing").status == 404
    assert asker.fetch("GET", f"{base}{ONE}").status == 404
