"""Security headers, and which names the server answers to."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from chandlery.web import create_app
from tests.web.fake_keeper import keeper_with_candles

PATHS = (
    "/",
    "/api/docs",
    "/api/v1/status",
    "/api/v1/candles",
    "/healthz",
    "/metrics",
    "/nothing",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(path: str) -> None:
    """Pages, data and errors alike carry the whole set."""
    headers = create_app(keeper_with_candles(2)).test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/coverage", "/jobs", "/market", "/api/docs"])
@pytest.mark.browser
def test_only_its_own_inline(path: str) -> None:
    """A page's own style and script are named by their hashes, so that no others would be run."""
    answer = create_app(keeper_with_candles(2)).test_client().get(path)
    inline = re.findall(r"<(?:style|script)>(.*?)</", answer.text, re.DOTALL)
    hashes = {b64encode(sha256(text.encode()).digest()).decode() for text in inline}
    allowed = re.findall(r"'sha256-([^']+)'", answer.headers["Content-Security-Policy"])
    assert hashes == set(allowed)
    assert len(allowed) == (1 if path == "/api/docs" else 2)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7:80"]
)
def test_own_names(host: str) -> None:
    """Loopback's names and plain addresses are served."""
    client = create_app(keeper_with_candles(2)).test_client()
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example"])
def test_foreign_names(host: str) -> None:
    """A name that is made to point here, as DNS rebinding does, is refused."""
    client = create_app(keeper_with_candles(2)).test_client()
    response = client.get("/api/v1/status", headers={"Host": host})
    assert response.status_code == 400
    assert "is not a name of this server" in response.text


def test_given_names() -> None:
    """A name given by the settings is served, in any case of letters."""
    client = create_app(keeper_with_candles(2), hosts=["Candles.lan"]).test_client()
    assert client.get("/healthz", headers={"Host": "candles.LAN:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("cookie", "told"),
    [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><b>', ""), ("", "")],
)
def test_theme(cookie: str, told: str) -> None:
    """A chosen theme is in the page's first bytes; any other word in its cookie is nothing."""
    client = create_app(keeper_with_candles()).test_client()
    client.set_cookie("theme", cookie)
    assert f'<html lang="en"{told}>' in client.get("/api/docs").text
