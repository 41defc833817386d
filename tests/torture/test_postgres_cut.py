"""PostgreSQL ends connections, or goes away and comes back, in the middle of transactions."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg
import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, ms_to_text
from chandlery.collect.keeper import Keeper
from chandlery.errors import StoreError
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.store import Store
from tests.collect.rehearsal import EARLY_MS, LISTED_MS, SOL, rehearsing
from tests.postgres import Postgres, postgres_server
from tests.torture.lengths import scaled
from tests.torture.neighbour_work import POLICY

pytestmark = pytest.mark.slow  # starts a server

CUTS: Final = scaled(short=12, full=200)
RESTART_EVERY: Final = 6
"""Each so many cuts the whole server ends and begins again; else the connections do."""
LATEST_S: Final = 0.4
"""A run takes longer, so that the cut comes in the middle of it."""


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that can be stopped."""
    with postgres_server() as server:
        yield server


def test_cut_in_the_middle(postgres: Postgres, tmp_path: Path) -> None:
    """Whatever was being written when it ended, nothing is lost, doubled or half there."""
    dice, failed = random.Random(1), 0  # noqa: S311  a reproducible run, not a secret
    with Sandbox(now_ms=EARLY_MS, speed=0, weight_limit=10**7) as box:
        with rehearsing(box, tmp_path / "alone", now_ms=EARLY_MS) as desk:
            served = desk.served(SOL, until_ms=EARLY_MS)
        settings = {
            "home": str(tmp_path / "home"),
            "store_url": postgres.url,
            "csv": "",
            "series": SOL,
            "binance_url": box.binance_url,
        }
        for number in range(CUTS):
            cut = threading.Thread(target=_cut, args=(postgres, number, dice.random() * LATEST_S))
            cut.start()
            until_ms = LISTED_MS + (EARLY_MS - LISTED_MS) * (number + 1) // CUTS
            try:
                _work(settings, until_ms)
            except StoreError:
                failed += 1  # which words are said is tried elsewhere
            cut.join()
        assert failed > CUTS / 4
        _work(settings, EARLY_MS)
        with Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS)) as keeper:
            held = keeper.store.candles.read(Series.parse(SOL), forming=False).frame
            proof = keeper.prove(SOL)
    assert held.equals(served)
    assert (proof.holds, proof.accounted) == (True, 1.0), proof


def _work(settings: dict[str, str], until_ms: int) -> None:
    """Collect what is missing up to then, and move it into the lake."""
    series = Series.parse(SOL)
    with Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS)) as keeper:
        keeper.collect(SOL, since="2020-08-01", until=ms_to_text(until_ms)[:19])
        place = keeper.settings.lake_place
    with Store.open(settings["store_url"], lake=place, policy=POLICY) as store:
        store.folding.fold(series, everything=True)


def _cut(postgres: Postgres, number: int, seconds: float) -> None:
    time.sleep(seconds)
    if number % RESTART_EVERY == 0:
        postgres.stop()
        postgres.start()
        return
    with suppress(psycopg.OperationalError), psycopg.connect(postgres.url) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
