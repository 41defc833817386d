"""Other people's clients, unchanged but for the address, take the sandbox for the real thing.

They run in an environment of their own, `.venv-foreign`, which `make setup-test` makes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.asking import DAY, HOUR, NOW_MS, Asker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-foreign" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SCRIPTS = Path(__file__).parent / "foreign"


def run(script: str, *bases: str) -> Any:  # noqa: ANN401
    """What a script found at an address, or at several."""
    if not PYTHON.exists():
        pytest.fail("The foreign clients are not installed: run `make setup-test`.")
    command = [str(PYTHON), str(SCRIPTS / f"{script}.py"), *bases]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_ccxt(own: Asker) -> None:
    """In ccxt all goes well: it loads all markets, pages through candles, and maps the refusals."""
    found = run("with_ccxt", own.box.binance_url)
    contracts = own.fetch("GET", f"{own.box.binance_url}/fapi/v1/exchangeInfo").json()["symbols"]
    assert found["markets"] == len(own.json("exchangeInfo")["symbols"]) + len(contracts)
    assert found["swaps"] == len(contracts) > 0
    assert found["inactive"] == ["XMRUSDT", "XMRUSDT"]
    assert found["tick"] == 0.01
    assert found["now"] == NOW_MS
    expected = own.rows(symbol="BTCUSDT", interval="1h", startTime=NOW_MS - 2500 * HOUR)
    assert found["opens"] == [expected[0][0], NOW_MS // HOUR * HOUR]
    assert 2400 < found["rows"] <= 2500
    assert found["last"] == found["close"]
    assert found["swap_close"] == found["close"]
    assert found["refused"] == ["BadSymbol", "BadSymbol"]


def test_python_binance(own: Asker) -> None:
    """python-binance finds the first day, fetches all days, and reads rules and errors."""
    found = run("with_python_binance", own.box.binance_url)
    listed = 1_502_942_400_000 // DAY * DAY
    assert found["first"] == listed
    assert found["rows"] == found["unique"] == (NOW_MS - listed) // DAY + 1
    assert found["columns"] == 12
    assert found["status"] == "TRADING"
    assert found["error"] == [400, -1121, "Invalid symbol."]
    assert found["micro"] == NOW_MS // HOUR * HOUR * 1000
    assert found["price"] == found["last"]


def test_binance_sdk_spot(own: Asker) -> None:
    """The official client takes every answer through its typed models without a warning."""
    found = run("with_binance_sdk", own.box.binance_url)
    assert found["rows"] == 1000
    assert found["row"] == own.rows(symbol="BTCUSDT", interval="1h", limit=1000)[0]
    assert found["limits"][0][1] == "MINUTE"
    assert found["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert found["all"] == len(own.json("exchangeInfo")["symbols"])
    assert found["time"] == NOW_MS
    assert found["bids"] == 5
    assert "-1121" in found["error"]


def test_streams(own: Asker) -> None:
    """ccxt.pro, python-binance and the official client hear closed candles that REST has."""
    own.box.clock.run(1.0)
    found = run("with_streams", own.box.binance_url, own.box.stream_url)
    closed = [*found["python_binance"], found["binance_sdk"]]
    opened, *_, close, volume = found["ccxt"]
    heard = [*closed, {"s": "BTCUSDT", "t": opened, "c": close, "v": volume}]
    for one in heard:
        row = own.rows(symbol=one["s"], interval="1s", startTime=one["t"], limit=1)[0]
        assert [row[0], *map(float, (row[4], row[5]))] == [
            one["t"],
            float(one["c"]),
            float(one["v"]),
        ]
    assert len(closed) == 3


def test_pycoingecko(own: Asker) -> None:
    """In pycoingecko, too: it reads coins and the whole market, and sees the refusal."""
    found = run("with_pycoingecko", own.box.coingecko_url)
    assert found["ping"] == {"gecko_says": "(V3) To the Moon!"}
    assert found["coins"][0] == "bitcoin"
    assert found["caps"] == sorted(found["caps"], reverse=True)
    assert len(found["coins"]) == 10
    assert next(iter(found["global"])) == "btc"
    assert "vs_currency" in found["error"]
