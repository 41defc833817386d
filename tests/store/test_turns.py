"""Writers of one process: they queue for their turn, and say how long what they write must last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chandlery.candles.series import Series
from chandlery.store import Finished, RunRecord, Store
from chandlery.store.sql.database import Database
from tests.store.pages import page

THREADS = 8
PAGES = 15


def test_threads_take_turns(shared: Store) -> None:
    """Threads that all write at once lose nothing, and the counters are exact."""

    def write(number: int) -> None:
        series = Series.parse(f"binance:C{number}USDT:1h")
        for hour in range(PAGES):
            shared.candles.keep(page({hour: hour}, series=series), answered=None, source="rest")
            name = str(series)
            run = RunRecord(f"{number}-{hour}", name, hour, hour, "done", "{}")
            assert shared.jobs.hold(name, "me", now_ms=hour, until_ms=hour + 1000)
            shared.jobs.finish(Finished(run, tallies={("candles", "new"): 1}))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(write, range(THREADS)))
    assert [line.candles for line in shared.catalogue()] == [PAGES] * THREADS
    assert shared.jobs.tallies() == {("candles", "new"): THREADS * PAGES}
    assert {state.started_ms for state in shared.jobs.states().values()} == {PAGES - 1}


@pytest.mark.parametrize(("lasting", "expected"), [(True, {"2", "on"}), (False, {"1", "off"})])
def test_how_long_it_lasts(url: str, *, lasting: bool, expected: set[str]) -> None:
    """Only what must outlive a power cut waits for the disk."""
    database = Database.open(url)
    asked = "PRAGMA synchronous" if database.backend.one_writer else "SHOW synchronous_commit"
    with database.writing(lasting=not lasting):
        pass
    with database.writing(lasting=lasting) as conn:
        assert str(conn.exec_driver_sql(asked).scalar_one()) in expected
    database.close()


def test_last_opens(store: Store) -> None:
    """The newest closed candles' open times come ascending, without what still forms."""
    series = Series.parse("binance:BTCUSDT:1h")
    assert store.candles.last_opens(series, 3) == []
    rows = dict.fromkeys((1, 2, 4, 5), 1)
    store.candles.keep(page(rows, unfinished=1, series=series), answered=None, source="rest")
    hour_ms = 3_600_000
    assert store.candles.last_opens(series, 2) == [2 * hour_ms, 4 * hour_ms]
    assert store.candles.last_opens(series, 9) == [hour_ms, 2 * hour_ms, 4 * hour_ms]
