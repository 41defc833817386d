"""Archive files that are wrong, incomplete, late or contradicted."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl
import pytest

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from tests.collect.rehearsal import EARLY_FILES, EARLY_MS, SOL, Rehearsal

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
