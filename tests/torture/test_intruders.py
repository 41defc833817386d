"""Whoever comes to the page in bad faith gets in nowhere and learns nothing of what runs here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.intruder import LOCAL, TOKEN, assert_guarded, get, raw


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/", (), 200),
        ("HEAD", "/", (), 200),
        ("OPTIONS", "/", (), 200),
        ("GET", "/api/v1/series", (), 200),
        ("GET", "/api/v1/candles", (), 422),
        ("GET", "/nothing", (), 404),
        ("GET", "/static/nothing", (), 404),
        ("DELETE", "/", (), 405),
        ("TRACE", "/", ("Cookie: mine=secret",), 405),
        ("POST", "/api/v1/tasks", ("Content-Length: 0",), 403),
        ("POST", "/api/v1/tasks", ("Content-Length: 99999999999",), 413),
        ("CONNECT", "evil.example:80", (), 405),
    ],
)
def test_every_kind_of_answer(
    port: int, method: str, path: str, more: tuple[str, ...], status: int
) -> None:
    """Pages, data, refusals and what the server says by itself carry the guarding headers."""
    answer = get(port, path, *more, method=method)
    assert answer.status == status
    assert_guarded(answer)
    assert "secret" not in answer.said.decode("latin-1")


def test_not_modified_and_streams(port: int) -> None:
    """Also 304, and a stream of events, before its first event."""
    path = "/api/v1/candles?series=binance:BTCUSDT:1h"
    tag = get(port, path).headers["etag"]
    known = get(port, path, f"If-None-Match: {tag}")
    assert known.status == 304
    assert_guarded(known)
    stream = get(port, "/api/v1/events?series=binance:BTCUSDT:1h")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert_guarded(stream)


def test_answers_behind_the_token(guarded: int) -> None:
    """The login, the way to it, and refusals are guarded; nothing of what they open is cached."""
    to_login = get(guarded, "/", "Accept: text/html")
    assert (to_login.status, get(guarded, "/login").status) == (303, 200)
    for answer in (to_login, get(guarded, "/login"), get(guarded, "/api/v1/status")):
        assert_guarded(answer)
        assert {"no-cache", "no-store"} & {answer.headers["cache-control"]}


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.",
        "localhost.evil.example",
        "evil.example@localhost",
        "localhost@evil.example",
        "localhost/evil.example",
        "localhost, evil.example",
        "localhost:eighty",
        "127.0.0.1.evil.example",
        "2130706433",
        "0x7f.1",
        "[",
        "[::1",
        "[evil]",
    ],
)
def test_hosts(port: int, host: str) -> None:
    """No name but its own opens the server, however it is written, nor does a proxy's word."""
    answer = get(port, "/api/v1/status", "X-Forwarded-Host: localhost", host=host)
    assert answer.status == 400
    assert_guarded(answer)


def test_the_address_of_who_asks_is_not_believed(guarded: int) -> None:
    """Guesses are counted together, whatever address they claim; whoever has the token gets in."""
    said = [
        get(
            guarded,
            "/api/v1/status",
            "Authorization: Bearer guess",
            f"X-Forwarded-For: 10.0.0.{number}",
            f"Forwarded: for=10.0.0.{number}",
        ).status
        for number in range(34)
    ]
    assert (said.count(401), said.count(429)) == (30, 4)
    token = f"Authorization: Bearer {TOKEN}".encode().decode("latin-1")
    assert get(guarded, "/api/v1/status", token).status == 200


def test_a_session_is_never_the_visitors(guarded: int) -> None:
    """A session that a visitor brings along is not taken over: signing in gives a new one."""
    path = "/login?next=/%0d%0aSet-Cookie:%20evil=1"
    form = get(guarded, path, "Accept: text/html")
    assert form.status == 200
    assert "evil" not in form.said.partition(b"\r\n\r\n")[0].decode("latin-1")
    body = f"token={'wax%3Awick%3Dtallow%2Fsch%C3%B6n'}&next=/%0d%0aX-Evil:1"
    cookies = set()
    for _ in range(2):
        answer = raw(
            guarded,
            b"POST /login HTTP/1.1\r\n"
            + LOCAL
            + b"Cookie: chandlery_00000000=mine\r\n"
            + b"Content-Type: application/x-www-form-urlencoded\r\n"
            + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode(),
        )
        assert (answer.status, answer.headers["location"]) == (303, "/")
        assert "x-evil" not in answer.headers
        cookies.add(answer.headers["set-cookie"].partition(";")[0])
    assert len(cookies) == 2
    assert not [one for one in cookies if "mine" in one]


@pytest.mark.parametrize(
    "query",
    [
        "series=binance:BTCUSDT:1h%0d%0aX-Evil:%201&format=csv",
        "series=binance:BTC%22%0d%0aUSDT:1h&format=csv",
        "series=binance:BTCUSDT:1h&format=csv%0d%0aX-Evil:1",
        "series=%0d%0aX-Evil:1",
    ],
)
def test_no_header_is_injected(port: int, query: str) -> None:
    """What comes back in a header, as the name of a file, ends no line there."""
    answer = get(port, f"/api/v1/candles?{query}")
    assert answer.status in {404, 422}
    assert "x-evil" not in answer.headers
    assert_guarded(answer)


FORCED = """
import sys, pathlib, logging
from chandlery.web import Server, create_app
from chandlery.web.wsgi import application
app = application()
print(app.debug, app.testing, flush=True)
with Server(app, port=0) as server:
    print(server.port, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.slow
def test_an_inner_error_says_nothing(tmp_path: Path) -> None:
    """With FLASK_DEBUG set, and a store that is spoilt under the server, no trace is shown."""
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith("CHANDLERY_")},
        "FLASK_DEBUG": "1",
        "FLASK_ENV": "development",
        "WERKZEUG_DEBUG_PIN": "off",
        "CHANDLERY_HOME": str(tmp_path / "home"),
    }
    with subprocess.Popen(
        [sys.executable, "-c", FORCED],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        port = int(process.stdout.readline())
        assert get(port, "/api/v1/series").status == 200
        for file in (tmp_path / "home").iterdir():
            if file.is_file():
                file.write_bytes(b"spoilt" * 4000)
        paths = ("/", "/api/v1/series", "/api/v1/status", "/healthz", "/metrics", "/console")
        debugger = "/?__debugger__=yes&cmd=resource&f=debugger.js"
        answers = {path: get(port, path) for path in (*paths, debugger)}
        process.communicate("\n", timeout=20)
    assert {answer.status for answer in answers.values()} & {500, 503}
    for path, answer in answers.items():
        assert_guarded(answer)
        text = answer.body.decode("latin-1")
        assert "sqlite3." not in text, path
        assert "SELECT" not in text, path
        assert "EVALEX" not in text, path
