"""A sandbox with more symbols than were invented."""

from __future__ import annotations

import pytest

from chandlery.errors import InputError
from chandlery.sandbox import Sandbox
from tests.sandbox.asking import NOW_MS, asking


def test_they_are_listed_and_trade() -> None:
    """The further symbols are listed with rules of their own, and have candles like any other."""
    with asking(seed=1, now_ms=NOW_MS, more_symbols=25) as ask:
        listed = {one["symbol"]: one for one in ask.json("exchangeInfo")["symbols"]}
        more = [name for name in listed if name.startswith("C0")]
        assert more == [f"C{number:04d}USDT" for number in range(1, 26)]
        assert {listed[name]["status"] for name in more} == {"TRADING"}
        assert listed["C0007USDT"]["baseAsset"] == "C0007"
        assert "BTCUSDT" in listed
        pages = [ask.rows(symbol=name, interval="1h", limit=3) for name in ("C0025USDT", "BTCUSDT")]
        assert [row[0] for row in pages[0]] == [row[0] for row in pages[1]]
        assert ask.json("ticker/price", symbol="C0025USDT")["symbol"] == "C0025USDT"
        assert ask.refusal("klines", "symbol=C0026USDT&interval=1h")[1] == -1121


def test_they_can_be_revised() -> None:
    """A closed candle of a further symbol can be changed afterwards."""
    with asking(seed=1, now_ms=NOW_MS, more_symbols=1) as ask:
        before, _ = ask.rows(symbol="C0001USDT", interval="1h", limit=2)
        ask.box.revise("C0001USDT", "1h", before[0])
        after, _ = ask.rows(symbol="C0001USDT", interval="1h", limit=2)
        assert after[8] == before[8] + 1


@pytest.mark.parametrize("count", [-1, 10_000])
def test_how_many(count: int) -> None:
    """A number that cannot be is refused."""
    with pytest.raises(InputError, match="0 to 9999"):
        Sandbox(more_symbols=count)
