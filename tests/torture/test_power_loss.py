"""The power goes at any moment: what was synced by then is enough.

A victim is stopped again and again; each time its folder is copied, and of the copy only that stays
which had been synced. Embedded only: a PostgreSQL answers for its own files.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.clock import FrozenClock
from chandlery.sandbox import Sandbox
from chandlery.store import Store, sqlite_url
from tests.collect.rehearsal import EARLY_MS
from tests.store.eager import SMALL
from tests.store.lakes import files, in_files, proven
from tests.store.pages import BTC, page, prices
from tests.torture.crash_arena import Arena
from tests.torture.crash_cases import CASES, Case
from tests.torture.crash_mother import Mother
from tests.torture.crash_places import Place
from tests.torture.crash_power import Synced, cut
from tests.torture.lengths import FULL, scaled

LONE = replace(SMALL, most=100, neighbours=1_000)
"""A fold of one step, without a compaction after it."""
ONE_FILE = replace(SMALL, file_rows=100, neighbours=2)
"""A compaction makes one file of what such folds have left."""
CUTS = scaled(short=2, full=60)


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A sandbox exchange of which everything is known, and a warm process that forks."""
    with Sandbox(now_ms=EARLY_MS, speed=0) as box, Mother("tests.torture.crash_victims") as mother:
        yield Arena(box, mother, tmp_path_factory.mktemp("power"))


def cuts(
    arena: Arena, case: Case, place: Place, chance: random.Random, seconds: float
) -> list[tuple[Place, list[str]]]:
    """Copies of a place as cuts at some moments would leave it, and what was acknowledged then."""
    about, said = case.about(place), place.home / "dying.said"
    before = {str(path.relative_to(place.home)) for path in place.home.rglob("*")}
    victim = arena.mother.bear(case.work, said, **about)
    found: list[tuple[Place, list[str]]] = []
    for number in range(4):
        time.sleep(chance.uniform(0, seconds / 3))
        with victim.stopped() as lives:
            if not lives:
                break
            copy = place.copied(place.home.with_name(f"{place.home.name}-{number}"))
            promised = victim.acknowledged()
            synced = Synced.read(said.with_suffix(".synced"))
            cut(place.home, copy.home, before, synced, chance)
            found.append((copy, promised))
    victim.kill()
    return found


DAMAGES = {
    "entry without content": ("*.json", 0),
    "half an entry": ("*.json", 100),
    "half a checkpoint": ("*.checkpoint.parquet", 900),
    "pointer without content": ("_last_checkpoint", 0),
    "pointer that leads nowhere": ("*.checkpoint.parquet", None),
}
"""What a cut may leave of the newest file of that name: so many bytes, or nothing."""


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_half_written_log(tmp_path: Path, damage: str) -> None:
    """What Delta had not on the disk yet is taken away; what counts is read, and folded again."""
    pattern, size = DAMAGES[damage]
    url, lake = sqlite_url(tmp_path / "store.db"), tmp_path / "lake"
    rows = {n: n for n in range(30)}
    with Store.open(url, lake=str(lake), clock=FrozenClock(EARLY_MS), policy=SMALL) as store:
        store.candles.keep(page(rows), answered=None, source="rest")
        store.folding.fold(BTC, everything=True)  # which leaves a checkpoint, too
    with Store.open(url, lake=str(lake), clock=FrozenClock(EARLY_MS), policy=SMALL) as store:
        rows |= {n: n for n in range(30, 37)}
        store.candles.keep(page(rows), answered=None, source="rest")
    shutil.copyfile(tmp_path / "store.db", tmp_path / "before.db")
    with Store.open(url, lake=str(lake), clock=FrozenClock(EARLY_MS), policy=LONE) as store:
        assert store.folding.fold(BTC, everything=True) == 7
    shutil.copyfile(tmp_path / "before.db", tmp_path / "store.db")
    newest = max((lake / BTC.exchange / BTC.interval.slug / "_delta_log").glob(pattern))
    if size is None:
        newest.unlink()
    else:
        os.truncate(newest, size)
    with Store.open(url, lake=str(lake), clock=FrozenClock(EARLY_MS), policy=SMALL) as store:
        assert prices(store.candles.read(BTC)) == rows
        assert proven(store) == len(rows)
        store.folding.fold(BTC, everything=True)
        assert proven(store) == len(rows)
    assert in_files(lake) == list(range(len(rows) - SMALL.keep_hot))


@pytest.mark.parametrize("left", [b"", b'{"metaData":{"id":"1', b'{"commitInfo":{}}\n'])
def test_the_first_entry_is_cut(tmp_path: Path, left: bytes) -> None:
    """A lake whose making was cut off is made anew."""
    log = tmp_path / "lake" / BTC.exchange / BTC.interval.slug / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_bytes(left)
    rows = {n: n for n in range(30)}
    opened = partial(Store.open, lake=str(tmp_path / "lake"), clock=FrozenClock(EARLY_MS))
    with opened(sqlite_url(tmp_path / "store.db"), policy=SMALL) as store:
        store.candles.keep(page(rows), answered=None, source="rest")
        assert store.folding.fold(BTC, everything=True) == len(rows) - SMALL.keep_hot
        assert prices(store.candles.read(BTC)) == rows
        assert proven(store) == len(rows)


def in_three_files(opened: Callable[..., Store]) -> dict[int, int]:
    """Candles that a store has moved to its lake in three steps."""
    for first in range(0, 30, 10):
        with opened(policy=LONE) as store:
            piece = {n: n for n in range(first, first + 10)}
            store.candles.keep(page(piece), answered=None, source="rest")
            store.folding.fold(BTC, everything=True)
    return {n: n for n in range(30)}


@pytest.mark.parametrize("left", [None, 0, 100])
def test_an_entry_before_the_newest_is_cut(tmp_path: Path, left: int | None) -> None:
    """Of the two entries of a vacuum the older one may be gone, empty or half there."""
    lake = tmp_path / "lake"
    clock = FrozenClock(EARLY_MS)
    opened = partial(Store.open, sqlite_url(tmp_path / "store.db"), lake=str(lake), clock=clock)
    rows = in_three_files(opened)
    with opened(policy=replace(ONE_FILE, grace_hours=0.0)) as store:
        store.folding.tidy(BTC)
        clock.sleep(2 * DAY_MS / 1000)
        store.folding.tidy(BTC)
    log = lake / BTC.exchange / BTC.interval.slug / "_delta_log"
    older, newer = sorted(log.glob("*.json"))[-2:]
    assert b"VACUUM START" in older.read_bytes()
    assert b"VACUUM END" in newer.read_bytes()
    if left is None:
        older.unlink()
    else:
        os.truncate(older, left)
    with opened(policy=SMALL) as store:
        assert prices(store.candles.read(BTC)) == rows
        rows |= {n: n for n in range(30, 40)}
        store.candles.keep(page(rows), answered=None, source="rest")
        store.folding.fold(BTC, everything=True)
        assert prices(store.candles.read(BTC)) == rows
        assert proven(store) == len(rows)


@pytest.mark.slow  # the store is opened for each of them
def test_an_entry_cut_anywhere(tmp_path: Path) -> None:
    """However much is left of the entry of a compaction, each candle is there once."""
    url, lake = sqlite_url(tmp_path / "store.db"), tmp_path / "lake"
    opened = partial(Store.open, url, lake=str(lake), clock=FrozenClock(EARLY_MS))
    rows = in_three_files(opened)
    with opened(policy=ONE_FILE) as store:
        store.folding.tidy(BTC)
    assert len(files(lake)) == 1
    entry = max((lake / BTC.exchange / BTC.interval.slug / "_delta_log").glob("*.json"))
    whole = entry.read_bytes()
    assert whole.count(b'{"remove"') == 3
    ends = [place + 1 for place in range(len(whole)) if whole[place : place + 1] in b"}\n"]
    for size in range(len(whole)) if FULL else {0, 100, *ends[::3], *ends[-9:]}:
        entry.write_bytes(whole[:size])
        with opened(policy=LONE) as store:
            assert prices(store.candles.read(BTC)) == rows, whole[:size]
            assert proven(store) == len(rows), whole[:size]


@pytest.mark.slow  # each copy is looked at, and the work done in it to the end
@pytest.mark.parametrize("name", list(CASES))
def test_power_cut(arena: Arena, name: str) -> None:
    """What was acknowledged stands in what was synced, and the next run finishes the work."""
    case, seed, done = CASES[name], 0, 0
    seconds = arena.seconds(name, case, None)
    while done < CUTS:
        seed += 1
        chance = random.Random(f"power {name} {seed}")  # noqa: S311  nobody has to guess it
        place = arena.prepared(case, None)
        for copy, promised in cuts(arena, case, place, chance, seconds)[: CUTS - done]:
            try:
                case.check(copy, promised)
                arena.live(case, copy)
            except BaseException as error:
                error.add_note(f"{name}, seed {seed}, {done} cuts before; see {copy.home}")
                raise
            done += 1
