"""A keeper in front of a sandbox, its clock in step, and what must be true of it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.exchanges.registry import open_exchange
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.twin_clock import TwinClock

NOW_MS: Final = 1_603_189_800_000
"""2020-10-20 10:30 UTC: ten weeks after SOLUSDT was listed."""
EARLY_MS: Final = 1_601_893_800_000
"""2020-10-05 10:30 UTC: the archive has two months and four days of SOLUSDT, a third as many files
as two weeks later; for tests that ask for all of them."""
EARLY_FILES: Final = 2 + 4
LISTED_MS: Final = 1_597_125_600_000
"""2020-08-11 06:00 UTC, the first hour of SOLUSDT."""
SOL: Final = "binance:SOLUSDT:1h"


@dataclass
class Rehearsal:
    """One keeper, and the exchange that it asks."""

    box: Sandbox
    keeper: Keeper

    def served(self, name: str, *, since_ms: int = 0, until_ms: int = NOW_MS) -> pl.DataFrame:
        """Every candle of that time that has closed, as the exchange gives it over REST."""
        series = Series.parse(name)
        pages = [pl.DataFrame(schema=SCHEMA)]
        clock = FrozenClock(self.box.clock.now_ms())
        with closing(
            open_exchange(series.exchange, urls=[self.box.binance_url], clock=clock)
        ) as at:
            start = since_ms
            while start < until_ms:
                page = at.oldest(series, Span(start, until_ms), at.page_limit)
                pages.append(page.candles.closed)
                if page.candles.span is None or len(page.candles) < at.page_limit:
                    break
                start = page.candles.span.end
        return pl.concat(pages)

    def held(self, name: str) -> pl.DataFrame:
        """The closed candles that are kept."""
        return self.keeper.store.candles.read(Series.parse(name), forming=False).frame

    def assert_whole(self, name: str) -> None:
        """All that the exchange has is kept, candle by candle, and all of it is accounted for."""
        served = self.served(name)
        held = self.held(name)
        assert held.height == served.height > 0
        assert held.equals(served)
        proof = self.keeper.prove(name)
        assert (proof.holds, proof.accounted) == (True, 1.0), proof
        assert not [gap for gap in self.keeper.gaps(name) if gap.reason == "failed"]

    def assert_newest(self, name: str, *, least: int = 1) -> None:
        """All that is kept is what the exchange serves, up to its newest closed candle."""
        held = self.held(name)
        assert held.height >= least > 0
        first_ms, *_, last_ms = held["open_time"].dt.epoch("ms")
        served = self.served(name, since_ms=first_ms, until_ms=self.box.clock.now_ms())
        assert held.equals(served)
        assert self.keeper.prove(name).holds
        within = [gap for gap in self.keeper.gaps(name) if first_ms <= gap.span.start < last_ms]
        assert {gap.reason for gap in within} <= {"empty at the exchange"}

    def fetched(self) -> Counter[str]:
        """How often each zip came whole, by its bare name."""
        return fetched(self.box)


def fetched(box: Sandbox) -> Counter[str]:
    """How often each zip was given, by its bare name."""
    return Counter(
        seen.path.rpartition("/")[2]
        for seen in box.requests.log(".zip")
        if seen.path.endswith(".zip") and seen.status == 200
    )


def afresh(box: Sandbox, now_ms: int = NOW_MS) -> None:
    """Behave, and forget what was asked."""
    box.faults.clear()
    box.archive_faults.clear()
    box.requests.clear()
    box.forgive()
    box.clock.freeze(now_ms)


@contextmanager
def rehearsing(
    box: Sandbox, home: Path, *, now_ms: int = NOW_MS, **settings: str
) -> Iterator[Rehearsal]:
    """A keeper with an empty store in front of a box that behaves."""
    afresh(box, now_ms)
    asked = {
        "csv": "",
        "binance_url": box.binance_url,
        "binance_um_url": box.binance_url,
        "binance_archive_url": box.archive_url,
        "coingecko_url": box.coingecko_url,
    }
    in_force = read_settings(home=home, **(asked | settings))
    with Keeper(in_force, clock=TwinClock(box, now_ms)) as keeper:
        yield Rehearsal(box, keeper)
