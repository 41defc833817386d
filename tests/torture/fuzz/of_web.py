"""What anybody may send to the web interface: a line of method and target, then a body."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from typing import Final
from urllib.parse import quote_from_bytes

from flask.testing import FlaskClient

from chandlery.web import create_app
from chandlery.web.guard.csrf import HEADER
from tests.torture.fuzz.harness import Harness
from tests.web.kept import sandbox_keeper

_SAFE: Final = "/?&=%:;,+*'()!$@~"
_WAYS: Final = {b"POST": "POST", b"DELETE": "DELETE", b"HEAD": "HEAD"}
_ENDLESS: Final = "/api/v1/events"


@cache
def _client() -> tuple[FlaskClient, str]:
    """A page over a keeper with some candles, and the token of its actions; ends with the program.

    Settings of the machine are left alone: the keeper has its own.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    keeper, box = stack.enter_context(sandbox_keeper(last=30))
    keeper.refresh_market_caps()
    app = create_app(keeper)
    stack.callback(app.extensions["hub"].close)
    client = app.test_client()
    page = client.get("/").get_data(as_text=True)
    token = page.partition('name="csrf" content="')[2].partition('"')[0]
    # From here on whoever asks the exchange would only learn that it is gone.
    stack.enter_context(box.unreachable())
    return client, token


def _ask(data: bytes) -> None:
    line, _, body = data.partition(b"\n")
    method, _, target = line.partition(b" ")
    path = quote_from_bytes(target, _SAFE).split("#")[0] or "/"
    if not path.startswith("/") or path.startswith("//") or _ENDLESS in path:
        return
    client, token = _client()
    answer = client.open(
        path,
        method=_WAYS.get(method, "GET"),
        data=body or None,
        headers={HEADER: token, "Content-Type": "application/json"},
    )
    # 502: the exchange is out of reach, and that is what is told.
    assert answer.status_code < 500 or answer.status_code == 502, answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=False)[:10_000].decode("latin-1")
    answer.close()


_SERIES: Final = "series=binance:BTCUSDT:1h"
_TARGETS: Final = (
    f"GET /api/v1/candles?{_SERIES}&limit=5&since=2024-01-01&until=1893456000000&format=csv",
    f"GET /api/v1/candles?{_SERIES.replace('1h', '1d')}&forming=false",
    f"GET /api/v1/candle?{_SERIES}&open_ms=2024-01-01T00:00:00Z",
    f"GET /api/v1/revisions?{_SERIES}&limit=3",
    f"GET /api/v1/gaps?{_SERIES}&since=0&until=253402300799999",
    f"GET /api/v1/coverage?{_SERIES}&zone=Europe/Berlin",
    "GET /api/v1/market-caps?top=5&at=2030-01-01",
    "GET /api/v1/market-caps/history?top=5&points=10&since=1&until=2",
    "GET /api/v1/market-caps/changes?limit=1",
    "GET /api/v1/runs?series=binance:BTCUSDT:1h&outcome=done&before=2030-01-01",
    "GET /api/v1/symbols?query=b%25_tc&exchange=binance",
    "GET /api/v1/tasks/00000000-0000-0000-0000-000000000000",
    "GET /api/v1/status?brief=true",
    "GET /static/../app.py",
    "GET /static/%2e%2e/%2e%2e/errors.py",
    'POST /api/v1/tasks\n{"kind":"collect","series":"binance:BTCUSDT:1h","since":1}',
    'POST /api/v1/series\n{"series":"binance:ETHUSDT:1h","backfill":false}',
    f"DELETE /api/v1/series?{_SERIES}",
    "POST /api/v1/tasks/x/cancel",
    f"GET /?{_SERIES}",
    f"GET /coverage?{_SERIES}",
)

HARNESSES: Final = (
    Harness(
        "web",
        _ask,
        (*(one.encode() for one in _TARGETS), b"POST /api/v1/tasks\n" + b"[" * 4_000),
        most_bytes=5_000,
        words=(b"series=", b"&limit=", b"%00", b"%ff", b"/../", b"/static/", b"/api/v1/"),
        runs=30_000,
        short=80,
    ),
)
