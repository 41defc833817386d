"""Archive files that are wrong, incomplete, late or contradicted; and how they are kept."""

from __future__ import annotations

import threading
import time
from _thread import interrupt_main
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.backfill.downloads import AT_ONCE, Downloads
from chandlery.collect.backfill.filing import Filing
from chandlery.collect.backfill.pool import Pool
from chandlery.errors import NotPublished
from chandlery.exchanges.archive import ArchiveFile, Download
from chandlery.exchanges.binance_archive import span_from
from chandlery.store import Store
from tests.candles import market
from tests.collect.rehearsal import EARLY_FILES, EARLY_MS, SOL, Rehearsal
from tests.waiting import eventually

pytestmark = pytest.mark.slow  # many, which take long together

AUGUST, SEPTEMBER, FIRST_DAY = (f"SOLUSDT-1h-2020-{date}.zip" for date in ("08", "09", "10-01"))
SERIES: Final = Series.parse(SOL)


def recorded(desk: Rehearsal) -> set[str]:
    """The files of which candles are kept, by their bare names."""
    records = desk.keeper.store.archive.records(SERIES)
    return {record.path.rpartition("/")[2] for record in records}


def sources(desk: Rehearsal, day: str) -> set[str]:
    """Where the candles of a month or day came from."""
    whole = desk.keeper.store.candles.evidence(SERIES, Span(0, EARLY_MS))
    found = whole.filter(pl.col("open_time").dt.strftime("%Y-%m-%d").str.starts_with(day))
    assert not found.is_empty()
    return set(found["source"])


class TestWrong:
    """Files of which nothing may be kept."""

    @pytest.mark.parametrize("fault", ["checksum", "wrong-member", "garbage"])
    def test_month(self, desk: Rehearsal, fault: str) -> None:
        """A month that is wrong is replaced by its days, and the report says why."""
        desk.box.spoil_archive(fault, SEPTEMBER)  # type: ignore[arg-type]
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files) == (True, EARLY_FILES - 1 + 30)
        assert SEPTEMBER not in recorded(desk)
        assert "SOLUSDT-1h-2020-09-01.zip" in recorded(desk)
        assert report.differences[0].startswith(f"{SEPTEMBER} was not used, others were asked")
        assert "Archive files kept: 35, planned: 6." in report.differences
        assert sources(desk, "2020-09") == {"archive"}
        desk.assert_whole(SOL)

    @pytest.mark.parametrize("fault", ["checksum", "wrong-member", "garbage"])
    def test_month_and_day(self, desk: Rehearsal, fault: str) -> None:
        """A day that is wrong as well comes over REST."""
        for name in (SEPTEMBER, "SOLUSDT-1h-2020-09-10.zip"):
            desk.box.spoil_archive(fault, name)  # type: ignore[arg-type]
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files) == (True, EARLY_FILES - 1 + 29)
        assert sources(desk, "2020-09-10") == {"rest"}
        assert sources(desk, "2020-09-11") == {"archive"}
        desk.assert_whole(SOL)

    def test_all(self, desk: Rehearsal) -> None:
        """When every checksum is wrong, not one row of a file is kept, and REST has all."""
        desk.box.spoil_archive("checksum")
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files, report.pages) == (True, 0, 2)
        assert recorded(desk) == set()
        assert sources(desk, "2020") == {"rest"}
        desk.assert_whole(SOL)

    def test_healed(self, desk: Rehearsal) -> None:
        """A checksum that is wrong once is the fault of a cache: the second time counts."""
        desk.box.spoil_archive("checksum", SEPTEMBER, times=1)
        report = desk.keeper.backfill(SOL)
        assert (report.files, desk.fetched()[SEPTEMBER]) == (EARLY_FILES, 2)
        assert not any("was not used" in text for text in report.differences)


class TestIncomplete:
    """Files that lack rows, and files that lack."""

    def test_cut(self, desk: Rehearsal) -> None:
        """Rows that a month lacks are asked over REST, and found."""
        desk.box.spoil_archive("cut", SEPTEMBER)
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files, report.pages) == (True, EARLY_FILES, 2)
        assert sources(desk, "2020-09-05") == {"archive"}
        assert sources(desk, "2020-09-25") == {"rest"}
        desk.assert_whole(SOL)

    def test_cut_beside_a_wrong_one(self, desk: Rehearsal) -> None:
        """A month that was kept as it was is not fetched again because another one is wrong."""
        desk.box.spoil_archive("cut", SEPTEMBER)
        desk.box.spoil_archive("checksum", AUGUST)
        desk.keeper.backfill(SOL)
        assert desk.fetched()[SEPTEMBER] == 1
        assert "SOLUSDT-1h-2020-08-31.zip" in recorded(desk)
        # The days have what the month lacks.
        assert sources(desk, "2020-09-25") == {"archive"}
        desk.assert_whole(SOL)

    def test_cut_and_interrupted(self, desk: Rehearsal) -> None:
        """Nor when REST failed in between, although most of it is missing."""
        desk.box.spoil_archive("cut", "-1h-2020")

        def falls(_: object) -> None:
            desk.box.faults.always("reset", path="klines", service="binance")

        assert not desk.keeper.backfill(SOL, listener=falls).ok
        desk.box.faults.clear()
        assert desk.keeper.backfill(SOL).ok
        assert set(desk.fetched().values()) == {1}
        assert desk.fetched().total() >= EARLY_FILES
        desk.assert_whole(SOL)

    def test_missing(self, desk: Rehearsal) -> None:
        """A month that is not there comes as days, a day that is not there over REST."""
        for name in (SEPTEMBER, "SOLUSDT-1h-2020-09-10", FIRST_DAY):
            desk.box.spoil_archive("missing", name)
        plan = desk.keeper.plan(SOL)
        assert (len(plan.monthly), len(plan.daily)) == (1, 29 + 3)
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files) == (True, 33)
        assert sources(desk, "2020-09-10") == sources(desk, "2020-10-01") == {"rest"}
        desk.assert_whole(SOL)

    def test_late(self, desk: Rehearsal) -> None:
        """A checksum that is not there yet makes the file one of another time."""
        desk.box.spoil_archive("missing", f"{FIRST_DAY}.CHECKSUM")
        desk.keeper.backfill(SOL)
        assert FIRST_DAY not in recorded(desk)
        desk.assert_whole(SOL)

    def test_gone_since_listed(self, desk: Rehearsal) -> None:
        """A file that was listed and is not there any more is replaced like a wrong one."""

        def vanish(_: object) -> None:
            desk.box.spoil_archive("missing", FIRST_DAY)

        desk.box.faults.always("latency", path="10-01.zip", service="archive", seconds=0.6)
        report = desk.keeper.backfill(SOL, listener=vanish)
        assert report.ok
        assert sources(desk, "2020-10-01") == {"rest"}
        assert any(FIRST_DAY in text and "HTTP 404" in text for text in report.differences)
        desk.assert_whole(SOL)


class TestContradicted:
    """Files that say something else than REST."""

    def test_rest_was_first(self, desk: Rehearsal) -> None:
        """Candles that REST has given stay, and how many a file has otherwise is said."""
        desk.keeper.collect(SOL, since="2020-09-02", until="2020-09-12")
        desk.box.spoil_archive("disagree", SEPTEMBER)
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.contradicted) == (True, 10)
        assert report.kept.revised == 0
        assert report.differences[-1].startswith("10 candles of archive files differ")
        held, served = desk.held(SOL), desk.served(SOL)
        collected = pl.col("open_time").dt.date().is_between(date(2020, 9, 2), date(2020, 9, 11))
        assert held.filter(collected).equals(served.filter(collected))

    def test_file_was_first(self, desk: Rehearsal) -> None:
        """What a file gave first stands until REST is asked, whose word then counts."""
        desk.box.spoil_archive("disagree", SEPTEMBER)
        assert desk.keeper.backfill(SOL).contradicted == 0
        differing = desk.held(SOL).join(desk.served(SOL), on=desk.held(SOL).columns, how="anti")
        assert differing.height == 30
        exchange = desk.keeper.exchange("binance")
        page = exchange.oldest(SERIES, Span(EARLY_MS - 35 * DAY_MS, EARLY_MS), 1000)
        desk.keeper.store.candles.keep(page.candles, answered=None, source="rest")
        assert len(desk.keeper.store.candles.revisions(SERIES)) == 30
        desk.assert_whole(SOL)


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


class TestKeeping:
    """Large files, bounded memory, threads."""

    minutes: Final = Series.parse("binance:BTCUSDT:1m")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An empty store."""
        with Store.open(f"sqlite:///{tmp_path}/s.db", clock=FrozenClock(EARLY_MS)) as opened:
            yield opened

    def filing(self, shelf: Shelf, store: Store, *, batch: int) -> Filing:
        """What keeps the files of that archive, in batches of so many rows."""
        clock = FrozenClock(EARLY_MS)
        filing = Filing(self.minutes, shelf, store, clock, lambda *_: None)
        filing.rows_a_batch = batch
        return filing

    @pytest.mark.parametrize("rows", [10, 50, 100, 300, 1000])
    def test_batches(self, store: Store, rows: int) -> None:
        """However a file falls into batches, all of it is kept, and the file is recorded."""
        shelf = Shelf(market.frame(500), rows)
        done = self.filing(shelf, store, batch=100).run([shelf.file])
        assert (done.files, done.filed.kept.new) == (1, 500)
        [record] = store.archive.records(self.minutes)
        assert (record.path, record.candles) == (shelf.file.path, 500)
        assert store.candles.read(self.minutes).frame.equals(shelf.frame)
        assert store.prove(self.minutes).holds

    def test_stopped_in_a_file(self, store: Store) -> None:
        """What stops in the middle of a file leaves it for another time, whole."""
        shelf = Shelf(market.frame(500), 100)
        filing = self.filing(shelf, store, batch=1000)
        filing.advanced = stop
        with pytest.raises(KeyboardInterrupt):
            filing.run([shelf.file])
        assert (store.catalogue(), store.archive.records(self.minutes)) == ([], [])

    @pytest.mark.parametrize("batch", [150, 1000])
    def test_stopped_while_an_earlier_one_is_late(self, store: Store, batch: int) -> None:
        """What has come whole is kept, though one before it never came."""
        shelf = Shelf(market.frame(500), 100)
        late = [replace(shelf.file, path=f"{number}.zip") for number in range(AT_ONCE)]

        def press_ctrl_c() -> None:
            # All threads have begun, and the one that had the file goes on with another.
            eventually(lambda: len(shelf.asked) == AT_ONCE + 1)
            interrupt_main()
            time.sleep(0.5)  # in which it is heard
            shelf.freed.set()

        with ThreadPoolExecutor(1) as pool:
            pressing = pool.submit(press_ctrl_c)
            with pytest.raises(KeyboardInterrupt):
                self.filing(shelf, store, batch=batch).run([late[0], shelf.file, *late[1:]])
            pressing.result()
        [record] = store.archive.records(self.minutes)
        assert (record.path, record.candles) == (shelf.file.path, 500)
        assert store.candles.read(self.minutes).frame.equals(shelf.frame)
        assert store.prove(self.minutes).holds

    def test_a_thread_is_told_first(self, store: Store) -> None:
        """Where polars tells a thread of Ctrl-C before Python tells, no more files are begun."""
        shelf = Shelf(market.frame(500), 100, KeyboardInterrupt())
        more = [replace(shelf.file, path=f"{number}.zip") for number in range(AT_ONCE)]
        freeing = threading.Timer(1, shelf.freed.set)
        freeing.start()
        with pytest.raises(KeyboardInterrupt):
            self.filing(shelf, store, batch=1000).run([shelf.file, *more])
        freeing.join()
        assert len(shelf.asked) <= AT_ONCE
        assert (store.catalogue(), store.archive.records(self.minutes)) == ([], [])

    @pytest.mark.parametrize("times", [1, 2], ids=["by Python", "and by polars"])
    def test_stopped_while_the_last_is_kept(self, tmp_path: Path, times: int) -> None:
        """What stops the keeping of the last batch, told once or twice, leaves nothing out."""
        clock = StoppedClock(EARLY_MS)
        shelf = Shelf(market.frame(500), 100)
        with Store.open(f"sqlite:///{tmp_path}/s.db", clock=clock) as store:
            filing = self.filing(shelf, store, batch=1000)
            filing.advanced = lambda _rows, fetched, _at: setattr(
                clock, "left", times * bool(fetched)
            )
            with pytest.raises(KeyboardInterrupt):
                filing.run([shelf.file])
            assert len(store.archive.records(self.minutes)) == 1
            assert store.candles.read(self.minutes).frame.equals(shelf.frame)

    def test_kept_while_nothing_comes(self, store: Store) -> None:
        """What is whole is kept while the next file is long in coming."""
        shelf = Shelf(market.frame(500), 100)
        late = replace(shelf.file, path="late.zip")
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(self.filing(shelf, store, batch=1000).run, [shelf.file, late])
            eventually(lambda: store.archive.records(self.minutes))
            assert not doing.done()
            shelf.freed.set()
            assert list(doing.result().failures) == [late.path]

    def test_damaged_inside(self, store: Store) -> None:
        """A file that turns out to be damaged is not recorded, and what had come is dropped."""
        shelf = Shelf(market.frame(500), 100, NotPublished("gone in the middle"))
        done = self.filing(shelf, store, batch=1000).run([shelf.file])
        assert (done.files, list(done.failures)) == (0, [shelf.file.path])
        assert store.catalogue() == []

    def test_defects_are_raised(self, store: Store) -> None:
        """An error that is nobody's plan ends the backfill, and does not leave it waiting."""
        shelf = Shelf(market.frame(500), 100, ValueError("a defect"))
        with pytest.raises(ValueError, match="a defect"):
            self.filing(shelf, store, batch=1000).run([shelf.file])

    def test_leaving_early(self) -> None:
        """Who leaves in the middle of a file does not wait for the rest of it."""
        shelf = Shelf(market.frame(500), 1)
        with Downloads(shelf, self.minutes, [shelf.file]) as pieces:
            assert next(filter(None, pieces)).frame is not None
        assert not [one for one in threading.enumerate() if "chandlery-backfill" in one.name]

    def test_pool(self) -> None:
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
