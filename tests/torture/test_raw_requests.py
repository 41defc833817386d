"""Requests that are none, that mean two things, or that never end: refused, and nobody waits."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from tests.torture.intruder import LOCAL, TOKEN, assert_guarded, get, raw
from tests.torture.lengths import AT_FULL_LENGTH, scaled
from tests.waiting import within

SLOW = scaled(short=100, full=600)
"""Clients that send a byte now and then."""
SLOW_SECONDS = scaled(short=1, full=30)


NONSENSE = {
    "no request": b"nonsense\r\n\r\n",
    "line feeds alone": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "another protocol": b"GET / FTP/1.1\r\n\r\n",
    "a later version": b"GET / HTTP/2.0\r\n" + LOCAL + b"\r\n",
    "small letters": b"get / HTTP/1.1\r\n" + LOCAL + b"\r\n",
    "bytes that are no text": b"GET /\xff\xfe HTTP/1.1\r\n" + LOCAL + b"\r\n",
    "a host that is no address": b"GET http://[ HTTP/1.1\r\n" + LOCAL + b"\r\n",
    "another server's address": b"GET http://evil.example/ HTTP/1.1\r\n" + LOCAL + b"\r\n",
    "no path": b"GET evil HTTP/1.1\r\n" + LOCAL + b"\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + LOCAL + b"\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + LOCAL + b" .evil.example\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a zero byte": b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n",
    "a return in a header": b"GET / HTTP/1.1\r\nX: 1\rHost: localhost\r\n\r\n",
    "a header of 64 kB": b"GET / HTTP/1.1\r\nX: " + b"x" * 65_536,
    "an address of 64 kB": b"GET /" + b"x" * 65_536,
    "two lengths": b"POST / HTTP/1.1\r\n"
    + LOCAL
    + b"Content-Length: 9\r\nContent-Length: 0\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\n" + LOCAL + b"Content-Length: -4\r\n\r\n",
    "a signed length": b"POST / HTTP/1.1\r\n" + LOCAL + b"Content-Length: +4\r\n\r\n",
    "another encoding": b"POST / HTTP/1.1\r\n" + LOCAL + b"Transfer-Encoding: gzip\r\n\r\n",
    "a chunk of no size": b"POST / HTTP/1.1\r\n"
    + LOCAL
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("data", [pytest.param(data, id=what) for what, data in NONSENSE.items()])
def test_nonsense(port: int, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused in order, told once, ends the connection, and is no error of ours."""
    answer = raw(port, data)
    assert 400 <= answer.status < 500 or answer.status in {501, 505}
    assert answer.closed
    assert answer.count == 1
    assert_guarded(answer)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLED = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "two lengths": b"Content-Length: 40\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "in a chunk that nobody reads": b"Transfer-Encoding: chunked\r\n\r\n"
    + f"{len(HIDDEN):x}\r\n".encode()
    + HIDDEN
    + b"\r\n0\r\n\r\n",
    "after the chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "as trailers": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + HIDDEN,
    "chunks under another name": b"Transfer_Encoding: chunked\r\nContent-Length: 44\r\n\r\n"
    + HIDDEN
    + b"xx",
    "in a body that nobody reads": f"Content-Length: {len(HIDDEN)}\r\n\r\n".encode() + HIDDEN,
}


@pytest.mark.parametrize("data", [pytest.param(data, id=what) for what, data in SMUGGLED.items()])
def test_nothing_is_smuggled(port: int, data: bytes) -> None:
    """However its length is told, one request has one answer: no body becomes a request."""
    answer = raw(port, b"POST /nothing HTTP/1.1\r\n" + LOCAL + data)
    assert answer.count == 1, answer.said
    assert answer.status in {400, 404}


def test_chunks_are_read(guarded: int) -> None:
    """A body in chunks is a body, as some programs send it."""
    body = b'{"kind": "market_caps"}'
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n".encode()
    answer = raw(
        guarded,
        b"POST /api/v1/series HTTP/1.1\r\n"
        + LOCAL
        + head
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + sent,
    )
    assert answer.status == 422
    assert b"series" in answer.body


def test_slow_senders_hold_no_thread(port: int) -> None:
    """A crowd that sends a byte now and then keeps nobody waiting."""
    with ExitStack() as stack:
        crowd = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW)
        ]
        ends = time.monotonic() + SLOW_SECONDS
        sent = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\ntoken="
        number = 0
        while time.monotonic() < ends:
            for one in crowd:
                try:
                    one.send(sent[number : number + 1] or b"x")
                except OSError:
                    continue  # its time was over
            number += 1
            with within(2):
                assert get(port, "/healthz").status == 200
            time.sleep(0.2)
        threads = [one for one in threading.enumerate() if one.name.startswith("CP Server")]
    assert len(threads) <= 24, "the slow have taken threads"


@AT_FULL_LENGTH
def test_slow_senders_are_sent_away(port: int) -> None:
    """Ten seconds after a request began it must be whole, however often another byte came."""
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(0.5)
        began = time.monotonic()
        said: bytes | None = None
        while said != b"" and time.monotonic() - began < 20:
            try:
                slow.send(b"x")
                said = slow.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                break
        assert 9 < time.monotonic() - began < 13
