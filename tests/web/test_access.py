"""The token: who is let in with one set, and what the others are told."""

from __future__ import annotations

import subprocess
import sys
import threading
from base64 import b64encode
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from chandlery.clock import FrozenClock
from chandlery.web import Server, create_app
from chandlery.web.assets import STATIC
from tests.web.fake_keeper import FakeKeeper, keeper_with_candles

TOKEN = "wax:wick=tallow/schön"
"""With everything in it that a parser could stumble over."""
GUARDED = ("/", "/api/docs", "/api/v1/status", "/api/v1/openapi.json", "/metrics", "/nothing")
CANDLES = "/api/v1/candles?series=binance:BTCUSDT:1h"


@pytest.fixture
def keeper() -> FakeKeeper:
    """A keeper whose clock stands still."""
    return keeper_with_candles(2)


@pytest.fixture
def client(keeper: FakeKeeper) -> FlaskClient:
    """A client of a page that asks for the token, and sends none."""
    return create_app(keeper, token=TOKEN).test_client()


def basic(token: str, user: str = "anybody") -> dict[str, str]:
    """As a browser sends it."""
    pair = b64encode(f"{user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def bearer(token: str) -> dict[str, str]:
    """As a program sends it: bytes, which WSGI shows as Latin-1."""
    return {"Authorization": f"Bearer {token.encode().decode('latin-1')}"}


@pytest.mark.parametrize("path", GUARDED)
def test_without_token(client: FlaskClient, path: str) -> None:
    """Pages, data, metrics and what is not there are refused alike, with the browser's question."""
    response = client.get(path)
    assert response.status_code == 401
    challenge = response.headers["WWW-Authenticate"]
    assert challenge == 'Basic realm="Chandlery", charset="UTF-8"'
    assert "CHANDLERY_TOKEN" in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_form_of_refusals(client: FlaskClient) -> None:
    """Programs get the interface's JSON error, people get text."""
    assert client.get(CANDLES).json["error"]["code"] == "unauthorized"  # type: ignore[index]
    assert client.get("/").mimetype == "text/plain"


def test_health_is_open(client: FlaskClient) -> None:
    """`/healthz` needs no token, but nothing that merely begins like it is open."""
    assert client.get("/healthz").status_code == 200
    assert client.head("/healthz").status_code == 200
    assert client.get("/healthz/").status_code == 401
    assert client.get("/healthz/../metrics").status_code == 401
    assert client.get("//healthz").status_code == 401


@pytest.mark.parametrize("token", [TOKEN, "x" * 16, "a=b=c=d=e=f=g=h=", ":::::::::::::::::"])
def test_right_token(keeper: FakeKeeper, token: str) -> None:
    """It opens everything, as a bearer token and as the password of any user."""
    client = create_app(keeper, token=token).test_client()
    for headers in (bearer(token), basic(token), basic(token, user="")):
        assert client.get(CANDLES, headers=headers).status_code == 200
        assert client.get("/metrics", headers=headers).status_code == 200
    assert client.get("/nothing", headers=bearer(token)).status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic ?",
        "Basic " + b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + b64encode(TOKEN.encode()).decode(),
        "Digest username=x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        TOKEN,
    ],
)
def test_wrong_token(client: FlaskClient, authorization: str) -> None:
    """Anything else is refused, however strange it is."""
    header = authorization.encode().decode("latin-1")
    assert client.get(CANDLES, headers={"Authorization": header}).status_code == 401


def test_no_token_set(keeper: FakeKeeper) -> None:
    """Without a token everybody is let in, and credentials are not looked at."""
    client = create_app(keeper).test_client()
    assert client.get(CANDLES).status_code == 200
    assert client.get(CANDLES, headers=bearer("wrong")).status_code == 200


def test_too_many_wrong_tries(keeper: FakeKeeper, client: FlaskClient) -> None:
    """After thirty within a minute guesses get 429 until it is over; the right token works."""
    clock = keeper.clock
    assert isinstance(clock, FrozenClock)
    for _ in range(30):
        assert client.get(CANDLES, headers=bearer("guess")).status_code == 401
    clock.advance(15)
    refused = client.get(CANDLES, headers=basic("guess"))
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "45"
    assert client.get(CANDLES, headers=bearer(TOKEN)).status_code == 200
    assert client.get(CANDLES).status_code == 401, "a person can still be asked"
    clock.advance(44.5)
    assert client.get(CANDLES, headers=bearer("guess")).headers["Retry-After"] == "1"
    clock.advance(0.5)
    assert client.get(CANDLES, headers=bearer("guess")).status_code == 401


def test_asking_is_no_try(client: FlaskClient) -> None:
    """Requests that guess nothing, as every browser's first, are not counted."""
    for _ in range(40):
        assert client.get("/").status_code == 401
    assert client.get("/", headers=bearer("guess")).status_code == 401


def test_counted_once_by_all_threads(keeper: FakeKeeper) -> None:
    """However many guess at once, thirty are answered as guesses."""
    app = create_app(keeper, token=TOKEN)
    codes: list[int] = []

    def guess() -> None:
        client = app.test_client()
        codes.extend(client.get("/", headers=bearer("guess")).status_code for _ in range(10))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (codes.count(401), codes.count(429)) == (30, 50)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_need_a_bearer_token(client: FlaskClient, method: str) -> None:
    """A password, which browsers add by themselves for foreign pages too, changes nothing."""
    refused = client.open(CANDLES, method=method, headers=basic(TOKEN))
    assert refused.status_code == 403
    assert "Bearer" in refused.text
    assert client.open(CANDLES, method=method, headers=bearer(TOKEN)).status_code == 405
    assert client.open(CANDLES, method=method).status_code == 401


def test_any_name_is_served(client: FlaskClient) -> None:
    """With a token the server answers under every name, but to nobody without the token."""
    named = {"Host": "candles.example:8000"}
    assert client.get(CANDLES, headers=bearer(TOKEN) | named).status_code == 200
    assert client.get(CANDLES, headers=named).status_code == 401
    assert client.get("/healthz", headers=named).status_code == 200


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("0.0.0.0", "http://127.0.0.1"),  # noqa: S104  on purpose, for a moment
        ("localhost", "http://localhost"),
    ],
)
def test_served_on_every_address(keeper: FakeKeeper, host: str, told: str) -> None:
    """The server listens wherever it is told to, and names an address that opens."""
    with Server(create_app(keeper, token=TOKEN), host, port=0) as server:
        assert server.url == f"{told}:{server.port}"
        connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request(
            "GET", CANDLES, headers={"Authorization": bearer(TOKEN)["Authorization"]}
        )
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.slow
def test_wsgi_application(tmp_path: Path) -> None:
    """A WSGI server's application asks for the token of the settings, too."""
    code = (
        "from chandlery.web.wsgi import application; client = application().test_client(); "
        "print(*(client.get('/api/v1/series', headers=one).status_code for one in "
        "({}, {'Authorization': 'Bearer ' + 16 * 'x'})))"
    )
    environment = {
        "CHANDLERY_HOME": str(tmp_path),
        "CHANDLERY_TOKEN": "x" * 16,
        "CHANDLERY_BINANCE_URL": "http://127.0.0.1:9",
        "CHANDLERY_COINGECKO_URL": "http://127.0.0.1:9/api/v3",
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "401 200\n", done.stderr


def test_no_cache_keeps_what_the_token_opens(client: FlaskClient) -> None:
    """Files that browsers may keep for a year are not for caches on the way."""
    name = next((STATIC / "assets").glob("*.js")).name
    with client.get(f"/static/assets/{name}", headers=bearer(TOKEN)) as response:
        assert response.status_code == 200
        assert response.cache_control.private
        assert not response.cache_control.public
        assert response.cache_control.max_age
