"""Tidying: small files are made large and old ones deleted, and nobody who reads notices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.clock import FrozenClock, SystemClock
from chandlery.store import Store
from tests.store import crowd as at_once
from tests.store.crowd import Crowd
from tests.store.eager import EVERYTHING, SMALL
from tests.store.lakes import files, in_files, keep, proven
from tests.store.pages import BTC, hours, prices

pytestmark = pytest.mark.slow  # many, which take long together


def test_compaction(two_tiers: Store, tmp_path: Path, clock: FrozenClock) -> None:
    """Many small neighbours become a few files; all candles and their evidence stay."""
    for first in range(0, 60, 3):
        keep(two_tiers, {n: n for n in range(first, first + 3)})
        two_tiers.folding.fold(BTC, everything=True)
        clock.advance(1)
    assert len(files(tmp_path / "lake")) <= 2 * 60 // SMALL.file_rows
    assert in_files(tmp_path / "lake") == list(range(58))
    assert proven(two_tiers) == 60
    known = two_tiers.candles.evidence(BTC, hours(0, 60))["known_ms"]
    assert known.unique().len() == 20


def test_vacuum_waits(two_tiers: Store, tmp_path: Path, url: str, clock: FrozenClock) -> None:
    """Replaced files stay as long as somebody may read them, and are deleted afterwards."""
    lake = tmp_path / "lake"
    folder = lake / "binance" / "1h" / "symbol=BTCUSDT"
    for first in range(0, 12, 3):
        keep(two_tiers, {n: n for n in range(first, first + 3)})
        two_tiers.folding.fold(BTC, everything=True)
    unused = {path.name for path in folder.iterdir()} - {Path(file).name for file in files(lake)}
    assert unused
    clock.advance(DAY_MS / 1000)
    two_tiers.folding.tidy(BTC)
    assert unused < {path.name for path in folder.iterdir()}
    hasty = replace(SMALL, grace_hours=0.0)
    with Store.open(url, lake=str(lake), clock=clock, policy=hasty) as again:
        again.folding.tidy(BTC)
        assert unused < {path.name for path in folder.iterdir()}, "once a day is enough"
        clock.advance(DAY_MS / 1000)
        again.folding.tidy(BTC)
    assert {path.name for path in folder.iterdir()} == {Path(file).name for file in files(lake)}
    assert proven(two_tiers) == 12


def test_tidied_by_all(crowd: Crowd, url: str, tmp_path: Path) -> None:
    """Who deletes old entries and files does not trip up those who read and write meanwhile."""
    lake = str(tmp_path / "lake")
    assert crowd.all_at_once(at_once.keep_fold_and_tidy, url, lake, 6) == [6] * crowd.size
    with Store.open(url, lake=lake, policy=SMALL) as store:
        assert prices(store.candles.read(BTC)) == {n: n for n in range(6 * crowd.size)}
        assert proven(store) == 6 * crowd.size


@pytest.mark.parametrize("dead", [False, True], ids=["nothing else", "a file of the dead"])
def test_a_month_between(
    two_tiers: Store, tmp_path: Path, url: str, clock: FrozenClock, *, dead: bool
) -> None:
    """Who tidies after a month, and who has not looked since, go on from what is there now."""
    lake = tmp_path / "lake"
    table = lake / "binance" / "1h"
    keep(two_tiers, {n: n for n in range(9)})
    two_tiers.folding.fold(BTC, everything=True)
    with (
        Store.open(url, lake=str(lake), clock=clock, policy=SMALL) as busy,
        Store.open(url, lake=str(lake), clock=clock, policy=SMALL) as idle,
    ):
        for store, n in ((idle, 9), *((busy, n) for n in range(10, 20))):
            keep(store, {n: n})
            store.folding.fold(BTC, everything=True)
        clock.advance(DAY_MS / 1000)
        busy.folding.tidy(BTC)
        entries = list(table.glob("_delta_log/[0-9]*.json"))
        unnamed = table / "symbol=BTCUSDT" / "part-dead.zstd.parquet"
        if dead:
            unnamed.write_bytes(b"half")
        at_once.make_old(*table.glob("_delta_log/*"), *table.glob("*/part-dead*"))
        clock.advance(31 * DAY_MS / 1000)
        keep(busy, {20: 20})
        busy.folding.fold(BTC, everything=True)
        assert len(list(table.glob("_delta_log/[0-9]*.json"))) < len(entries) / 2
        assert not unnamed.exists()
        assert prices(idle.candles.read(BTC)) == {n: n for n in range(21)}
        for store, n in ((idle, 21), (busy, 22)):
            keep(store, {n: n})
            store.folding.fold(BTC, everything=True)
            assert proven(store) == n + 1


def test_opened_while_old_entries_go(two_tiers: Store, tmp_path: Path, url: str) -> None:
    """A checkpoint that somebody deletes between its being listed and read is no damage."""
    lake = tmp_path / "lake"
    for n in range(9):
        keep(two_tiers, {n: n})
        two_tiers.folding.fold(BTC, everything=True)
    log = lake / "binance" / "1h" / "_delta_log"
    (log / f"{0:020}.checkpoint.parquet").symlink_to("gone")
    with Store.open(url, lake=str(lake), policy=SMALL) as opened:
        assert prices(opened.candles.read(BTC)) == {n: n for n in range(9)}


def test_readers_see_each_candle_once(tmp_path: Path, url: str) -> None:
    """Whoever reads while candles are folded, compacted and deleted finds every one, once."""
    policy = replace(EVERYTHING, grace_hours=1.0)
    rounds = 12
    lake = str(tmp_path / "lake")
    with Store.open(url, lake=lake, policy=policy, clock=SystemClock()) as store:
        keep(store, {0: 0})

        def write() -> None:
            for n in range(1, rounds):
                keep(store, {3 * n + place: 3 * n + place for place in range(3)})
                store.folding.fold(BTC, everything=True)

        with ThreadPoolExecutor(1) as thread, Store.open(url, lake=lake) as reader:
            writing = thread.submit(write)
            while not writing.done():
                least = store.catalogue()[0].candles
                seen = [
                    list(prices(reader.candles.read(BTC))),
                    [ms // 3_600_000 for ms in reader.candles.opens(BTC)],
                    list(prices(reader.candles.read(BTC, last=least)))[-least:],
                ]
                whole = [0, *range(3, 3 * rounds)]
                assert all(hours == whole[: len(hours)] for hours in seen[:2])
                assert all(len(hours) >= least for hours in seen)
            writing.result()
        assert proven(store) == 3 * (rounds - 1) + 1
