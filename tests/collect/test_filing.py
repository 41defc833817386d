"""Archive files on their way into the store: batches, bounded memory, threads, Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.collect.backfill.downloads import AT_ONCE, Downloads
from chandlery.collect.backfill.filing import Filing
from chandlery.collect.pool import Pool
from chandlery.errors import NotPublished
from chandlery.exchanges.archive import ArchiveFile, Download
from chandlery.exchanges.binance_archive import span_from
from chandlery.store import Store
from tests.candles import market
from tests.collect.rehearsal import EARLY_MS
from tests.waiting import eventually

pytestmark = pytest.mark.slow  # many, which take long together

MINUTES: Final = Series.parse("binance:BTCUSDT:1m")


class Shelf:
    """An archive of one file whose rows come in slices; or of one that cannot be read.

    Any other file is long in coming, and then is not there.
    """

    name = "binance"

    def __init__(self, frame: pl.DataFrame, rows: int, error: BaseException | None = None) -> None:
        start_ms = int(frame["open_time"].dt.epoch("ms")[0])
        span = span_from(start_ms - start_ms % DAY_MS, "daily")
        self.file = ArchiveFile("SOL-2020.zip", "daily", span, 100, "etag", 1)
        self.frame = frame
        self.rows = rows
        self.error = error
        self.freed = threading.Event()
        self.asked: list[str] = []

    def files(self, series: Series, *, days_from_ms: int | None = None) -> list[ArchiveFile]:
        """The one."""
        del series, days_from_ms
        return [self.file]

    @contextmanager
    def fetch(self, file: ArchiveFile, series: Series) -> Iterator[Download]:
        """Its rows."""
        del series
        self.asked.append(file.path)
        if file.path != self.file.path:
            self.freed.wait(60)
            raise NotPublished(file.path)
        yield Download(file, "0" * 64, 100, self._slices())

    def _slices(self) -> Iterator[pl.DataFrame]:
        yield from self.frame.iter_slices(self.rows)
        if self.error is not None:
            raise self.error

    def look(self, file: ArchiveFile) -> ArchiveFile:
        """Never published."""
        raise NotPublished(file.path)

    def url(self, file: ArchiveFile) -> str:
        """Nowhere."""
        return f"http://127.0.0.1/{file.path}"

    def close(self) -> None:
        """Nothing is open."""


def stop(*_: int) -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """A program that heeds Ctrl-C, though one that runs in the background need not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class StoppedClock(FrozenClock):
    """A clock that is asked at the very moment of a Ctrl-C."""

    left = 0
    """So often it is told of."""

    def now_ms(self) -> int:
        """Raises `KeyboardInterrupt` as often as it is to."""
        if self.left:
            self.left -= 1
            stop()
        return super().now_ms()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/s.db", clock=FrozenClock(EARLY_MS)) as opened:
        yield opened


def filing_of(shelf: Shelf, store: Store, *, batch: int) -> Filing:
    """What keeps the files of that archive, in batches of so many rows."""
    clock = FrozenClock(EARLY_MS)
    filing = Filing(MINUTES, shelf, store, clock, lambda *_: None)
    filing.rows_a_batch = batch
    return filing


@pytest.mark.parametrize("rows", [10, 50, 100, 300, 1000])
def test_batches(store: Store, rows: int) -> None:
    """However a file falls into batches, all of it is kept, and the file is recorded."""
    shelf = Shelf(market.frame(500), rows)
    done = filing_of(shelf, store, batch=100).run([shelf.file])
    assert (done.files, done.filed.kept.new) == (1, 500)
    [record] = store.archive.records(MINUTES)
    assert (record.path, record.candles) == (shelf.file.path, 500)
    assert store.candles.read(MINUTES).frame.equals(shelf.frame)
    assert store.prove(MINUTES).holds


def test_stopped_in_a_file(store: Store) -> None:
    """What stops in the middle of a file leaves it for another time, whole."""
    shelf = Shelf(market.frame(500), 100)
    filing = filing_of(shelf, store, batch=1000)
    filing.advanced = stop
    with pytest.raises(KeyboardInterrupt):
        filing.run([shelf.file])
    assert (store.catalogue(), store.archive.records(MINUTES)) == ([], [])


@pytest.mark.usefixtures("heeding_ctrl_c")
@pytest.mark.parametrize("batch", [150, 1000])
def test_stopped_while_an_earlier_one_is_late(store: Store, batch: int) -> None:
    """What has come whole is kept, though one before it never came."""
    shelf = Shelf(market.frame(500), 100)
    late = [replace(shelf.file, path=f"{number}.zip") for number in range(AT_ONCE)]

    def press_ctrl_c() -> None:
        # All threads have begun, and the one that had the file goes on with another.
        eventually(lambda: len(shelf.asked) == AT_ONCE + 1)
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.5)  # in which it is heard
        shelf.freed.set()

    with ThreadPoolExecutor(1) as pool:
        pressing = pool.submit(press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            filing_of(shelf, store, batch=batch).run([late[0], shelf.file, *late[1:]])
        pressing.result()
    [record] = store.archive.records(MINUTES)
    assert (record.path, record.candles) == (shelf.file.path, 500)
    assert store.candles.read(MINUTES).frame.equals(shelf.frame)
    assert store.prove(MINUTES).holds


def test_a_thread_is_told_first(store: Store) -> None:
    """Where polars tells a thread of Ctrl-C before Python tells, no more files are begun."""
    shelf = Shelf(market.frame(500), 100, KeyboardInterrupt())
    more = [replace(shelf.file, path=f"{number}.zip") for number in range(AT_ONCE)]
    freeing = threading.Timer(1, shelf.freed.set)
    freeing.start()
    with pytest.raises(KeyboardInterrupt):
        filing_of(shelf, store, batch=1000).run([shelf.file, *more])
    freeing.join()
    assert len(shelf.asked) <= AT_ONCE
    assert (store.catalogue(), store.archive.records(MINUTES)) == ([], [])


@pytest.mark.parametrize("times", [1, 2], ids=["by Python", "and by polars"])
def test_stopped_while_the_last_is_kept(tmp_path: Path, times: int) -> None:
    """What stops the keeping of the last batch, told once or twice, leaves nothing out."""
    clock = StoppedClock(EARLY_MS)
    shelf = Shelf(market.frame(500), 100)
    with Store.open(f"sqlite:///{tmp_path}/s.db", clock=clock) as store:
        filing = filing_of(shelf, store, batch=1000)
        filing.advanced = lambda _rows, fetched, _at: setattr(clock, "left", times * bool(fetched))
        with pytest.raises(KeyboardInterrupt):
            filing.run([shelf.file])
        assert len(store.archive.records(MINUTES)) == 1
        assert store.candles.read(MINUTES).frame.equals(shelf.frame)


def test_kept_while_nothing_comes(store: Store) -> None:
    """What is whole is kept while the next file is long in coming."""
    shelf = Shelf(market.frame(500), 100)
    late = replace(shelf.file, path="late.zip")
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(filing_of(shelf, store, batch=1000).run, [shelf.file, late])
        eventually(lambda: store.archive.records(MINUTES))
        assert not doing.done()
        shelf.freed.set()
        assert list(doing.result().failures) == [late.path]


def test_damaged_inside(store: Store) -> None:
    """A file that turns out to be damaged is not recorded, and what had come is dropped."""
    shelf = Shelf(market.frame(500), 100, NotPublished("gone in the middle"))
    done = filing_of(shelf, store, batch=1000).run([shelf.file])
    assert (done.files, list(done.failures)) == (0, [shelf.file.path])
    assert store.catalogue() == []


def test_defects_are_raised(store: Store) -> None:
    """An error that is nobody's plan ends the backfill, and does not leave it waiting."""
    shelf = Shelf(market.frame(500), 100, ValueError("a defect"))
    with pytest.raises(ValueError, match="a defect"):
        filing_of(shelf, store, batch=1000).run([shelf.file])


def test_leaving_early() -> None:
    """Who leaves in the middle of a file does not wait for the rest of it."""
    shelf = Shelf(market.frame(500), 1)
    with Downloads(shelf, MINUTES, [shelf.file]) as pieces:
        assert next(filter(None, pieces)).frame is not None
    assert not [one for one in threading.enumerate() if "chandlery-backfill" in one.name]


def test_pool() -> None:
    """A pool does its work in order, hands on what is raised, and drops what has not begun."""
    begun, freed = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return freed.wait(10)

    with Pool(1, "chandlery-test") as pool:
        assert pool.submit(int, "7").result(5) == 7
        with pytest.raises(ValueError, match="invalid literal"):
            pool.submit(int, "x").result(5)
        first, second = pool.submit(wait), pool.submit(int, "8")
        assert begun.wait(5)
        threading.Timer(0.2, freed.set).start()
    assert first.result(5)
    assert second.cancelled()
