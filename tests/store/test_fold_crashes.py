"""A process that is killed at any moment loses nothing that it had acknowledged."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chandlery.candles.frame import Candles
from chandlery.store import Store, sqlite_url
from tests.store.eager import SMALL
from tests.store.lakes import in_files, proven
from tests.store.pages import BTC, hours, page, prices
from tests.torture.lengths import AT_FULL_LENGTH

pytestmark = pytest.mark.slow  # each starts processes

ROOT = Path(__file__).parents[2]
DYING = """
import os, sys
from chandlery.store import Store
from chandlery.store.lake.cold import Cold
from chandlery.store.sql.database import Database
from chandlery.clock import FrozenClock
from tests.store.eager import SMALL
from tests.store.lakes import file_of
from tests.store.pages import BTC, page

class Dying(Cold):
    def put(self, *args):
        super().put(*args)
        os._exit(9)

url, lake, what = sys.argv[1:]
store = Store(Database.open(url), FrozenClock(2_000_000), Dying(lake), SMALL)
if what == "fold":
    store.folding.fold(BTC, everything=True)
else:
    candles = page({n: n for n in range(5, 15)})
    store.archive.keep(BTC, candles.frame, [file_of(candles)])
"""


def dies(url: str, lake: Path, what: str) -> None:
    """Let a process die between the lake and the database."""
    command = [sys.executable, "-c", DYING, url, str(lake), what]
    ran = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (9, b"")


def test_dead_while_folding(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """Candles that stand in both tiers are the same; the next fold finishes."""
    rows = {n: n for n in range(9)}
    two_tiers.candles.keep(page(rows), answered=None, source="rest")
    dies(url, tmp_path / "lake", "fold")
    assert prices(two_tiers.candles.read(BTC)) == rows
    assert proven(two_tiers) == 9
    assert in_files(tmp_path / "lake") == list(range(5))
    two_tiers.folding.fold(BTC, everything=True)
    assert in_files(tmp_path / "lake") == list(range(7))
    assert proven(two_tiers) == 9


def test_dead_while_filing(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """Candles of a file that were not entered are not there; the next try enters them."""
    dies(url, tmp_path / "lake", "file")
    assert proven(two_tiers) == 0
    dies(url, tmp_path / "lake", "file")
    assert len(two_tiers.candles.read(BTC)) == 0
    candles = page({n: n for n in range(5, 15)})
    assert two_tiers.archive.keep(BTC, candles.frame, []).kept.new == 10
    assert prices(two_tiers.candles.read(BTC)) == {n: n for n in range(5, 15)}
    assert proven(two_tiers) == 10


def test_folded_over_a_dead_file(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """A fold across what a dead process has left lets it count, once."""
    dies(url, tmp_path / "lake", "file")
    two_tiers.candles.keep(page({n: n for n in (1, 6, 20, 21, 22)}), answered=None, source="rest")
    assert proven(two_tiers) == 5
    two_tiers.folding.fold(BTC, everything=True)
    assert prices(two_tiers.candles.read(BTC)) == {n: n for n in (1, *range(5, 15), 20, 21, 22)}
    assert proven(two_tiers) == 14
    assert two_tiers.catalogue()[0].candles == 14


def test_dead_before_the_ledger(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """Candles that count are not called empty, though their file was never written down."""
    two_tiers.candles.keep(Candles(BTC), answered=hours(0, 30), source="rest")
    dies(url, tmp_path / "lake", "file")
    candles = page({n: n for n in (1, 20, 21, 22)})
    two_tiers.candles.keep(candles, answered=None, source="file")
    two_tiers.folding.fold(BTC, everything=True)
    assert proven(two_tiers) == 14
    stored = [one for one in two_tiers.ledger.entries(BTC) if one.source == "archive"]
    assert [(one.state, one.span) for one in stored] == [("stored", hours(5, 15))]


def test_dead_while_filing_into_a_fold(two_tiers: Store, url: str, tmp_path: Path) -> None:
    """A file whose candles fall among folded ones is entered whole or not at all."""
    rows = {n: n for n in (1, 6, 20, 21, 22)}
    two_tiers.candles.keep(page(rows), answered=None, source="rest")
    two_tiers.folding.fold(BTC, everything=True)
    candles = page({n: n for n in range(5, 30)})
    command = DYING.replace("range(5, 15)", "range(5, 30)")
    subprocess.run(
        [sys.executable, "-c", command, url, str(tmp_path / "lake"), "file"],
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert proven(two_tiers) == 5
    two_tiers.archive.keep(BTC, candles.frame, [])
    assert prices(two_tiers.candles.read(BTC)) == {n: n for n in (1, *range(5, 30))}
    assert proven(two_tiers) == 26


def killed(url: str, lake: Path, seed: int, seconds: float) -> set[int]:
    """The hours that a process had acknowledged when it was killed."""
    command = [sys.executable, "-m", "tests.store.folding_victim", url, str(lake), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()  # it works
        timer = threading.Timer(seconds, victim.kill)
        timer.start()
        *whole, last = [first, *victim.stdout.readlines()]
        said = [*whole, last] if last.endswith("\n") else whole
    assert victim.returncode == -signal.SIGKILL
    return {int(hour) for line in said for hour in line.split()}


def survived(store: Store, acknowledged: set[int]) -> None:
    """Everything acknowledged is there once, and the store agrees with itself."""
    read = list(prices(store.candles.read(BTC)))
    assert acknowledged <= set(read)
    assert read == sorted(set(read))
    assert proven(store) == len(read)


@pytest.mark.parametrize(
    ("engine", "seed"),
    [
        ("sqlite", 20171106),
        ("postgres", 20180208),
        pytest.param("sqlite", 20180208, marks=AT_FULL_LENGTH),
        pytest.param("postgres", 20171106, marks=AT_FULL_LENGTH),
    ],
)
def test_killed_at_any_moment(
    engine: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """After each of many kills all acknowledged candles are there, and the next run finishes."""
    postgres = engine == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else sqlite_url(tmp_path / "store")
    lake = tmp_path / "lake"
    chance = random.Random(seed)  # noqa: S311  nobody has to guess it
    acknowledged: set[int] = set()
    for number in range(8):
        acknowledged |= killed(url, lake, seed + number, chance.uniform(0.05, 0.6))
        with Store.open(url, lake=str(lake), policy=SMALL) as store:
            survived(store, acknowledged)
    with Store.open(url, lake=str(lake), policy=SMALL) as store:
        store.folding.fold(BTC, everything=True)
        survived(store, acknowledged)
    folded = in_files(lake)
    assert folded == sorted(set(folded))
