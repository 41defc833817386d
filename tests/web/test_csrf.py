"""Actions need the proof that they come from our own page, with and without a token."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from chandlery.collect.keeper import Keeper
from chandlery.settings import Settings, read_settings
from chandlery.web import Server, create_app

TOKEN = "beeswax and tallow"
TASK = {"kind": "market_caps"}
ASK = (
    "([path, headers, body]) => fetch(path, {method: 'POST', headers, body: JSON.stringify(body)})"
    ".then((answer) => answer.status, (error) => String(error))"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store of its own, and services that do not exist."""
    nowhere = "http://127.0.0.1:9"
    return read_settings(home=tmp_path, binance_url=nowhere, coingecko_url=f"{nowhere}/api/v3")


@pytest.fixture
def keeper(settings: Settings) -> Iterator[Keeper]:
    """A keeper with an empty store."""
    with Keeper(settings) as opened:
        yield opened


@pytest.fixture
def client(keeper: Keeper) -> FlaskClient:
    """A client of a page that asks for no token."""
    return create_app(keeper).test_client()


def proof(client: FlaskClient, **headers: str) -> str:
    """The proof that stands in a page."""
    found = re.search(
        r'<meta name="csrf" content="(\w+)">', client.get("/api/docs", headers=headers).text
    )
    assert found is not None
    return found[1]


def ask(client: FlaskClient, **headers: str) -> int:
    """What becomes of an action with these headers."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.post("/api/v1/tasks", json=TASK, headers=named).status_code


def test_without_a_token(client: FlaskClient) -> None:
    """Also where everybody is let in, an action needs the proof of the page."""
    assert ask(client) == 403
    assert ask(client, X_Chandlery_Token="0" * 64) == 403
    assert ask(client, X_Chandlery_Token=proof(client)) == 202
    refused = client.delete("/api/v1/series?series=binance:BTCUSDT:1h")
    assert refused.status_code == 403
    assert '<meta name="csrf">' in refused.json["error"]["message"]  # type: ignore[index]
    assert client.post("/nothing").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 202),
        ({"Origin": "https://localhost"}, 202),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "http://localhost"}, 202),
        ({"Sec_Fetch_Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
    ],
)
def test_from_another_page(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    """What a browser sends for another page is refused, even with the proof."""
    assert ask(client, X_Chandlery_Token=proof(client), **headers) == status


def test_all_processes_agree(settings: Settings, client: FlaskClient) -> None:
    """Another process over the same store takes the proof; over another store it is none."""
    known = proof(client)
    with Keeper(settings) as other:
        assert ask(create_app(other).test_client(), X_Chandlery_Token=known) == 202
    elsewhere = settings.model_copy(update={"home": settings.home / "other"})
    with Keeper(elsewhere) as stranger:
        assert ask(create_app(stranger).test_client(), X_Chandlery_Token=known) == 403


def test_with_a_session(keeper: Keeper) -> None:
    """The proof belongs to one session, and another session's is none."""
    app = create_app(keeper, token=TOKEN)
    mine, other = app.test_client(), app.test_client()
    assert ask(mine, X_Chandlery_Token="0" * 64) == 401
    for client in (mine, other):
        client.post("/login", data={"token": TOKEN})
    assert ask(mine) == 403
    assert ask(mine, X_Chandlery_Token=proof(other)) == 403
    assert ask(mine, X_Chandlery_Token=proof(mine), Origin="http://evil.example") == 403
    assert ask(mine, X_Chandlery_Token=proof(mine)) == 202


def test_with_the_token(keeper: Keeper) -> None:
    """A bearer token is proof enough; a password, which browsers remember, is none."""
    client = create_app(keeper, token=TOKEN).test_client()
    basic = f"Basic {b64encode(f'me:{TOKEN}'.encode()).decode()}"
    assert ask(client, Authorization=f"Bearer {TOKEN}") == 202
    assert ask(client, Authorization=basic) == 403
    assert ask(client, Authorization=basic, X_Chandlery_Token="0" * 64) == 403
    page = proof(client, Authorization=basic)
    assert ask(client, Authorization=basic, X_Chandlery_Token=page) == 202


def test_the_login_has_no_proof_to_give(keeper: Keeper) -> None:
    """Who is not let in yet gets none, and a foreign page cannot send the form."""
    client = create_app(keeper, token=TOKEN).test_client()
    assert '<meta name="csrf" content="">' in client.get("/login").text
    foreign = {"Origin": "http://evil.example"}
    assert client.post("/login", data={"token": TOKEN}, headers=foreign).status_code == 403


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser(keeper: Keeper, browser: Browser) -> None:
    """In a real browser our page acts with its proof, and a page of another origin cannot."""
    with Server(create_app(keeper), port=0) as ours, Server(create_app(keeper), port=0) as theirs:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{ours.url}/api/docs")
        headers = {
            "Content-Type": "application/json",
            "X-Chandlery-Token": page.get_attribute('meta[name="csrf"]', "content"),
        }
        assert page.evaluate(ASK, [f"{ours.url}/api/v1/tasks", {}, TASK]) == 403
        assert page.evaluate(ASK, [f"{ours.url}/api/v1/tasks", headers, TASK]) == 202
        assert "Failed to fetch" in page.evaluate(
            ASK, [f"{theirs.url}/api/v1/tasks", headers, TASK]
        )
        assert [one.kind for one in keeper.store.tasks.latest(9)] == ["market_caps"]
        context.close()
