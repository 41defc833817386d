"""The exchange's own clock, and a sandbox steered over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from chandlery.errors import InputError, PortInUse, UnknownInterval
from chandlery.sandbox import Sandbox, SandboxClock, SandboxOptions, serve
from tests.sandbox.asking import NOW_MS, Asker
from tests.waiting import eventually


def test_real() -> None:
    """Left alone it is the machine's clock."""
    assert abs(SandboxClock().now_ms() - time.time() * 1000) < 1000


def test_frozen() -> None:
    """Set to a time it stands still until it is moved."""
    clock = SandboxClock(NOW_MS)
    assert clock.now_ms() == clock.now_ms() == NOW_MS
    clock.advance(1.5)
    assert clock.now_ms() == NOW_MS + 1500
    clock.freeze(5)
    assert clock.now_ms() == 5


def test_accelerated() -> None:
    """With a speed it runs that many times as fast."""
    clock = SandboxClock(NOW_MS, speed=36_000)
    started = time.monotonic()
    while clock.now_ms() < NOW_MS + 600_000:
        assert time.monotonic() - started < 5
    clock.freeze()
    stopped = clock.now_ms()
    assert clock.now_ms() == stopped
    clock.run(2.0)
    assert clock.speed == 2.0


def test_time_over_http(own: Asker) -> None:
    """The exchange tells its own time, and candles follow it."""
    assert own.json("time") == {"serverTime": NOW_MS}
    own.box.clock.advance(3600)
    assert own.json("time") == {"serverTime": NOW_MS + 3_600_000}
    assert own.rows(symbol="BTCUSDT", interval="1h", limit=1)[0][6] > NOW_MS + 3_600_000


def test_control_over_http(own: Asker) -> None:
    """Faults, clock and counts of a sandbox in another process are reached under /sandbox/."""
    base = f"{own.box.binance_url}/sandbox"
    plan = {"kind": "5xx", "times": 1, "path": "klines"}
    assert own.fetch("POST", f"{base}/faults", body=plan).json()[0]["kind"] == "5xx"
    assert own.get("klines", symbol="BTCUSDT", interval="1h").status == 503
    own.fetch("POST", f"{base}/faults", body={"kind": "403", "times": -1})
    assert own.fetch("DELETE", f"{base}/faults").json() == []
    assert own.get("ping").status == 200
    moved = own.fetch("POST", f"{base}/clock", body={"advance": 60}).json()
    assert moved == {"now_ms": NOW_MS + 60_000, "speed": 0.0}
    faster = own.fetch("POST", f"{base}/clock", body={"now_ms": NOW_MS, "speed": 0.0}).json()
    assert faster["now_ms"] == NOW_MS
    stats = own.fetch("GET", f"{base}/stats").json()
    assert stats["requests"] == {"/api/v3/klines": 1, "/api/v3/ping": 1}
    assert stats["weight_used"] == 1


def test_control_revises(own: Asker) -> None:
    """A closed candle can be revised over HTTP."""
    [old, _] = own.rows(symbol="BTCUSDT", interval="1h", limit=2)
    body = {"symbol": "BTCUSDT", "interval": "1h", "open_ms": old[0]}
    assert own.fetch("POST", f"{own.box.binance_url}/sandbox/revise", body=body).status == 200
    assert own.rows(symbol="BTCUSDT", interval="1h", limit=2)[0][8] == old[8] + 1


def test_control_closes_the_addresses(own: Asker) -> None:
    """The addresses can be closed for a while over HTTP."""
    url = f"{own.box.binance_url}/sandbox/faults"
    assert own.fetch("POST", url, body={"kind": "unreachable", "seconds": 2}).status == 200
    eventually(lambda: not _answers(own))
    eventually(lambda: _answers(own))


def _answers(own: Asker) -> bool:
    try:
        return own.get("ping").status == 200
    except HTTPError:
        return False


@pytest.mark.parametrize(
    ("body", "status"),
    [({"kind": "nothing"}, 422), ({"times": 3}, 422), ({"kind": "5xx", "colour": 1}, 422)],
)
def test_control_refuses_nonsense(own: Asker, body: dict[str, object], status: int) -> None:
    """A plan that cannot be carried out is refused with the reason."""
    answer = own.fetch("POST", f"{own.box.binance_url}/sandbox/faults", body=body)
    assert answer.status == status
    assert answer.json()["error"]


def test_control_is_not_for_web_pages(own: Asker) -> None:
    """A page in a browser cannot steer the sandbox, and unknown paths are told."""
    url = f"{own.box.binance_url}/sandbox"
    assert own.fetch("GET", f"{url}/stats", {"Origin": "http://evil.example"}).status == 403
    assert own.fetch("GET", f"{url}/nothing").status == 404


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"host": "0.0.0.0"}, "loopback"),  # noqa: S104  it must be refused
        ({"host": "example.org"}, "loopback"),
        ({"port": 65535}, "65535"),
        ({"port": -1}, "-1"),
        ({"speed": -2.0}, "backwards"),
        ({"weight_limit": 0}, "1 or more"),
        ({"now_ms": 1}, "1970"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_options(fields: dict[str, Any], match: str) -> None:
    """Options that cannot be are refused before anything is opened, with the reason."""
    with pytest.raises(InputError, match=match):
        Sandbox(**fields)


@pytest.fixture
def chosen() -> Iterator[Asker]:
    """A client of a sandbox on a chosen port, below those that systems hand out by themselves."""
    for port in range(21_000 + os.getpid() % 5_000, 30_000, 2):
        try:
            box = Sandbox(port=port).start()
        except PortInUse:
            continue
        asker = Asker(box)
        try:
            assert box.binance_url == f"http://127.0.0.1:{port}"
            yield asker
        finally:
            asker.close()
            box.stop()
        return


def test_given_port(chosen: Asker) -> None:
    """CoinGecko is on the port after the exchange's; a port in use is told as such."""
    port = chosen.box.options.port
    assert chosen.box.coingecko_url == f"http://127.0.0.1:{port + 1}/api/v3"
    assert chosen.get("ping").status == 200
    assert chosen.gecko("/ping").status == 200
    for taken in (port, port + 1, port - 1):
        with pytest.raises(PortInUse, match="is already in use"), Sandbox(port=taken):
            pass


def test_addresses_by_setting() -> None:
    """The addresses come by the names of the settings that take them."""
    with Sandbox() as box:
        assert box.addresses == {
            "CHANDLERY_BINANCE_URL": box.binance_url,
            "CHANDLERY_BINANCE_UM_URL": box.binance_url,
            "CHANDLERY_BINANCE_ARCHIVE_URL": box.archive_url,
            "CHANDLERY_BINANCE_STREAM_URL": box.stream_url,
            "CHANDLERY_BINANCE_UM_STREAM_URL": box.stream_url,
            "CHANDLERY_COINGECKO_URL": box.coingecko_url,
        }
        assert box.coingecko_url.endswith("/api/v3")


def test_serve_until_interrupted() -> None:
    """`serve` answers while it runs, and ends at an interrupt."""
    seen: list[int] = []

    def ready(box: Sandbox) -> None:
        asker = Asker(box)
        seen.append(asker.get("ping").status)
        asker.close()
        raise KeyboardInterrupt

    serve(SandboxOptions(), ready)
    assert seen == [200]


def test_control_c_ends_a_process() -> None:
    """A sandbox in a process of its own serves until Ctrl-C, and then ends in good order."""
    program = (
        "import signal; from chandlery.sandbox import SandboxOptions, serve;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "serve(SandboxOptions(), lambda box: print(box.binance_url, flush=True)); print('ended')"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib3.PoolManager(retries=False, timeout=5) as pool:
            assert (
                pool.request("GET", f"{url}/api/v3/klines?symbol=BTCUSDT&interval=1h").status == 200
            )
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ended\n"
    assert process.returncode == 0


def test_revise_needs_an_interval(own: Asker) -> None:
    """An interval that is none is told as such."""
    with pytest.raises(UnknownInterval):
        own.box.revise("BTCUSDT", "7h", 0)
