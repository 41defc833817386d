"""A PostgreSQL server dies in the middle of a run, and its standby takes its place."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, ms_to_text
from chandlery.collect.keeper import Keeper
from chandlery.errors import StoreError
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.collect.rehearsal import EARLY_MS, LISTED_MS, SOL, rehearsing
from tests.postgres_pair import Pair, postgres_pair
from tests.torture.lengths import scaled

pytestmark = pytest.mark.slow  # starts two servers

SERIES: Final = Series.parse(SOL)
OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")
TIMES: Final = scaled(short=2, full=25)
LATEST_S: Final = 0.4
"""A run takes as long, for the exchange is slow: a server dies in the middle of it."""


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary, and a standby without which nothing is said to be done."""
    with postgres_pair() as two:
        yield two


def test_fail_over(pair: Pair, tmp_path: Path) -> None:
    """With both servers in the address the next run goes on, and nothing acknowledged is lost."""
    dice, midway = random.Random(1), 0  # noqa: S311  a reproducible run, not a secret
    with Sandbox(now_ms=EARLY_MS, speed=0, weight_limit=10**7) as box:
        with rehearsing(box, tmp_path / "alone", now_ms=EARLY_MS) as desk:
            served = desk.served(SOL, until_ms=EARLY_MS)
        box.faults.always("latency", path="klines", service="binance", seconds=0.3)
        settings = {
            "home": str(tmp_path / "home"),
            "store_url": pair.url,
            "csv": "",
            "series": SOL,
            "binance_url": box.binance_url,
        }
        for number in range(TIMES):
            died: list[float] = []
            death = threading.Thread(target=_die, args=(pair, dice.random() * LATEST_S, died))
            until_ms = LISTED_MS + (EARLY_MS - LISTED_MS) * (number + 1) // TIMES
            reached: list[int] = []
            with _keeper(settings) as keeper:
                death.start()
                _collects(keeper, until_ms, reached)  # it may fail, or wait and go on
                ended = time.monotonic()
                death.join()
                midway += died[0] < ended
                # The same program, still running, finds the other server.
                kept = keeper.store.candles.read(SERIES, forming=False).frame
                assert kept.height >= served.filter(OPEN_MS.lt(max(reached, default=0))).height
                assert kept.equals(served.head(kept.height))
                assert _collects(keeper, until_ms, reached)
            pair.follow()
        with _keeper(settings) as keeper:
            assert _collects(keeper, EARLY_MS, [])
            held = keeper.store.candles.read(SERIES, forming=False).frame
            proof = keeper.prove(SOL)
    assert midway
    assert held.equals(served)
    assert (proof.holds, proof.accounted) == (True, 1.0), proof


def _keeper(settings: dict[str, str]) -> Keeper:
    return Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS))


def _collects(keeper: Keeper, until_ms: int, reached: list[int]) -> bool:
    """Whether a run ended well; how far each of its pages has reached is added."""
    until = ms_to_text(until_ms)[:19]
    try:
        report = keeper.collect(
            SOL,
            since="2020-08-01",
            until=until,
            listener=lambda done: reached.append(done.reached_ms),
        )
    except StoreError:
        return False  # which words are said is tried elsewhere
    return report.ok


def _die(pair: Pair, seconds: float, died: list[float]) -> None:
    time.sleep(seconds)
    died.append(time.monotonic())
    pair.fail_over()
