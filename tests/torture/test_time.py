"""Clocks that are wrong or set: the CSV goes on, and no run is put off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.runner import Runner
from chandlery.sandbox import Sandbox
from tests.collect.rehearsal import EARLY_MS, rehearsing
from tests.twin_clock import WrongClock

SOL: Final = "binance:SOLUSDT:1h"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange whose time is right."""
    with Sandbox(now_ms=EARLY_MS, weight_limit=10**7) as running:
        yield running


@pytest.mark.parametrize("off_ms", [999, -HOUR_MS, 9 * HOUR_MS, -3 * DAY_MS, -20_000 * DAY_MS])
def test_a_csv_and_a_wrong_clock(box: Sandbox, tmp_path: Path, off_ms: int) -> None:
    """The CSV goes on whatever this machine takes for the time, also beside an empty store."""
    csv = tmp_path / "crypto.csv"
    now_ms = box.clock.now_ms()
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, csv=str(csv), series=SOL) as desk:
        assert desk.keeper.keep_current(Series.parse(SOL), last=10).ok
        for home in ("home", "another"):
            box.clock.advance(HOUR_MS / 1000)
            settings = desk.keeper.settings.model_copy(update={"home": tmp_path / home})
            clock = WrongClock(box, box.clock.now_ms())
            clock.off_ms = off_ms
            with Keeper(settings, clock=clock) as keeper:
                report = keeper.keep_current(Series.parse(SOL))
            assert report.ok, report.failure
        newest = int(csv.read_text().splitlines()[-1].partition(",")[0])
        assert newest == box.clock.now_ms() // HOUR_MS * HOUR_MS


def test_a_clock_set_back_does_not_put_off_a_run(box: Sandbox, tmp_path: Path) -> None:
    """Set back by twenty minutes between two closes: the next is served when it comes."""
    now_ms = box.clock.now_ms()
    with rehearsing(box, tmp_path / "home", now_ms=now_ms, series=SOL) as desk:
        clock = WrongClock(box, now_ms)
        with Keeper(desk.keeper.settings, clock=clock) as keeper:
            Runner(keeper).do(SOL)
            clock.advance(25 * 60)
            clock.off_ms = -20 * MINUTE_MS
            job = next(job for job in keeper.jobs() if job.name == SOL)
            assert job.due_ms <= clock.now_ms()
            assert Runner(keeper).do(SOL, due_ms=job.due_ms).skipped is None
            job = next(job for job in keeper.jobs() if job.name == SOL)
            close_ms = now_ms // HOUR_MS * HOUR_MS + HOUR_MS
            assert 0 <= job.due_ms + 20 * MINUTE_MS - close_ms <= 10_000
