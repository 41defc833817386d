"""Symbols that the exchange takes off its list: kept to the last candle, and then left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.collect.jobs import Job
from chandlery.collect.keeper import Keeper
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.runner import Runner
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.twin_clock import WrongClock

ENDED_MS: Final = 1_708_398_000_000
"""2024-02-20 03:00 UTC: when XMRUSDT ends, in the middle of its day."""
LAST_DAY_MS: Final = ENDED_MS - 3 * HOUR_MS
HOURLY, DAILY, OTHER = (f"binance:{name}" for name in ("XMRUSDT:1h", "XMRUSDT:1d", "BTCUSDT:1h"))


@pytest.fixture
def clock() -> Iterator[WrongClock]:
    """A clock in step with a sandbox's, five hours before the end."""
    with Sandbox(now_ms=ENDED_MS) as box:
        yield WrongClock(box, ENDED_MS - 5 * HOUR_MS + 10_000)


@pytest.fixture
def keeper(clock: WrongClock, tmp_path: Path) -> Iterator[Keeper]:
    """A keeper of a symbol that ends, by the hour and by the day, and of one that goes on."""
    settings = read_settings(
        home=tmp_path,
        csv="",
        series=f"binance:X*USDT:1h,{DAILY},{OTHER}",
        binance_url=clock.box.binance_url,
        coingecko_url=clock.box.coingecko_url,
    )
    with Keeper(settings, clock=clock) as opened:
        opened.listed_series()
        yield opened


def collect_until(
    keeper: Keeper, clock: WrongClock, true_ms: int, *, every_s: float = 3_600
) -> None:
    """Do what is due, every so many seconds until that time at the exchange.

    But for market caps: to make them up takes the sandbox longer than all the rest.
    """
    while clock.box.clock.now_ms() < true_ms:
        for job in keeper.jobs():
            if job.due_ms <= clock.now_ms() and job.name != MARKET_CAPS:
                assert Runner(keeper).do(job.name, due_ms=job.due_ms).failure is None
        clock.advance(every_s)


def job(keeper: Keeper, name: str) -> Job:
    """One job as it stands."""
    return next(job for job in keeper.jobs() if job.name == name)


def last_ms(keeper: Keeper, name: str) -> int | None:
    """The open time of the last closed candle that is kept."""
    return next(line.last_ms for line in keeper.catalogue() if str(line.series) == name)


def requests(clock: WrongClock, name: str) -> int:
    """How often a series was asked for."""
    _, symbol, interval = name.split(":")
    log = clock.box.requests.log("klines")
    return len(
        [seen for seen in log if symbol in seen.query and f"interval={interval}" in seen.query]
    )


@pytest.mark.slow
def test_the_last_day_is_waited_for(keeper: Keeper, clock: WrongClock) -> None:
    """A candle in the middle of which the symbol ended is kept too, once it has closed."""
    collect_until(keeper, clock, ENDED_MS + 6 * HOUR_MS)
    assert not job(keeper, DAILY).ended
    collect_until(keeper, clock, ENDED_MS + 2 * DAY_MS, every_s=2 * 3_600)
    assert job(keeper, DAILY).ended
    assert last_ms(keeper, DAILY) == LAST_DAY_MS
    assert last_ms(keeper, HOURLY) == ENDED_MS - HOUR_MS


def test_it_is_over_once(keeper: Keeper, clock: WrongClock) -> None:
    """What has ended stays so, and is not asked for again whenever the list comes anew."""
    collect_until(keeper, clock, ENDED_MS + 3 * HOUR_MS)
    assert job(keeper, HOURLY).ended
    asked, listed = requests(clock, HOURLY), clock.box.requests.count("exchangeInfo")
    for hours in range(4, 12):
        collect_until(keeper, clock, ENDED_MS + hours * HOUR_MS)
        assert job(keeper, HOURLY).ended
    assert requests(clock, HOURLY) == asked
    assert clock.box.requests.count("exchangeInfo") >= listed + 6


def test_by_the_exchange(keeper: Keeper, clock: WrongClock) -> None:
    """A run by a clock that was wrong by days does not pass for one after the end."""
    clock.off_ms = 5 * DAY_MS
    collect_until(keeper, clock, ENDED_MS - 2 * HOUR_MS)
    clock.advance(4 * 3_600)
    clock.off_ms = 0
    collect_until(keeper, clock, ENDED_MS + 6 * HOUR_MS)
    assert last_ms(keeper, HOURLY) == ENDED_MS - HOUR_MS
    assert job(keeper, HOURLY).ended
