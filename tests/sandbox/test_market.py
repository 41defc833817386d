"""Whether the invented market looks like one, and is the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chandlery.sandbox.market.bars import Bars, Floats
from chandlery.sandbox.market.generated import DAYS, HOURS, MINUTES, Market
from chandlery.sandbox.market.trading_time import draw_outages
from tests.sandbox.asking import DAY, HOUR, NOW_MS, asking

NOON = NOW_MS // DAY * DAY
YEAR = 365 * DAY


@pytest.fixture(scope="module")
def market() -> Market:
    """The market of seed 1."""
    return Market(1)


def returns(bars: Bars) -> Floats:
    """Logarithmic returns from close to close."""
    return np.asarray(np.diff(np.log(bars.close)))


def autocorrelation(values: Floats, lag: int) -> float:
    """Of a series with itself, `lag` later."""
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / values.var())


@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_returns_are_like_those_of_markets(market: Market, symbol: str) -> None:
    """Returns have no memory, their sizes a long one, and their tails are fat."""
    _, hours = market.bars(symbol, HOURS, NOON - 3 * YEAR, NOON)
    moves = returns(hours)
    assert abs(autocorrelation(moves, 1)) < 0.12
    sizes = np.abs(moves)
    assert autocorrelation(sizes, 1) > 0.15
    assert autocorrelation(sizes, 24) > 0.06
    assert ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2 > 5
    assert 0.002 < moves.std() < 0.02


def test_volume_lives(market: Market) -> None:
    """Volume clusters, comes with large moves, and follows the hours of the day."""
    _, hours = market.bars("BTCUSDT", HOURS, NOON - YEAR, NOON)
    assert autocorrelation(np.log(hours.volume + 1.0), 1) > 0.4
    sizes = np.abs(returns(hours))
    assert np.corrcoef(hours.volume[1:], sizes)[0, 1] > 0.2
    by_hour = hours.volume.reshape(-1, 24).mean(axis=0)
    assert by_hour[14] > 1.5 * by_hour[5]


def test_symbols_move_together(market: Market) -> None:
    """Coins follow the market at every scale, and the cross follows its two legs."""
    for level, length in ((DAYS, 3 * YEAR), (HOURS, YEAR), (MINUTES, 10 * DAY)):
        bitcoin, ether = (
            returns(market.bars(symbol, level, NOON - length, NOON)[1])
            for symbol in ("BTCUSDT", "ETHUSDT")
        )
        assert np.corrcoef(bitcoin, ether)[0, 1] > 0.35
    closes = {
        symbol: market.bars(symbol, DAYS, NOON - YEAR, NOON)[1].close
        for symbol in ("ETHBTC", "ETHUSDT", "BTCUSDT")
    }
    ratio = closes["ETHUSDT"] / closes["BTCUSDT"]
    assert np.allclose(closes["ETHBTC"] * 1e-5, ratio, atol=1.5e-5)


@pytest.mark.parametrize("seed", range(1, 6))
def test_prices_are_plausible(seed: int) -> None:
    """Whatever the seed, prices today are near what people know."""
    with asking(seed=seed, now_ms=1_795_000_000_000) as own:
        prices = {each["symbol"]: float(each["price"]) for each in own.json("ticker/price")}
    assert 50_000 < prices["BTCUSDT"] < 160_000
    assert 1_200 < prices["ETHUSDT"] < 8_000
    assert 0.01 < prices["ETHBTC"] < 0.1
    assert "TIDEUSDT" in prices


def test_outages_are_a_few_each_year() -> None:
    """The exchange stands still a few times a year, for ten minutes to ten hours or so."""
    for seed in (1, 2, 3):
        outages = draw_outages(seed)
        assert 50 < len(outages) < 200
        for gap in outages:
            assert 600_000 <= gap.end - gap.start <= 24 * HOUR
            assert gap.start % 1000 == gap.end % 1000 == 0


def test_seeds() -> None:
    """One seed is one market, to the byte, in any instance; another seed is another."""
    params: dict[str, Any] = {"symbol": "ETHUSDT", "interval": "15m", "limit": 1000}
    bodies: list[bytes] = []
    for seed in (11, 11, 12):
        with asking(seed=seed, now_ms=NOW_MS) as own:
            if not bodies:
                own.rows(symbol="BTCUSDT", interval="1s")
            bodies.append(own.get("klines", **params).data)
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


def test_memory_is_bounded() -> None:
    """Reading far more than the caches hold leaves them at their limits."""
    crowded = Market(1)
    for number in range(220):
        start = NOON - number * 2 * DAY
        crowded.bars("BTCUSDT", MINUTES, start, start + 2 * DAY)
    assert crowded.held <= 505_000
