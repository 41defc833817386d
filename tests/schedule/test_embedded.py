"""The embedded loop against the sandbox: current data, few words, a quick end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.clock import StoppableClock
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.settings import read_settings


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in real time."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def clock() -> StoppableClock:
    """The clock that ends all waiting."""
    return StoppableClock()


@pytest.fixture
def keeper(
    box: Sandbox, clock: StoppableClock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Keeper]:
    """A keeper of two series, one of them with a CSV."""
    settings = read_settings(
        home=tmp_path / "home",
        series="binance:BTCUSDT:1m,binance:ETHUSDT:1h",
        csv=str(tmp_path / "crypto.csv"),
        every=getattr(request, "param", None),
        binance_url=box.binance_url,
        coingecko_url=box.coingecko_url,
    )
    with Keeper(settings, clock=clock) as opened:
        yield opened


def test_one_pass(keeper: Keeper, clock: StoppableClock, tmp_path: Path) -> None:
    """One pass brings every series, the CSV and the market caps up to date."""
    told: list[str] = []
    EmbeddedLoop(keeper, clock, tell=told.append).run_due()
    held = {str(line.series): line.candles for line in keeper.catalogue()}
    assert held == {"binance:BTCUSDT:1m": 499, "binance:ETHUSDT:1h": 499}
    assert len((tmp_path / "crypto.csv").read_text().splitlines()) == 500
    snapshot = keeper.market_caps()
    assert snapshot is not None
    assert len(snapshot.coins) == 10
    assert told == ["binance:BTCUSDT:1m: 499 new", "binance:ETHUSDT:1h: 499 new"]


def test_not_due(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """What has just been done is not done again at once."""
    loop = EmbeddedLoop(keeper, clock, tell=lambda _: None)
    loop.run_due()
    used = box.weight_used
    loop.run_due()
    assert box.weight_used == used


@pytest.mark.slow
@pytest.mark.parametrize("keeper", [0.001], indirect=True)
def test_one_line_per_change(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """An outage is told once, however many passes it lasts, and so is its end."""
    told: list[str] = []
    loop = EmbeddedLoop(keeper, clock, tell=told.append)
    loop.run_due()
    told.clear()
    with box.unreachable():
        loop.run_due()
        loop.run_due()
    away = [line.partition(":1")[0] for line in told]
    assert away == ["binance:BTCUSDT", "binance:ETHUSDT"]
    told.clear()
    loop.run_due()
    assert [line for line in told if line.endswith("is current again.")] == [
        "binance:BTCUSDT:1m: is current again.",
        "binance:ETHUSDT:1h: is current again.",
    ]


def test_ends_quickly(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """Stopping ends the loop within two seconds, also while it waits to try again."""
    with box.unreachable(), EmbeddedLoop(keeper, clock, tell=lambda _: None):
        time.sleep(0.3)
        began = time.monotonic()
        clock.stop()
    assert time.monotonic() - began < 2
