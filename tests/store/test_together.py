"""Many processes and threads use one store at once, on every engine."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from chandlery.candles.interval import HOUR_MS
from chandlery.store import Kept, Store
from tests.store import crowd as at_once
from tests.store.crowd import Crowd
from tests.store.pages import BTC, hours, page, prices

FORK = """
import os, sys
from chandlery.store import RunRecord, Store

store = Store.open(sys.argv[1])
store.catalogue()
child = os.fork()
for number in range(20):
    store.runs.keep(RunRecord(f"{child != 0}-{number}", "x", number, None, "done", "{}"))
if child == 0:
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_fresh_store_opened_by_all(crowd: Crowd, url: str) -> None:
    """Processes that find no store make it once, and all of them can use it."""
    assert crowd.all_at_once(at_once.open_store, url) == [[]] * crowd.size


def test_the_same_page_kept_by_all(crowd: Crowd, url: str) -> None:
    """Each candle is new to exactly one process; nothing is doubled; the counters are exact."""
    rows = {hour: hour for hour in range(300)}
    kept = crowd.all_at_once(at_once.keep_same, url, rows, hours(0, 300))
    assert sum(kept, Kept()) == Kept(new=300, unchanged=300 * (crowd.size - 1))
    with Store.open(url) as store:
        assert prices(store.candles.read(BTC)) == rows
        assert store.ledger.answered(BTC) == [hours(0, 300)]
        (held,) = store.catalogue()
    assert (held.candles, held.first_ms, held.last_ms) == (300, 0, 299 * HOUR_MS)


def test_one_candle_kept_differently_by_all(crowd: Crowd, url: str) -> None:
    """Every version survives: one as the candle, the others as its revisions."""
    crowd.all_at_once(at_once.keep_own_price, url, 7)
    with Store.open(url) as store:
        versions = [*store.candles.revisions(BTC)["open"], prices(store.candles.read(BTC))[7]]
        assert sorted(versions) == list(range(crowd.size))
        assert store.catalogue()[0].revisions == crowd.size - 1


def test_own_series_kept_by_all(crowd: Crowd, url: str) -> None:
    """Writers of different series wait for each other instead of failing."""
    assert crowd.all_at_once(at_once.keep_own_series, url, 20) == [20] * crowd.size
    with Store.open(url) as store:
        assert [held.candles for held in store.catalogue()] == [20] * crowd.size


def test_one_claim_among_all(crowd: Crowd, url: str) -> None:
    """Permission for the next call is given to one process per period."""
    assert sum(crowd.all_at_once(at_once.claim, url, 1_000_000)) == 1
    assert sum(crowd.all_at_once(at_once.claim, url, 1_060_000)) == 1


def test_symbols_kept_by_all(crowd: Crowd, url: str) -> None:
    """One list wins, whole."""
    crowd.all_at_once(at_once.keep_symbols, url, "binance")
    with Store.open(url) as store:
        kept = store.symbols.read("binance")
    assert kept is not None
    assert [info.symbol.startswith("COIN") for info in kept[0]] == [True] * 50 + [False]


def test_threads_share_a_store(store: Store) -> None:
    """Eight threads keep pages that overlap, and read in between; the sum is exact."""

    def keep(start: int) -> int:
        rows = {hour: hour for hour in range(start, start + 20)}
        new = store.candles.keep(page(rows), answered=None, source="rest").new
        assert len(store.candles.read(BTC, last=20)) == 20
        return new

    with ThreadPoolExecutor(8) as threads:
        new = list(threads.map(keep, range(0, 160, 10)))
    assert sum(new) == store.catalogue()[0].candles == 170


def test_a_fork_opens_its_own_connections(url: str, shared: Store) -> None:
    """A worker forked after the store was opened does not disturb its parent, nor it the worker."""
    ran = subprocess.run(
        [sys.executable, "-c", FORK, url], check=False, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {run.id for run in shared.runs.latest(None, 100)} == {
        f"{parent}-{number}" for parent in (True, False) for number in range(20)
    }
