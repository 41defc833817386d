"""Killed at any moment of any work: no file broken, no promise broken, and the next run finishes.

The full form kills 1,120 victims. A seed draws the moments of one chain of kills: each victim goes
on where the one before it died, and the last is left alone.
"""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.candles.files import replacing
from chandlery.clock import FrozenClock
from chandlery.sandbox import Sandbox
from chandlery.store import Store, sqlite_url
from tests.collect.rehearsal import EARLY_MS
from tests.postgres import postgres_server
from tests.store.eager import SMALL
from tests.store.lakes import files, proven
from tests.store.pages import BTC, page
from tests.torture.crash_arena import Arena
from tests.torture.crash_cases import CASES
from tests.torture.crash_mother import Mother
from tests.torture.lengths import scaled

KILLS_A_CASE = scaled(short=2, full=90)
CHAIN = 4
"""So many are killed in one place before one is left alone."""


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A sandbox exchange of which everything is known, and a warm process that forks."""
    with Sandbox(now_ms=EARLY_MS, speed=0) as box, Mother("tests.torture.crash_victims") as mother:
        yield Arena(box, mother, tmp_path_factory.mktemp("crashes"))


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A server for all of them."""
    with postgres_server() as server:
        yield server.url


def moment(chance: random.Random, seconds: float) -> float:
    """Any moment of the work; half of them evenly, half of them rather early."""
    if chance.random() < 0.5:
        return chance.uniform(0, 1.05 * seconds)
    return float(0.001 * (1000 * seconds) ** chance.random())


def torment(arena: Arena, name: str, postgres: str | None) -> int:
    """Chains of victims until enough of them were killed; how many."""
    case, seed, killed = CASES[name], 0, 0
    seconds = arena.seconds(name, case, postgres)
    while killed < KILLS_A_CASE:
        seed += 1
        chance = random.Random(f"{name} {seed}")  # noqa: S311  nobody has to guess it
        place = arena.prepared(case, postgres)
        try:
            for _ in range(min(CHAIN, KILLS_A_CASE - killed)):
                killed += arena.die(case, place, moment(chance, seconds))
            arena.live(case, place)
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}, {killed} killed before; see {place.home}")
            raise
    return killed


def test_drafts_of_the_dead(tmp_path: Path) -> None:
    """Whoever writes a file deletes what a killed writer of it left, and no draft of the living."""
    path = tmp_path / "out.csv"
    dead, living = (tmp_path / f".out.csv.{name}.draft" for name in ("dead", "living"))
    other = tmp_path / ".other.csv.dead.draft"
    for draft in (dead, living, other):
        draft.touch()
    with living.open("r+b") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        with replacing(path) as draft:
            draft.write_text("whole")
    assert set(tmp_path.iterdir()) == {living, other, path}
    with replacing(path) as draft:
        draft.write_text("whole again")
    assert set(tmp_path.iterdir()) == {other, path}


def test_files_of_the_dead(tmp_path: Path) -> None:
    """A day later the lake is rid of what killed writers left; younger files may be entered yet."""
    url, lake = sqlite_url(tmp_path / "store.db"), tmp_path / "lake"
    clock = FrozenClock(EARLY_MS)
    with Store.open(url, lake=str(lake), clock=clock, policy=SMALL) as store:
        store.candles.keep(page({n: n for n in range(9)}), answered=None, source="rest")
        store.folding.fold(BTC, everything=True)
        table = lake / BTC.exchange / BTC.interval.slug
        counted = {Path(file) for file in files(lake)}
        log = table / "_delta_log"
        old = [next(iter(counted)).with_name("part-old.zstd.parquet"), log / "9.json#1"]
        young = [path.with_name(path.name.replace("old", "new")) for path in old]
        young[1] = log / "9.json#2"
        for path in (*old, *young):
            path.write_bytes(b"half")
        for path in old:
            os.utime(path, (time.time() - 90_000,) * 2)
        clock.advance(90_000)
        store.folding.tidy(BTC)
        assert not [path for path in old if path.exists()]
        assert all(path.exists() for path in (*young, *counted))
        assert proven(store) == len(store.candles.read(BTC)) == 9


@pytest.mark.slow  # 14 kills and as many runs to the end
@pytest.mark.parametrize("name", list(CASES))
def test_killed(arena: Arena, name: str) -> None:
    """Embedded: whatever a victim was at, all that was promised is there, and the next finishes."""
    assert torment(arena, name, None) >= KILLS_A_CASE


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.on_postgres])
def test_killed_on_postgres(arena: Arena, name: str, postgres: str) -> None:
    """The same of a store whose database is a server, which goes on when its client dies."""
    assert torment(arena, name, postgres) >= KILLS_A_CASE
