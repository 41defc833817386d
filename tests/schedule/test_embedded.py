"""The embedded loop against the sandbox: current data, few words, a quick end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chandlery.candles.interval import MINUTE_MS
from chandlery.candles.series import Series
from chandlery.clock import StoppableClock
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.settings import read_settings
from tests.sandbox.asking import NOW_MS
from tests.waiting import eventually, within


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in the middle of an hour and of a minute; its time runs."""
    with Sandbox(now_ms=NOW_MS) as running:
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
    assert sorted(told) == [
        "binance:BTCUSDT:1m: 499 new",
        "binance:ETHUSDT:1h: 499 new",
    ]


def test_not_due(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """What has just been done is not done again at once."""
    loop = EmbeddedLoop(keeper, clock, tell=lambda _: None)
    loop.run_due()
    used = box.weight_used
    loop.run_due()
    assert box.weight_used == used


@pytest.mark.slow
@pytest.mark.parametrize("keeper", [1], indirect=True)
def test_one_line_per_change(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """An outage is told once for all series, however long it lasts, and so is its end."""
    told: list[str] = []
    with EmbeddedLoop(keeper, clock, tell=told.append):
        eventually(lambda: len(told) == 2, told=lambda: told)
        with box.unreachable():
            eventually(lambda: len(told) > 2, told=lambda: told)
            time.sleep(5)  # several tries
        eventually(lambda: "binance: answers again." in told, told=lambda: told)
    away = [line for line in told if line.startswith("binance: ") and "Trying on." in line]
    assert len(away) == 1
    assert told.count("binance: answers again.") == 1
    assert len([line for line in told if "BTCUSDT" in line and "new" not in line]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("keeper", [1], indirect=True)
def test_on_and_on(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """With a period of a second each series is collected every second, and nothing else runs."""
    with EmbeddedLoop(keeper, clock, tell=lambda _: None):
        eventually(lambda: box.requests.count("klines") >= 8)
    states = {job.name: job.state for job in keeper.jobs()}
    assert states["binance:BTCUSDT:1m"].failures == 0
    assert box.requests.count("klines") <= 14


@pytest.mark.slow
def test_a_long_absence(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """After a pause all that was missed is collected, and not just the last page."""
    series = Series.parse("binance:BTCUSDT:1m")
    long_ago = box.clock.now_ms() - 5_000 * MINUTE_MS
    keeper.collect(series, since=long_ago, until=long_ago + 10 * MINUTE_MS)
    EmbeddedLoop(keeper, clock, tell=lambda _: None).run_due()
    held = next(line for line in keeper.catalogue() if line.series == series)
    assert held.candles >= 4_999
    assert [gap for gap in keeper.gaps(series) if gap.candles] == []


def test_ends_quickly(keeper: Keeper, clock: StoppableClock, box: Sandbox) -> None:
    """Stopping ends the loop within two seconds, also while it waits to try again."""
    with box.unreachable(), ExitStack() as stack:
        stack.enter_context(EmbeddedLoop(keeper, clock, tell=lambda _: None))
        time.sleep(0.3)
        with within(2):
            clock.stop()
            stack.close()


@pytest.mark.slow
def test_ends_quickly_while_it_is_busy(
    keeper: Keeper, clock: StoppableClock, capfd: pytest.CaptureFixture[str]
) -> None:
    """Stopping in the middle of a long collection is quick and quiet, and what came is kept."""
    series = Series.parse("binance:BTCUSDT:1m")
    keeper.collect(series, since="2019-01-01", until="2019-01-02")
    with ExitStack() as stack:
        stack.enter_context(EmbeddedLoop(keeper, clock, tell=lambda _: None))
        eventually(lambda: keeper.catalogue()[0].candles > 20_000)
        with within(2):
            stack.close()
    keeper.close()
    time.sleep(0.5)  # for a thread that would complain
    assert capfd.readouterr().err == ""
    with Keeper(keeper.settings) as again:
        last_ms = again.catalogue()[0].last_ms or 0
        gaps = [gap for gap in again.gaps(series) if gap.candles and gap.span.start < last_ms]
        assert [gap for gap in gaps if gap.reason == "never asked"] == []
