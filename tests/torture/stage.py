"""An exchange and a store on which much happens, and what must be true when all is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, ms_to_text
from chandlery.collect.keeper import Keeper
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.collect.rehearsal import EARLY_MS, LISTED_MS, SOL, rehearsing

SERIES: Final = Series.parse(SOL)
LATEST_S: Final = 0.4
"""A run takes as long or longer: what comes before then comes in the middle of it."""


@dataclass(frozen=True)
class Stage:
    """An exchange, a store, and all that the one has for the other."""

    box: Sandbox
    settings: dict[str, str]
    served: pl.DataFrame
    """Every closed candle that the exchange has."""

    def keeper(self) -> Keeper:
        """The program, as it begins."""
        return Keeper(read_settings(**self.settings), clock=FrozenClock(EARLY_MS))

    def ends_whole(self, keeper: Keeper) -> None:
        """The store has what the exchange has, each candle once, and accounts for all."""
        held = keeper.store.candles.read(SERIES, forming=False).frame
        proof = keeper.prove(SOL)
        assert held.equals(self.served)
        assert (proof.holds, proof.accounted) == (True, 1.0), proof


@contextmanager
def stage(store_url: str, home: Path) -> Iterator[Stage]:
    """A sandbox exchange and a store that is empty yet."""
    with Sandbox(now_ms=EARLY_MS, speed=0, weight_limit=10**7) as box:
        with rehearsing(box, home / "alone", now_ms=EARLY_MS) as desk:
            served = desk.served(SOL, until_ms=EARLY_MS)
        settings = {
            "home": str(home / "home"),
            "store_url": store_url,
            "csv": "",
            "series": SOL,
            "binance_url": box.binance_url,
        }
        yield Stage(box, settings, served)


def until_ms(number: int, times: int) -> int:
    """How far the run of this number, from 0 on, collects."""
    return LISTED_MS + (EARLY_MS - LISTED_MS) * (number + 1) // times


def collect(keeper: Keeper, until: int, reached: list[int] | None = None) -> bool:
    """Collect what is missing up to then; whether it went well.

    How far each page has reached is added to `reached`. Raises `StoreError`.
    """
    told = reached if reached is not None else []
    report = keeper.collect(
        SOL,
        since="2020-08-01",
        until=ms_to_text(until)[:19],
        listener=lambda done: told.append(done.reached_ms),
    )
    return report.ok
