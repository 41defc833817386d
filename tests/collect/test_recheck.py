"""Archive files that are published again: noticed by their headers, fetched, and revised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.sandbox import Sandbox
from chandlery.store import ArchiveRecord
from tests.collect.rehearsal import EARLY_FILES, EARLY_MS, LISTED_MS, SOL, Rehearsal, rehearsing

pytestmark = pytest.mark.slow  # many, which take long together

SERIES: Final = Series.parse(SOL)
SEPTEMBER: Final = "SOLUSDT-1h-2020-09.zip"
REVISED_MS: Final = 1_599_998_400_000
"""2020-09-13 12:00 UTC."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Rehearsal]:
    """A keeper that has the whole history of SOLUSDT, in front of an exchange of its own."""
    with Sandbox(now_ms=EARLY_MS) as box, rehearsing(box, tmp_path, now_ms=EARLY_MS) as opened:
        assert opened.keeper.backfill(SOL).ok
        opened.keeper.clock.sleep(60)
        box.requests.clear()
        yield opened


def record(desk: Rehearsal) -> ArchiveRecord:
    """What is known of the file of September."""
    records = desk.keeper.store.archive.records(SERIES)
    return next(one for one in records if one.path.endswith(SEPTEMBER))


def heads(desk: Rehearsal) -> int:
    """How many zips were asked after or for."""
    return len([one for one in desk.box.requests.log(".zip") if one.path.endswith(".zip")])


def test_nothing_new(desk: Rehearsal) -> None:
    """Where nothing was published again, every file is looked at once, and none is fetched."""
    done = desk.keeper.recheck_archive(SOL)
    assert (done.looked_at, done.reissued, done.gone, done.failures) == (EARLY_FILES, (), (), ())
    assert heads(desk) == EARLY_FILES
    assert desk.box.requests.count("CHECKSUM") == 0
    now_ms = desk.keeper.clock.now_ms()
    records = desk.keeper.store.archive.records(SERIES)
    assert {one.looked_ms for one in records} == {now_ms}
    assert now_ms not in {one.fetched_ms for one in records}


def test_reissued(desk: Rehearsal) -> None:
    """One file that is another now is fetched once; its one revised candle has two versions."""
    before = record(desk)
    old = desk.held(SOL)
    desk.box.revise("SOLUSDT", "1h", REVISED_MS)
    desk.box.spoil_archive("reissue", SEPTEMBER)
    done = desk.keeper.recheck_archive(SOL)
    assert done.reissued == (before.path,)
    assert (done.kept.revised, done.kept.new, done.contradicted) == (1, 0, 0)
    assert done.kept.unchanged == before.candles - 1
    # One look at each file, then the one file with its checksum.
    assert heads(desk) == EARLY_FILES + 1
    assert desk.box.requests.count("CHECKSUM") == 1
    after = record(desk)
    assert (after.etag != before.etag, after.sha256 != before.sha256) == (True, True)
    assert after.modified_ms > before.modified_ms
    revisions = desk.keeper.store.candles.revisions(SERIES)
    assert revisions["open_time"].dt.epoch("ms").to_list() == [REVISED_MS]
    kept = desk.held(SOL)
    changed = kept.join(old, on=kept.columns, how="anti")
    assert changed["open_time"].dt.epoch("ms").to_list() == [REVISED_MS]
    assert old.join(kept, on=kept.columns, how="anti")["volume"][0] == revisions["volume"][0]
    desk.assert_whole(SOL)
    assert desk.keeper.recheck_archive(SOL).reissued == ()


def test_reissued_without_a_change(desk: Rehearsal) -> None:
    """A file that has only a new date is fetched at most, and no candle is touched."""
    desk.box.spoil_archive("reissue", SEPTEMBER)
    done = desk.keeper.recheck_archive(SOL)
    assert (done.kept.revised, done.kept.new, done.failures) == (0, 0, ())
    assert len(desk.keeper.store.candles.revisions(SERIES)) == 0


def test_contradicting_rest(desk: Rehearsal) -> None:
    """A candle that REST has given stays as it is, and that the file has another is counted."""
    exchange = desk.keeper.exchange("binance")
    page = exchange.newest(SERIES, 1, before_ms=REVISED_MS + 1)
    desk.box.revise("SOLUSDT", "1h", REVISED_MS)
    again = exchange.newest(SERIES, 1, before_ms=REVISED_MS + 1)
    for one in (again, page):
        desk.keeper.store.candles.keep(one.candles, answered=None, source="rest")
    desk.box.spoil_archive("reissue", SEPTEMBER)
    done = desk.keeper.recheck_archive(SOL)
    assert (done.kept.revised, done.contradicted) == (0, 1)
    held = desk.held(SOL)
    [volume] = held.filter(held["open_time"].dt.epoch("ms") == REVISED_MS)["volume"]
    assert volume == page.candles.frame["volume"][0] != again.candles.frame["volume"][0]


def test_gone(desk: Rehearsal) -> None:
    """A file that the archive has no more is named, and its candles stay."""
    desk.box.spoil_archive("missing", SEPTEMBER)
    done = desk.keeper.recheck_archive(SOL)
    assert (done.gone, done.reissued) == ((record(desk).path,), ())
    desk.assert_whole(SOL)


@pytest.mark.parametrize("fault", ["checksum", "garbage"])
def test_reissued_and_wrong(desk: Rehearsal, fault: str) -> None:
    """A new version that cannot be verified is told, and changes nothing; later it is fetched."""
    before = record(desk)
    desk.box.revise("SOLUSDT", "1h", REVISED_MS)
    desk.box.spoil_archive("reissue", SEPTEMBER)
    desk.box.spoil_archive(fault, SEPTEMBER)  # type: ignore[arg-type]
    done = desk.keeper.recheck_archive(SOL)
    assert (done.reissued, done.kept.revised, len(done.failures)) == ((), 0, 1)
    assert done.failures[0].startswith(before.path)
    assert record(desk).sha256 == before.sha256
    desk.box.archive_faults.clear(fault)
    assert desk.keeper.recheck_archive(SOL).kept.revised == 1
    desk.assert_whole(SOL)


def test_archive_is_away(desk: Rehearsal) -> None:
    """What could not be looked at is told, file by file, and the candles stay."""
    with desk.box.unreachable("archive"):
        done = desk.keeper.recheck_archive(SOL)
    assert (done.looked_at, len(done.failures), done.gone) == (EARLY_FILES, EARLY_FILES, ())
    desk.assert_whole(SOL)


def test_nothing_kept(desk: Rehearsal) -> None:
    """A series without files has nothing to look at."""
    done = desk.keeper.recheck_archive("binance:SOLUSDT:1w")
    assert (done.looked_at, heads(desk)) == (0, 0)
    assert LISTED_MS % HOUR_MS == 0
