"""Readers that take an answer slowly, or not at all, keep nobody else waiting."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import orjson
import pytest

from chandlery.web import Server, create_app
from chandlery.web.serving.outbox import Rest
from chandlery.web.serving.pushing import Pusher
from tests.torture.footprint import Footprint
from tests.torture.lengths import AT_FULL_LENGTH
from tests.waiting import eventually, within
from tests.web.fake_keeper import BTC, keeper_with_candles

ROWS = 5000
LARGE = f"/api/v1/candles?series={BTC}&limit={ROWS}"
"""Nearly a megabyte."""
TIMES = 6
"""So often it is asked for at once: the system itself takes three megabytes off the server."""
SLOW = 80
"""More than there may be threads."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server listens whose answers can be large."""
    with Server(create_app(keeper_with_candles(ROWS)), port=0) as server:
        yield server.port


def asked(port: int, *more: str) -> socket.socket:
    """A connection on which much was asked for, then `more`, and nothing was read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", port))
    connection.sendall(b"".join([request(LARGE)] * TIMES + [request(path) for path in more]))
    return connection


def request(path: str, *headers: str) -> bytes:
    """What asks for `path`."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def rows(connection: socket.socket) -> int:
    """How many candles the next answer on a connection has, read to its last byte."""
    status, body = answer(connection)
    assert status == 200
    return len(orjson.loads(body)["rows"])


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of what comes next on a connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    length, body = int(fields[b"content-length"]), b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(head.split()[1]), body


@pytest.mark.slow
def test_slow_readers_hold_no_thread(port: int) -> None:
    """While a crowd reads a byte now and then of large answers, others are answered at once."""
    with ExitStack() as stack:
        crowd = [stack.enter_context(asked(port)) for _ in range(SLOW)]
        for one in crowd:
            assert one.recv(9) == b"HTTP/1.1 "
        # So many questions at once make threads for a while; reading slowly must not hold them.
        eventually(lambda: threads() <= 24)
        assert is_answered(port)  # after what the crowd was still to be answered
        for _ in range(5):
            for one in crowd:
                one.recv(1)
            with within(2):
                assert is_answered(port)


def is_answered(port: int) -> bool:
    """Whether somebody else, on a connection of their own, gets an answer."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as other:
        other.request("GET", "/healthz")
        return other.getresponse().status == 200


def threads() -> int:
    """How many the server has for requests."""
    return sum(one.name.startswith("CP Server") for one in threading.enumerate())


def test_read_late_and_whole(port: int) -> None:
    """Answers that are taken late are whole and in order, and so are those to later questions."""
    with asked(port, "/api/v1/status") as connection:
        time.sleep(0.5)
        assert [rows(connection) for _ in range(TIMES)] == [ROWS] * TIMES
        assert "series" in orjson.loads(answer(connection)[1])
        connection.sendall(request(LARGE))
        assert rows(connection) == ROWS


def test_the_last_answer(port: int) -> None:
    """Whoever asks for the connection's end gets the whole answer first."""
    with asked(port) as connection:
        connection.sendall(request(LARGE, "Connection: close"))
        time.sleep(0.5)
        assert [rows(connection) for _ in range(TIMES + 1)] == [ROWS] * (TIMES + 1)
        assert connection.recv(1) == b""


def test_whoever_says_no_more(port: int) -> None:
    """A reader that has shut its own side still gets the whole of all answers."""
    with asked(port) as connection:
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.5)
        assert [rows(connection) for _ in range(TIMES)] == [ROWS] * TIMES


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux for sockets")
def test_readers_that_leave(port: int) -> None:
    """Nothing is kept for readers that left in the middle of an answer."""
    before = Footprint.of(os.getpid()).sockets
    for _ in range(SLOW):
        asked(port).close()
    eventually(lambda: Footprint.of(os.getpid()).sockets <= before)


@pytest.fixture
def pusher() -> Iterator[Pusher]:
    """What sends the rest of answers."""
    pusher = Pusher()
    yield pusher
    pusher.close()


def test_more_than_is_kept(pusher: Pusher) -> None:
    """When too much waits to be read, whoever has waited longest is cut off, and nobody else."""
    with ExitStack() as stack:
        ends = [resting(pusher, stack, megabytes=10) for _ in range(8)]
        eventually(lambda: [end.whole for end in ends].count(False) == 2)
        assert [end.whole for end in ends] == [False, False, *[None] * 6]
        ends[7].take()
        eventually(lambda: ends[7].whole)


def test_more_readers_than_are_kept(pusher: Pusher) -> None:
    """So many readers may be slow, however little each of them has to take."""
    with ExitStack() as stack:
        ends = [resting(pusher, stack, megabytes=1) for _ in range(50)]
        assert [end.whole for end in ends] == [None] * 50
        more = [resting(pusher, stack, megabytes=0.25) for _ in range(260)]
        eventually(lambda: [end.whole for end in (*ends, *more)].count(False) == 54)
        assert [end.whole for end in more[4:]] == [None] * 256


@AT_FULL_LENGTH
def test_readers_that_take_nothing(pusher: Pusher) -> None:
    """After half a minute without taking a byte a reader is taken for gone."""
    with ExitStack() as stack:
        end, began = resting(pusher, stack, megabytes=1), time.monotonic()
        eventually(lambda: end.whole is False, seconds=60)
        assert 29 < time.monotonic() - began < 40


@dataclass
class End:
    """The reader's end of a connection, and what became of the other."""

    sock: socket.socket
    whole: bool | None = None

    def take(self) -> None:
        """Read all that comes."""
        self.sock.settimeout(0)
        while self.whole is None:
            with suppress(BlockingIOError):
                self.sock.recv(1 << 20)


def resting(pusher: Pusher, stack: ExitStack, *, megabytes: float) -> End:
    """A reader that takes nothing of an answer of so many megabytes."""
    near, far = socket.socketpair()
    end = End(stack.enter_context(far))
    stack.enter_context(near)

    def over(whole: bool) -> None:  # noqa: FBT001  as the pusher calls it
        end.whole = whole

    pusher.push(near, Rest(bytes(int(megabytes * (1 << 20)))), over=over)
    return end
