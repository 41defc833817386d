"""`chandlery caps`: the biggest coins that are kept, now and earlier, as text and as JSON."""

from __future__ import annotations

import json

import pytest

from chandlery.store import Store, sqlite_url
from tests.cli.conftest import Shell
from tests.marketcaps.invented import DAY_MS, invented, keep

pytestmark = pytest.mark.slow

NOW_MS = 1_763_000_000_000


def test_caps(shell: Shell) -> None:
    """The biggest as last kept, exact in JSON, or as they were at a time; or why there are none."""
    nothing = shell.chandlery("caps")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "No market caps are kept" in nothing.stderr
    folder = shell.folder / "chandlery-data"
    folder.mkdir(exist_ok=True)
    with Store.open(sqlite_url(folder / "chandlery.db")) as store:
        keep(store, [NOW_MS - DAY_MS, NOW_MS], 20)
    lines = shell.chandlery("caps", "--top", "3").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["1", "BTC"], ["2", "ETH"], ["3", "USDT"]]
    told = json.loads(shell.chandlery("caps", "--at", "2025-11-12T12:00", "--json").stdout)
    expected = invented(NOW_MS - DAY_MS).coins[:10]
    assert told["taken_ms"] == NOW_MS - DAY_MS
    assert [coin["market_cap"] for coin in told["coins"]] == [
        f"{coin.market_cap:f}" for coin in expected
    ]
    assert shell.chandlery("caps", "--at", "soon").returncode == 2
