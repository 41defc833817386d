"""Sessions: a browser gives the token once, and is known from then on until it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext
from werkzeug.test import TestResponse

from chandlery.clock import FrozenClock
from chandlery.web import Server, create_app
from tests.web.conftest import visit
from tests.web.fake_keeper import NOW_MS, FakeKeeper, keeper_with_candles

TOKEN = "wax:wick=tallow/schön"
CANDLES = "/api/v1/candles?series=binance:BTCUSDT:1h"
DAY = 86_400
BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0 (X11)"}


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still."""
    return FrozenClock(NOW_MS)


@pytest.fixture
def keeper(clock: FrozenClock) -> FakeKeeper:
    """A keeper by that clock."""
    return keeper_with_candles(2, clock=clock)


@pytest.fixture
def client(keeper: FakeKeeper) -> FlaskClient:
    """A browser in front of a page that asks for the token."""
    return create_app(keeper, token=TOKEN).test_client()


def sign_in(client: FlaskClient, token: str = TOKEN, target: str = "/") -> TestResponse:
    """Send the form."""
    return client.post("/login", data={"token": token, "next": target}, headers=BROWSER)


def cookie_of(response: TestResponse) -> str:
    """The cookie that an answer sets, with its attributes."""
    return response.headers.get("Set-Cookie", "")


def test_a_browser_is_sent_to_the_login(client: FlaskClient) -> None:
    """A page that is opened leads to the form and back; data and programs get 401."""
    response = client.get("/?series=binance:BTCUSDT:1h&zone=UTC", headers=BROWSER)
    assert response.status_code == 303
    assert (
        response.headers["Location"]
        == "/login?next=%2F%3Fseries%3Dbinance%3ABTCUSDT%3A1h%26zone%3DUTC"
    )
    form = client.get(response.headers["Location"], headers=BROWSER)
    assert form.status_code == 200
    assert 'value="/?series=binance:BTCUSDT:1h&amp;zone=UTC"' in form.text
    assert form.headers["Cache-Control"] == "no-store"
    assert "form-action 'self'" in form.headers["Content-Security-Policy"]
    assert client.get(CANDLES, headers=BROWSER).status_code == 401
    assert client.get("/").status_code == 401
    assert client.post("/", headers=BROWSER).status_code == 401


def test_no_dialog_in_browsers(client: FlaskClient) -> None:
    """A page whose session has ended makes no browser ask for a password in a window of its own."""
    refused = client.get(CANDLES, headers={"User-Agent": "Mozilla/5.0 (X11)"})
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get(CANDLES).headers["WWW-Authenticate"].startswith("Basic")


def test_the_right_token(client: FlaskClient) -> None:
    """It opens everything for this browser, with a cookie that no script and no other page gets."""
    response = sign_in(client, target="/api/docs?x=1")
    assert (response.status_code, response.headers["Location"]) == (303, "/api/docs?x=1")
    cookie = cookie_of(response)
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={14 * DAY}"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    for path in ("/", "/api/docs", CANDLES, "/metrics"):
        assert client.get(path, headers=BROWSER).status_code == 200
    assert client.get("/login", headers=BROWSER).status_code == 303


@pytest.mark.parametrize("headers", [{"X-Forwarded-Proto": "https"}, {}])
def test_secure_over_https(client: FlaskClient, headers: dict[str, str]) -> None:
    """Over TLS, ours or a proxy's, the cookie is never sent without it."""
    base = "http://localhost" if headers else "https://localhost"
    response = client.post("/login", base_url=base, data={"token": TOKEN}, headers=headers)
    assert "Secure" in cookie_of(response)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "evil",
        "/login",
        "/login?next=/",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(client: FlaskClient, target: str) -> None:
    """After the login one is at a page of this server, whatever the address said."""
    assert sign_in(client, target=target).headers["Location"] == "/"


def test_wrong_tokens(client: FlaskClient, clock: FrozenClock) -> None:
    """A wrong token is told on the form, and guesses are counted together with all others."""
    refused = sign_in(client, "guess")
    assert refused.status_code == 401
    assert "That is not the token." in refused.text
    assert cookie_of(refused) == ""
    for _ in range(14):
        sign_in(client, "guess")
        client.get("/", headers={"Authorization": "Bearer guess"})
    assert sign_in(client, "guess").status_code == 401
    refused = sign_in(client, "guess")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "Too many wrong tokens" in refused.text
    assert sign_in(client).status_code == 303
    clock.advance(60)
    assert sign_in(client, "guess").status_code == 401


def test_a_session_ends(client: FlaskClient, clock: FrozenClock) -> None:
    """It is renewed while it is used, and ends two weeks after it was used last."""
    sign_in(client)
    clock.advance(DAY // 2)
    assert cookie_of(client.get(CANDLES)) == ""
    clock.advance(12 * DAY)
    assert "Max-Age" in cookie_of(client.get(CANDLES))
    clock.advance(13 * DAY)
    assert client.get(CANDLES).status_code == 200
    clock.advance(14 * DAY + 1)
    assert client.get(CANDLES).status_code == 401


def test_all_processes_agree(keeper: FakeKeeper, client: FlaskClient) -> None:
    """Another process with the same token knows the session; with another token nobody does."""
    cookie = cookie_of(sign_in(client)).partition(";")[0]
    other = create_app(keeper, token=TOKEN).test_client(use_cookies=False)
    assert other.get(CANDLES, headers={"Cookie": cookie}).status_code == 200
    changed = create_app(keeper, token=f"{TOKEN}!").test_client(use_cookies=False)
    assert changed.get(CANDLES, headers={"Cookie": cookie}).status_code == 401
    name = cookie_of(sign_in(changed, f"{TOKEN}!")).partition("=")[0]
    renamed = f"{name}={cookie.partition('=')[2]}"
    assert changed.get(CANDLES, headers={"Cookie": renamed}).status_code == 401, "signed by another"


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1], lambda text: "x" + text, lambda _: "", str.upper]
)
def test_forged(client: FlaskClient, spoil: object) -> None:
    """A cookie that was changed anywhere opens nothing."""
    name, _, value = cookie_of(sign_in(client)).partition(";")[0].partition("=")
    assert callable(spoil)
    fresh = client.application.test_client(use_cookies=False)
    assert fresh.get(CANDLES, headers={"Cookie": f"{name}={value}"}).status_code == 200
    assert fresh.get(CANDLES, headers={"Cookie": f"{name}={spoil(value)}"}).status_code == 401


def test_sign_out(client: FlaskClient) -> None:
    """Signing out, which is an action, makes the browser forget."""
    sign_in(client)
    proof = re.search(r'name="csrf" content="(\w+)"', client.get("/api/docs").text)
    assert proof is not None
    assert client.post("/logout").status_code == 403
    assert client.post("/logout", headers={"X-Chandlery-Token": proof[1]}).status_code == 204
    assert client.get(CANDLES).status_code == 401


def test_an_old_password_does_no_harm(client: FlaskClient) -> None:
    """A browser that still sends a password that it remembers is known by its session."""
    sign_in(client)
    old = {"Authorization": "Basic bWU6b2xk"}
    assert {client.get(CANDLES, headers=old).status_code for _ in range(40)} == {200}
    assert client.get(CANDLES, headers={"Authorization": "Bearer old"}).status_code == 401


def test_without_a_token(keeper: FakeKeeper) -> None:
    """Where no token is asked for there is no login."""
    client = create_app(keeper).test_client()
    assert client.get("/login").status_code == 404
    assert client.get(CANDLES).status_code == 200


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without memory."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser(context: BrowserContext) -> None:
    """A person signs in with the keyboard, sees the page, and comes back by a foreign link."""
    keeper = keeper_with_candles(clock=FrozenClock(NOW_MS))
    with Server(create_app(keeper, token=TOKEN), port=0) as server:
        page = context.new_page()
        page.goto(f"{server.url}/api/docs")
        assert page.title() == "Sign in · Chandlery"
        page.keyboard.type("guess")
        page.keyboard.press("Enter")
        assert page.get_by_role("alert").inner_text() == "That is not the token."
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/api/docs")
        foreign = context.new_page()
        foreign.set_content(f'<a href="{server.url}/api/docs">candles</a>')
        foreign.click("a")
        foreign.wait_for_url(f"{server.url}/api/docs")
        assert foreign.title() == "API · Chandlery"
        visited = visit(context, server.url)
        assert visited.page.locator("canvas").count() > 0
    assert visited.complaints == []
