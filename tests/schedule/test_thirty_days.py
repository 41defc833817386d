"""Days in seconds: outages, faults, restarts, dead workers and wrong clocks, all at once.

At full length it is a month; else as many days as let every trouble happen.

Ours and the exchange's clock stand still but where the test moves them on, and jobs are done one
after the other in the order of their due times, so that a seed always gives the same days.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.collect.jobs import Job
from chandlery.collect.keeper import Keeper
from chandlery.collect.market_caps import MARKET_CAPS
from chandlery.collect.runner import Runner
from chandlery.sandbox import FaultKind, Sandbox
from chandlery.settings import Settings, read_settings
from chandlery.store import sqlite_url
from tests.schedule.truth import assert_true_and_whole
from tests.torture.footprint import Footprint
from tests.torture.lengths import scaled
from tests.twin_clock import WrongClock

DAYS: Final = scaled(short=5, full=30)
ENDED: Final = "binance:XMRUSDT:1h"
"""Is taken off the list when not quite two thirds of the days have gone by."""
ENDED_MS: Final = 1_708_398_000_000
START_MS: Final = (ENDED_MS // DAY_MS - DAYS * 19 // 30) * DAY_MS
"""Of thirty days: 2024-02-01 00:00:00 UTC."""
SERIES: Final = scaled(short=13, full=20)
HELD_AT_FIRST: Final = 499

FAULTS: Final[tuple[FaultKind, ...]] = (
    *("5xx", "html", "empty", "truncated", "garbled", "reset", "reset-mid-body", "429", "418"),
    *("skew", "redirect", "text"),
)
"""Those that take no time of the real kind; what the exchange lies is `tests/torture`'s."""
WRONG_BY_MS: Final = (0, 0, 700, -40_000, 90_000, -HOUR_MS, 5 * HOUR_MS, -3 * DAY_MS, 40 * DAY_MS)


class Month:
    """One exchange, one store, and everything that can happen to a machine in between."""

    def __init__(self, box: Sandbox, home: Path, seed: int) -> None:
        self.box = box
        self.clock = WrongClock(box, START_MS)
        self.dice = random.Random(seed)  # noqa: S311  a reproducible month, not a secret
        self.happened: Counter[str] = Counter()
        self.settling = False
        self.taken: list[Footprint] = []
        self.misbehaved: set[FaultKind] = set()
        self.settings: Settings = read_settings(
            home=home,
            series="binance:*:1h",
            binance_url=box.binance_url,
            coingecko_url=box.coingecko_url,
        )
        self._open()

    def _open(self) -> None:
        self.keeper = Keeper(self.settings, clock=self.clock, background=True)
        self.runner = Runner(self.keeper)

    def pass_by(self) -> None:
        """Let the month go by: each hour is collected, and now and then something happens."""
        mishaps = [
            self._outage,
            *[self._faults] * 4,
            self._restart,
            self._death,
            self._set_clock,
            self._sleep,
            self._revision,
        ]
        to_come = [*mishaps]
        self.clock.advance(10)
        self.turn()  # lists the symbols
        self.turn()
        while self.true_ms < START_MS + DAYS * DAY_MS:
            if self.dice.random() < 0.25:
                to_come = to_come or [*mishaps]
                mishap = to_come.pop(self.dice.randrange(len(to_come)))
                self.happened[mishap.__name__] += 1
                mishap()
            self.until_close(spread_s=self.dice.choice((10, 10, 300, 3_000)))
            self.turn()
            if self.true_ms % DAY_MS < HOUR_MS:
                self.taken.append(Footprint.of())

    @property
    def true_ms(self) -> int:
        """The time at the exchange."""
        return self.box.clock.now_ms()

    def until_close(self, *, spread_s: int) -> None:
        """Wait for the next close, until all series are due, and perhaps for longer."""
        left_ms = HOUR_MS - self.true_ms % HOUR_MS
        self.clock.advance(left_ms / 1000 + 8 + self.dice.uniform(0, spread_s))

    def length(self) -> float:
        """How many seconds something lasts: mostly minutes, now and then two days."""
        return 600.0 * math.pow(400, self.dice.random())

    def due(self) -> list[Job]:
        """What is to be done now; market caps once a day, because the sandbox makes them up."""
        caps = self.settling or self.true_ms % DAY_MS < HOUR_MS
        return [
            job
            for job in self.keeper.jobs()
            if job.due_ms <= self.clock.now_ms() and (caps or job.name != MARKET_CAPS)
        ]

    def turn(self) -> None:
        """Do what is due, some of it twice."""
        for job in self.due():
            self.runner.do(job.name, due_ms=job.due_ms)
            if self.dice.random() < 0.02:
                asked = self.box.requests.count()
                again = self.runner.do(job.name, due_ms=job.due_ms)
                assert job.series is None or again.skipped is not None, job
                assert self.box.requests.count() == asked

    def settle(self) -> None:
        """Nothing happens any more; what failed is tried again."""
        self.settling = True
        self.box.faults.clear()
        for _ in range(20):
            if not [job for job in self.keeper.jobs() if job.state.failures] and not self.due():
                return
            self.clock.advance(60)
            self.turn()

    def _outage(self) -> None:
        with self.box.unreachable():
            for job in self.due()[:5]:
                self.runner.do(job.name, due_ms=job.due_ms)
            self.clock.advance(self.length())
            for job in self.due()[:5]:
                self.runner.do(job.name, due_ms=job.due_ms)

    def _faults(self) -> None:
        for _ in range(self.dice.randint(1, 4)):
            path = self.dice.choice(("", "klines", "time", "exchangeInfo"))
            times = self.dice.randint(1, 12)
            seconds = self.dice.choice((3, 30, 600))
            kind = self.dice.choice(sorted(set(FAULTS) - self.misbehaved) or FAULTS)
            self.misbehaved.add(kind)
            self.box.faults.next(kind, times=times, path=path, seconds=seconds)

    def _restart(self) -> None:
        self.keeper.close()
        self._open()

    def _death(self) -> None:
        """Workers are killed, and what they had in hand stays in their name for a while."""
        now_ms = self.clock.now_ms()
        for job in self.dice.sample(self.keeper.jobs(), 6):
            until_ms = now_ms + self.dice.choice((60_000, 600_000, 40 * DAY_MS))
            self.keeper.store.jobs.hold(job.name, "a dead worker", now_ms=now_ms, until_ms=until_ms)
        self._restart()

    def _set_clock(self) -> None:
        self.clock.off_ms = self.dice.choice(WRONG_BY_MS)

    def _sleep(self) -> None:
        self.clock.advance(self.length())

    def _revision(self) -> None:
        held = self.dice.choice([line for line in self.keeper.catalogue() if line.last_ms])
        last_ms = held.last_ms
        if last_ms is not None and last_ms > START_MS:
            self.box.revise(held.series.symbol, "1h", last_ms)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """The exchange of those days, with so many symbols."""
    with Sandbox(seed=1, now_ms=START_MS, more_symbols=SERIES - 13) as started:
        yield started


def assert_nothing_grows(taken: list[Footprint]) -> None:
    """Nothing that is opened, started or remembered stays, from day to day."""
    early, late = taken[len(taken) // 3 : 2 * len(taken) // 3], taken[2 * len(taken) // 3 :]
    for what in ("files", "sockets", "threads"):
        counts = [[getattr(one, what) for one in some] for some in (early, late)]
        assert min(counts[1]) <= max(counts[0]) + 2, (what, taken)
    # What the sandbox remembers, which is bounded, is in this process too.
    assert min(one.memory_mb for one in late) <= max(one.memory_mb for one in early) + 20, taken


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_thirty_days(box: Sandbox, tmp_path: Path, seed: int) -> None:
    """After a month of troubles every candle is kept as served, and every job is well."""
    month = Month(box, tmp_path / "home", seed)
    try:
        month.pass_by()
        month.settle()
        jobs = {job.name: job for job in month.keeper.jobs()}
        series = [job.name for job in jobs.values() if job.series]
        late = [line.series for line in month.keeper.status().series if line.late]
        gaps = [gap for name in series for gap in month.keeper.gaps(name)]
        kept = {str(line.series): line for line in month.keeper.catalogue()}
        now_ms, true_ms = month.clock.now_ms(), month.true_ms
    finally:
        month.keeper.close()
    assert_nothing_grows(month.taken)
    assert len(month.happened) == 7
    assert month.misbehaved == set(FAULTS)
    assert len(series) == SERIES
    assert [job for job in jobs.values() if job.state.failures or job.state.error] == []
    assert [job for job in jobs.values() if job.due_ms <= now_ms] == []
    assert [name for name in series if jobs[name].ended] == [ENDED]
    assert late == []
    assert [gap for gap in gaps if gap.candles and gap.reason == "never asked"] == []
    url = sqlite_url(month.settings.database_path)
    for name in series:
        closed_ms = min(true_ms // HOUR_MS * HOUR_MS, ENDED_MS if name == ENDED else true_ms)
        assert kept[name].last_ms == closed_ms - HOUR_MS
        assert kept[name].first_ms == START_MS - HELD_AT_FIRST * HOUR_MS
        assert assert_true_and_whole(url, name, box) == kept[name].candles
