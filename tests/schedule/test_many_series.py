"""Series by the dozen: wildcards, new listings, symbols that end, and an exchange that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.clock import StoppableClock
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.schedule.embedded import EmbeddedLoop
from chandlery.settings import read_settings

pytestmark = pytest.mark.slow

SOL_LISTED_MS = 1_597_125_600_000
"""2020-08-11 06:00 UTC."""
XMR_ENDED_MS = 1_708_398_000_000
"""2024-02-20 03:00 UTC."""


class StepClock(StoppableClock):
    """Stands where it is put, in step with the sandbox's clock; waiting takes real time."""

    def __init__(self, box: Sandbox, now_ms: int) -> None:
        super().__init__()
        self._box = box
        self._now_ms = now_ms
        box.clock.freeze(now_ms)

    def now_ms(self) -> int:
        """Epoch milliseconds, as set."""
        return self._now_ms

    def go_to(self, now_ms: int) -> None:
        """Move both clocks on."""
        self._now_ms = now_ms
        self._box.clock.freeze(now_ms)


class Stand:
    """A loop over `binance:*USDT:1h` and what it told since it was last asked."""

    def __init__(self, keeper: Keeper, clock: StepClock) -> None:
        self.keeper = keeper
        self._clock = clock
        self._told: list[str] = []
        self._loop = EmbeddedLoop(keeper, clock, tell=self._told.append)

    def run_at(self, now_ms: int) -> list[str]:
        """Everything that is due at that time is done; the lines that were told."""
        self._clock.go_to(now_ms)
        self._told.clear()
        # Twice: what the first pass finds in the list of symbols is collected by the second.
        self._loop.run_due()
        self._loop.run_due()
        return list(self._told)

    def states(self) -> dict[str, bool]:
        """The series among the jobs, and whether each has ended."""
        return {job.name: job.ended for job in self.keeper.jobs() if job.series}


@contextmanager
def stand(box: Sandbox, folder: Path, now_ms: int, **flags: object) -> Iterator[Stand]:
    """A keeper in a new folder whose clock stands at that time."""
    clock = StepClock(box, now_ms)
    urls = {"binance_url": box.binance_url, "coingecko_url": box.coingecko_url}
    settings = read_settings(home=folder, series="binance:*USDT:1h", csv="", **urls, **flags)
    with Keeper(settings, clock=clock) as keeper:
        yield Stand(keeper, clock)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox exchange."""
    with Sandbox() as running:
        yield running


def test_all_that_trade(box: Sandbox, tmp_path: Path) -> None:
    """A wildcard keeps every symbol that trades, and tells of them in one line."""
    with stand(box, tmp_path, SOL_LISTED_MS + 90 * HOUR_MS) as one:
        told = one.run_at(SOL_LISTED_MS + 90 * HOUR_MS + 60_000)
        names = [name for name, ended in one.states().items() if not ended]
        held = {str(line.series): line.candles for line in one.keeper.catalogue()}
        assert set(held) == set(names)
        assert "binance:BTCUSDT:1h" in held
        assert "binance:ETHBTC:1h" not in held
        assert held["binance:SOLUSDT:1h"] == 90
        assert f"binance: {len(held)} series collected, {sum(held.values()):,} new candles" in told
        assert one.run_at(SOL_LISTED_MS + 90 * HOUR_MS + 70_000) == []


def test_a_new_listing_joins(box: Sandbox, tmp_path: Path) -> None:
    """A symbol that is listed while the program runs is kept from its first candle on."""
    with stand(box, tmp_path, SOL_LISTED_MS - HOUR_MS) as one:
        one.run_at(SOL_LISTED_MS - HOUR_MS // 2)
        assert "binance:SOLUSDT:1h" not in one.states()
        told = one.run_at(SOL_LISTED_MS + 2 * HOUR_MS + 60_000)
        assert "binance:SOLUSDT:1h: joined." in told
        first_ms = {str(line.series): line.first_ms for line in one.keeper.catalogue()}
        assert first_ms["binance:SOLUSDT:1h"] == SOL_LISTED_MS


def test_a_symbol_ends(box: Sandbox, tmp_path: Path) -> None:
    """A symbol that is taken off the list is collected to its end, told once, and left in peace."""
    with stand(box, tmp_path, XMR_ENDED_MS - 2 * HOUR_MS) as one:
        one.run_at(XMR_ENDED_MS - HOUR_MS)
        told = [
            line
            for hour in range(1, 5)
            for line in one.run_at(XMR_ENDED_MS + hour * HOUR_MS + 10_000)
            if line.startswith("binance:XMRUSDT")
        ]
        assert told == [
            "binance:XMRUSDT:1h: ended, since it is no longer traded; what is kept stays."
        ]
        assert one.states()["binance:XMRUSDT:1h"]
        held = {str(line.series): line for line in one.keeper.catalogue()}
        assert held["binance:XMRUSDT:1h"].last_ms == XMR_ENDED_MS - HOUR_MS
        one.run_at(XMR_ENDED_MS + 5 * HOUR_MS + 10_000)
        box.requests.clear()
        one.run_at(XMR_ENDED_MS + 5 * HOUR_MS + 20_000)
        assert not [call for call in box.requests.log("klines") if "XMRUSDT" in str(call)]


def test_an_exchange_that_is_away(box: Sandbox, tmp_path: Path) -> None:
    """Dozens of series do not each wait for an exchange that is away; all go on when it is back."""
    start = SOL_LISTED_MS + 90 * HOUR_MS
    with stand(box, tmp_path, start, parallel=2) as one:
        one.run_at(start + 60_000)
        with box.unreachable():
            told = one.run_at(start + HOUR_MS + 60_000)
        failed = [job.name for job in one.keeper.jobs() if job.series and job.state.failures]
        assert 1 <= len(failed) <= 4
        assert len([line for line in told if "Trying on." in line]) <= 2
