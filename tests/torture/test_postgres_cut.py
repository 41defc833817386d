"""PostgreSQL ends connections, or goes away and comes back, in the middle of transactions."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg
import pytest

from chandlery.errors import StoreError
from chandlery.store import Store
from tests.collect.rehearsal import EARLY_MS
from tests.postgres import Postgres, postgres_server
from tests.torture.lengths import scaled
from tests.torture.neighbour_work import POLICY
from tests.torture.stage import LATEST_S, SERIES, Stage, collect, stage, until_ms

pytestmark = pytest.mark.slow  # starts a server

CUTS: Final = scaled(short=12, full=200)
RESTART_EVERY: Final = 6
"""Each so many cuts the whole server ends and begins again; else the connections do."""


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that can be stopped."""
    with postgres_server() as server:
        yield server


def test_cut_in_the_middle(postgres: Postgres, tmp_path: Path) -> None:
    """Whatever was being written when it ended, nothing is lost, doubled or half there."""
    dice, midway = random.Random(1), 0  # noqa: S311  a reproducible run, not a secret
    with stage(postgres.url, tmp_path) as on:
        # So slow that a run is never over at once.
        on.box.faults.always("latency", path="klines", service="binance", seconds=0.1)
        for number in range(CUTS):
            came: list[float] = []
            waits = dice.random() * LATEST_S
            cut = threading.Thread(target=_cut, args=(postgres, number, waits, came))
            with suppress(StoreError):  # which words are said is tried elsewhere
                _work(on, until_ms(number, CUTS), cut.start)
            ended = time.monotonic()
            cut.join()
            midway += came[0] < ended
        _work(on, EARLY_MS)
        with on.keeper() as keeper:
            on.ends_whole(keeper)
    assert midway > CUTS / 2


def _work(on: Stage, until: int, began: Callable[[], object] = lambda: None) -> None:
    """Collect what is missing up to then, and move it into the lake."""
    with on.keeper() as keeper:
        began()
        collect(keeper, until)
        place = keeper.settings.lake_place
    with Store.open(on.settings["store_url"], lake=place, policy=POLICY) as store:
        store.folding.fold(SERIES, everything=True)


def _cut(postgres: Postgres, number: int, seconds: float, came: list[float]) -> None:
    time.sleep(seconds)
    came.append(time.monotonic())
    if number % RESTART_EVERY == 0:
        postgres.stop()
        postgres.start()
        return
    with suppress(psycopg.OperationalError), psycopg.connect(postgres.url) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
