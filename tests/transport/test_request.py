"""Requests as they are sent and as they are shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.transport.request import Request

SECRETS = st.text("abcdefgh0123456789", min_size=12, max_size=40)


@settings(deadline=None)
@given(SECRETS)
def test_secrets_are_never_shown(secret: str) -> None:
    """Neither the shown target nor the repr of headers nor an echoed text has the secret."""
    request = Request("/p", (("x_cg_demo_api_key", secret),), headers={"x-api-key": secret})
    assert secret in request.url("http://h")
    assert secret not in request.shown()
    assert secret not in request.hide(f"your key {secret} is wrong")


def test_a_path_alone() -> None:
    """Without parameters there is no question mark."""
    assert Request("/api/v3/time").url("http://h/base") == "http://h/base/api/v3/time"
