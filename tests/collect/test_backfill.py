"""A whole history comes in: candle by candle what the exchange has, from files and over REST."""

from __future__ import annotations

from pathlib import Path

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.collect import Progress
from chandlery.errors import Blocked, Unreachable
from chandlery.sandbox import Sandbox
from chandlery.store import Entry
from tests.collect.rehearsal import EARLY_FILES, EARLY_MS, LISTED_MS, SOL, Rehearsal, rehearsing

pytestmark = pytest.mark.slow  # many, which take long together

CLOSED_MS = EARLY_MS - EARLY_MS % HOUR_MS
TODAY_MS = EARLY_MS - EARLY_MS % DAY_MS
ENDED_MS = 1_708_398_000_000
"""2024-02-20 03:00 UTC: when XMRUSDT ended."""


def entries(desk: Rehearsal, state: str) -> list[Entry]:
    """The ledger's entries of one state."""
    found = desk.keeper.store.ledger.entries(Series.parse(SOL))
    return [entry for entry in found if entry.state == state]


class Falling:
    """A listener that breaks REST when the first candles have come."""

    def __init__(self, box: Sandbox, fault: str) -> None:
        self.box = box
        self.fault = fault
        self.heard = 0

    def __call__(self, _: Progress) -> None:
        """Break it once."""
        self.heard += 1
        if self.heard == 1:
            self.box.faults.always(self.fault, path="klines", service="binance")  # type: ignore[arg-type]


class TestWhole:
    """What ends in the store is what the exchange has."""

    @pytest.mark.parametrize("lake", ["", "none"])
    def test_tiers(self, box: Sandbox, tmp_path: Path, lake: str) -> None:
        """With a lake the files' candles go there, and without one all stay in SQL."""
        with rehearsing(box, tmp_path, now_ms=EARLY_MS, lake_url=lake) as desk:
            report = desk.keeper.backfill(SOL)
            assert (report.ok, report.files) == (True, EARLY_FILES)
            desk.assert_whole(SOL)
            store = desk.keeper.store
            held = store.candles.read(Series.parse(SOL)).frame
            assert (tmp_path / "lake").exists() == (not lake)
            assert held.height == report.kept.new

    def test_files_are_recorded(self, desk: Rehearsal) -> None:
        """Of every file it is known where it came from, what it was and what was in it."""
        report = desk.keeper.backfill(SOL)
        records = desk.keeper.store.archive.records(Series.parse(SOL))
        assert [one.path for one in records] == [file.path for file in report.plan.files]
        for record, file in zip(records, report.plan.files, strict=True):
            assert record.url == f"{desk.box.archive_url}/{file.path}"
            assert (record.etag, record.size) == (file.etag, file.size)
            assert (record.modified_ms, record.span) == (file.modified_ms, file.span)
            assert len(record.sha256) == 64
        held = desk.held(SOL)["open_time"].dt.epoch("ms")
        counted = sum(one.candles for one in records)
        assert counted == held.filter(held < TODAY_MS).len() == 1_672 - 15 * 24

    def test_evidence(self, desk: Rehearsal) -> None:
        """The ledger has what the files had, what REST gave, and the outage as empty."""
        desk.keeper.backfill(SOL)
        before, outage = entries(desk, "empty")
        assert before.span == Span(0, LISTED_MS)
        assert (outage.span.end - outage.span.start, outage.source) == (2 * HOUR_MS, "rest")
        stored = entries(desk, "stored")
        assert stored[0].span.start == LISTED_MS
        assert CLOSED_MS - HOUR_MS < stored[-1].span.end <= CLOSED_MS
        assert entries(desk, "failed") == []

    @pytest.mark.parametrize("interval", ["15m", "4h"])
    def test_intervals(self, desk: Rehearsal, interval: str) -> None:
        """Shorter and longer intervals are as whole."""
        name = f"binance:SOLUSDT:{interval}"
        desk.keeper.backfill(name)
        desk.assert_whole(name)

    def test_seconds(self, desk: Rehearsal) -> None:
        """Two hours of seconds come over REST, in pages."""
        since, until = TODAY_MS, TODAY_MS + 2 * HOUR_MS
        report = desk.keeper.backfill("binance:SOLUSDT:1s", since=since, until=until)
        assert (report.files, report.pages, report.kept.new) == (0, 8, 7_200)
        # For so little no list of files is asked for.
        assert {seen.service for seen in desk.box.requests.log()} == {"binance"}
        assert report.differences == ()
        assert desk.keeper.plan("binance:SOLUSDT:1s", since=since, until=until).is_held
        assert desk.keeper.prove("binance:SOLUSDT:1s").holds

    def test_seconds_of_a_day(self, box: Sandbox, tmp_path: Path) -> None:
        """A day of seconds comes as a file."""
        since = LISTED_MS - LISTED_MS % DAY_MS + DAY_MS
        with rehearsing(box, tmp_path, now_ms=since + 36 * HOUR_MS) as desk:
            until = since + DAY_MS
            report = desk.keeper.backfill("binance:SOLUSDT:1s", since=since, until=until)
            assert (report.files, report.pages, report.kept.new) == (1, 0, 86_400)

    def test_futures(self, desk: Rehearsal) -> None:
        """Files of USD-M futures, which have a header, and their REST."""
        name = "binance-um:SOLUSDT:1h"
        plan = desk.keeper.plan(name)
        report = desk.keeper.backfill(name)
        assert report.files == len(plan.files) > 5
        assert all("futures/um" in file.path for file in plan.files)
        assert len(desk.held(name)) == report.kept.new
        assert desk.held(name).equals(desk.served(name))
        assert desk.box.requests.count("/api/v3/klines") == 0

    @pytest.mark.slow
    def test_microseconds(self, box: Sandbox, tmp_path: Path) -> None:
        """Files from 2025 on, whose times are in microseconds, give the same candles as REST."""
        now_ms = 1_738_405_800_000
        with rehearsing(box, tmp_path, now_ms=now_ms) as desk:
            report = desk.keeper.backfill("binance:BTCUSDT:4h", since="2024-12-01")
            assert (len(report.plan.monthly), len(report.plan.daily)) == (1, 31)
            held = desk.held("binance:BTCUSDT:4h")
            served = desk.served("binance:BTCUSDT:4h", until_ms=now_ms)
            assert held.equals(served.tail(held.height))
            assert held.height == 62 * 6 + 2

    @pytest.mark.slow
    def test_delisted(self, box: Sandbox, tmp_path: Path) -> None:
        """A symbol that has ended is collected to its last candle; the rest is after delisting."""
        now_ms = ENDED_MS + 40 * DAY_MS
        name = "binance:XMRUSDT:1h"
        with rehearsing(box, tmp_path, now_ms=now_ms) as desk:
            report = desk.keeper.backfill(name, since="2024-01-01")
            assert (report.ok, len(report.plan.monthly)) == (True, 2)
            held = desk.held(name)
            assert held.equals(desk.served(name, until_ms=now_ms).tail(held.height))
            assert int(held["open_time"].dt.epoch("ms")[-1]) == ENDED_MS - HOUR_MS
            after = [gap for gap in desk.keeper.gaps(name) if gap.span.start >= ENDED_MS]
            assert {gap.reason for gap in after} == {"after delisting"}
            assert sum(gap.candles or 0 for gap in after) == 40 * 24
            assert desk.keeper.plan(name, since="2024-01-01").files == ()

    def test_collected_before(self, box: Sandbox, tmp_path: Path) -> None:
        """What a collection has got already stays, and only the rest is fetched."""
        with rehearsing(box, tmp_path) as desk:
            collected = desk.keeper.collect(SOL, last=100)
            report = desk.keeper.backfill(SOL)
            assert report.kept.new == len(desk.held(SOL)) - collected.kept.new
            # Of the days that were collected whole no file is needed.
            assert len(report.plan.daily) == 15
            desk.assert_whole(SOL)

    def test_collected_while_it_runs(self, desk: Rehearsal) -> None:
        """A collection in the middle of a backfill is in nobody's way."""
        collected: list[int] = []

        def listener(progress: Progress) -> None:
            if not collected and progress.candles > 1_000:
                collected.append(desk.keeper.collect(SOL, last=300).kept.new)

        report = desk.keeper.backfill(SOL, listener=listener)
        assert (report.ok, len(collected)) == (True, 1)
        assert collected[0] > 0
        desk.assert_whole(SOL)

    def test_run_is_written_down(self, desk: Rehearsal) -> None:
        """The store has a run of it, good or bad."""
        desk.keeper.backfill(SOL)
        [run] = desk.keeper.store.runs.latest(None, 5)
        assert (run.series, run.outcome) == (SOL, "done")


class TestProgress:
    """What a listener is told."""

    def test_grows(self, desk: Rehearsal) -> None:
        """Candles, bytes, share and date only grow, and end where the work ends."""
        heard: list[Progress] = []
        report = desk.keeper.backfill(SOL, listener=heard.append)
        for name in ("candles", "requests", "fetched_bytes", "share", "reached_ms"):
            told = [getattr(one, name) for one in heard]
            assert told == sorted(told), name
        assert heard[0].share < 0.5
        assert 0.99 < heard[-1].share <= 1
        assert heard[-1].candles == report.kept.new
        assert heard[-1].fetched_bytes == report.fetched_bytes
        assert CLOSED_MS - HOUR_MS <= heard[-1].reached_ms <= CLOSED_MS

    def test_over_rest(self, desk: Rehearsal) -> None:
        """Pages that come side by side tell of a date that never goes back."""
        heard: list[Progress] = []
        since = TODAY_MS - 20 * DAY_MS
        desk.box.spoil_archive("missing")
        desk.keeper.backfill("binance:SOLUSDT:1m", since=since, listener=heard.append)
        reached = [one.reached_ms for one in heard]
        assert reached == sorted(reached)
        assert len(heard) > 25
        assert heard[-1].fetched_bytes == 0


class TestFailures:
    """The network fails, wholly or in part."""

    def test_archive_is_away(self, desk: Rehearsal) -> None:
        """Without its archive all comes over REST, and the plan says so."""
        with desk.box.unreachable("archive"):
            plan = desk.keeper.plan(SOL)
            assert plan.files == ()
            assert any("no archive files, so that all comes" in text for text in plan.unobtainable)
            report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files, report.pages) == (True, 0, 2)
        desk.assert_whole(SOL)

    def test_archive_goes_away(self, desk: Rehearsal) -> None:
        """Files that cannot be fetched any more are replaced by REST."""
        desk.box.faults.always("reset", path=".zip", service="archive")
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files) == (True, 0)
        assert sum("was not used" in text for text in report.differences) >= EARLY_FILES
        desk.assert_whole(SOL)

    @pytest.mark.parametrize("fault", ["5xx", "reset", "reset-mid-body", "truncated", "empty"])
    def test_faults_are_healed(self, desk: Rehearsal, fault: str) -> None:
        """What goes wrong now and then is tried again, without a trace in the result."""
        desk.box.faults.next(fault, times=2, path=".zip", service="archive")  # type: ignore[arg-type]
        desk.box.faults.next(fault, times=1, path="klines", service="binance")  # type: ignore[arg-type]
        report = desk.keeper.backfill(SOL)
        assert (report.ok, report.files) == (True, EARLY_FILES)
        assert not [text for text in report.differences if "was not used" in text]
        desk.assert_whole(SOL)

    def test_rest_is_away(self, desk: Rehearsal) -> None:
        """Without REST there is no plan, for the first candle is not known."""
        with desk.box.unreachable("binance"), pytest.raises(Unreachable):
            desk.keeper.backfill(SOL)
        assert desk.keeper.catalogue() == []

    def test_rest_goes_away(self, desk: Rehearsal) -> None:
        """What files had stays; what REST was asked for is failed, with tries, until it answers."""
        for tries in (1, 2):
            report = desk.keeper.backfill(SOL, listener=Falling(desk.box, "reset"))
            assert isinstance(report.failure, Unreachable)
            assert (report.ok, report.files) == (False, EARLY_FILES if tries == 1 else 0)
            failed = entries(desk, "failed")
            assert [entry.tries for entry in failed] == [tries, tries]
            assert failed[-1].span == Span(TODAY_MS, CLOSED_MS)
            assert failed[0].error == str(report.failure)
        assert desk.keeper.store.runs.latest(None, 1)[0].outcome == "failed"
        gaps = [gap for gap in desk.keeper.gaps(SOL) if gap.reason == "failed"]
        assert [(gap.candles, gap.tries, gap.inside) for gap in gaps] == [
            (2, 2, True),
            (10, 2, True),
        ]
        desk.box.faults.clear()
        assert desk.keeper.backfill(SOL).ok
        desk.assert_whole(SOL)
        assert set(desk.fetched().values()) == {1}

    def test_blocked(self, desk: Rehearsal) -> None:
        """Where REST is refused, what is newer than every file is `not published yet`."""
        for _ in range(2):
            report = desk.keeper.backfill(SOL, listener=Falling(desk.box, "451"))
            assert isinstance(report.failure, Blocked)
            reasons = {gap.span: gap.reason for gap in desk.keeper.gaps(SOL) if gap.inside}
            assert list(reasons.values()) == ["failed", "archive not published yet"]
            assert list(reasons)[-1] == Span(TODAY_MS, CLOSED_MS)
            desk.box.faults.always("451", path="klines", service="binance")
        proof = desk.keeper.prove(SOL)
        assert (proof.holds, proof.failed) == (True, 2)
        # The next day the archive has it.
        desk.keeper.clock.sleep(DAY_MS / 1000)
        desk.keeper.backfill(SOL)
        held = desk.held(SOL)["open_time"].dt.epoch("ms")
        assert int(held[-1]) == TODAY_MS + DAY_MS - HOUR_MS

    def test_blocked_without_archive(self, desk: Rehearsal) -> None:
        """Of an interval that the archive is not used for nothing will be published."""
        name = "binance:SOLUSDT:1d"
        desk.keeper.backfill(name.replace("1d", "1w"), until="2020-09-01")
        desk.box.faults.always("451", path="klines", service="binance")
        report = desk.keeper.backfill(name.replace("1d", "1w"))
        assert isinstance(report.failure, Blocked)
        reasons = [gap.reason for gap in desk.keeper.gaps(name.replace("1d", "1w")) if gap.inside]
        assert reasons == ["failed"]


@pytest.mark.slow
def test_minutes_in_chunks(box: Sandbox, tmp_path: Path) -> None:
    """A long history over REST is cut into chunks, with as many pages as were planned."""
    with rehearsing(box, tmp_path, now_ms=EARLY_MS) as desk:
        since = TODAY_MS - 35 * DAY_MS
        desk.box.spoil_archive("missing")
        report = desk.keeper.backfill("binance:SOLUSDT:1m", since=since, until=TODAY_MS)
        missing = 35 * 24 * 60 - report.kept.new
        assert (report.ok, report.files) == (True, 0)
        assert 0 <= missing < 500
        assert report.pages in {report.plan.pages, report.plan.pages - 1}
        assert report.plan.pages == 51
        assert desk.keeper.prove("binance:SOLUSDT:1m").accounted == 1
