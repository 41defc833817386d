"""A PostgreSQL server dies in the middle of a run, and its standby takes its place."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.errors import StoreError
from tests.collect.rehearsal import EARLY_MS
from tests.postgres_pair import Pair, postgres_pair
from tests.torture.lengths import scaled
from tests.torture.stage import LATEST_S, SERIES, collect, stage, until_ms

pytestmark = pytest.mark.slow  # starts two servers

OPEN_MS: Final = pl.col("open_time").dt.epoch("ms")
TIMES: Final = scaled(short=2, full=25)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary, and a standby without which nothing is said to be done."""
    with postgres_pair() as two:
        yield two


def test_fail_over(pair: Pair, tmp_path: Path) -> None:
    """With both servers in the address the next run goes on, and nothing acknowledged is lost."""
    dice, midway = random.Random(1), 0  # noqa: S311  a reproducible run, not a secret
    with stage(pair.url, tmp_path) as on:
        # Its slowness makes a run so long that a server dies in the middle of it.
        on.box.faults.always("latency", path="klines", service="binance", seconds=0.3)
        for number in range(TIMES):
            died: list[float] = []
            death = threading.Thread(target=_die, args=(pair, dice.random() * LATEST_S, died))
            until = until_ms(number, TIMES)
            reached: list[int] = []
            with on.keeper() as keeper:
                death.start()
                with suppress(StoreError):  # which words are said is tried elsewhere
                    collect(keeper, until, reached)  # or it waits and goes on
                ended = time.monotonic()
                death.join()
                midway += died[0] < ended
                # The same program, still running, finds the other server.
                kept = keeper.store.candles.read(SERIES, forming=False).frame
                assert kept.height >= on.served.filter(max(reached, default=0) > OPEN_MS).height
                assert kept.equals(on.served.head(kept.height))
                assert collect(keeper, until)
            pair.follow()
        with on.keeper() as keeper:
            assert collect(keeper, EARLY_MS)
            on.ends_whole(keeper)
    assert midway


def _die(pair: Pair, seconds: float, died: list[float]) -> None:
    time.sleep(seconds)
    died.append(time.monotonic())
    pair.fail_over()
