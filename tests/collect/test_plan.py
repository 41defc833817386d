"""What a backfill would do, before anything is fetched; and that it then does just that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge
from chandlery.collect.backfill.plan import BackfillPlan, RestPrice, plan_backfill
from chandlery.errors import BadSpan, InputError, UnknownSymbol
from chandlery.exchanges.archive import ArchiveFile, FileKind
from chandlery.exchanges.binance_archive import span_from
from chandlery.sandbox import Sandbox
from tests.collect.rehearsal import LISTED_MS, NOW_MS, SOL, Rehearsal, rehearsing

pytestmark = pytest.mark.slow  # many, which take long together

CLOSED_MS = NOW_MS - NOW_MS % HOUR_MS
OCTOBER_MS = 1_601_510_400_000
TODAY_MS = NOW_MS - NOW_MS % DAY_MS
PRICE = RestPrice(1000, 2, 6000)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox exchange, ten weeks after SOLUSDT was listed."""
    with Sandbox(now_ms=NOW_MS) as running:
        yield running


@pytest.fixture
def desk(box: Sandbox, tmp_path: Path) -> Iterator[Rehearsal]:
    """A keeper with an empty store."""
    with rehearsing(box, tmp_path) as opened:
        yield opened


def names(files: tuple[ArchiveFile, ...]) -> list[str]:
    """The dates of files."""
    return [file.path.removesuffix(".zip").rpartition("-1h-")[2] for file in files]


def rows(plan: BackfillPlan) -> int:
    """The hours from the first candle to the last close."""
    return (plan.wanted.end - plan.wanted.start) // HOUR_MS


class TestWhole:
    """A symbol from its listing on."""

    def test_sources(self, desk: Rehearsal) -> None:
        """Months come as monthly files, the days since as daily ones, today over REST."""
        plan = desk.keeper.plan(SOL)
        assert plan.wanted == Span(LISTED_MS, CLOSED_MS)
        assert names(plan.monthly) == ["2020-08", "2020-09"]
        assert names(plan.daily) == [f"2020-10-{day:02}" for day in range(1, 20)]
        assert plan.rest == (Span(TODAY_MS, CLOSED_MS),)
        assert (plan.pages, plan.weight, plan.requests) == (1, 2, 2 * 21 + 1)
        assert plan.candles == rows(plan)
        assert plan.fetched_bytes > sum(file.size for file in plan.files) > 0
        assert plan.disk_bytes == 30 * plan.candles
        assert 0 < plan.seconds < 1
        assert plan.unobtainable == ("before 2020-08-11 06:00:00 UTC SOLUSDT had no candles",)

    def test_nothing_is_fetched(self, desk: Rehearsal) -> None:
        """Only the symbols, the first candle and the lists of files are asked for."""
        desk.keeper.plan(SOL)
        asked = desk.box.requests.counts()
        assert set(asked) == {"/api/v3/exchangeInfo", "/api/v3/time", "/api/v3/klines", "/"}
        [first] = desk.box.requests.log("klines")
        assert "limit=1" in first.query.split("&")
        assert desk.keeper.catalogue() == []

    def test_deed(self, desk: Rehearsal) -> None:
        """The backfill fetches the planned files, once each, and asks the planned pages."""
        plan = desk.keeper.plan(SOL)
        desk.box.requests.clear()
        report = desk.keeper.backfill(SOL)
        assert report.plan == plan
        asked = desk.box.requests.counts()
        for file in plan.files:
            assert (asked[f"/{file.path}"], asked[f"/{file.path}.CHECKSUM"]) == (1, 1)
        # One for the first candle, one for the hole in a file that is an outage.
        assert len([seen for seen in asked if ".zip" in seen]) == 2 * len(plan.files)
        assert asked["/api/v3/klines"] - 1 == report.pages == plan.pages + 1
        assert report.files == len(plan.files)
        assert report.differences == (
            "Pages asked over REST: 2, planned: 1.",
            "Candles that came: 1,682, room for them: 1,684.",
        )
        desk.assert_whole(SOL)

    def test_without_holes(self, desk: Rehearsal) -> None:
        """Where nothing is in the way, the deed is the plan, down to requests and candles."""
        plan = desk.keeper.plan(SOL, since=OCTOBER_MS, until=CLOSED_MS)
        report = desk.keeper.backfill(SOL, since=OCTOBER_MS, until=CLOSED_MS)
        assert (report.differences, report.pages) == ((), plan.pages)
        assert report.kept.new == plan.candles == (CLOSED_MS - OCTOBER_MS) // HOUR_MS
        # The checksums, which are not in the plan, have about 90 bytes.
        files = sum(file.size for file in plan.files)
        assert files < report.fetched_bytes < files + 120 * len(plan.files)

    def test_held(self, desk: Rehearsal) -> None:
        """Of a series that is held nothing is planned, and nothing is asked but the time."""
        desk.keeper.backfill(SOL)
        desk.box.requests.clear()
        plan = desk.keeper.plan(SOL)
        assert (plan.is_empty, plan.is_held, plan.requests, plan.candles) == (True, True, 0, 0)
        assert plan.wanted == Span(LISTED_MS, CLOSED_MS)
        assert desk.box.requests.count() == 0
        again = desk.keeper.backfill(SOL)
        assert (again.files, again.pages, again.differences) == (0, 0, ())

    def test_next_hour(self, desk: Rehearsal) -> None:
        """What has closed since is one page of one candle."""
        desk.keeper.backfill(SOL)
        desk.keeper.clock.sleep(3600)
        plan = desk.keeper.plan(SOL)
        assert (plan.files, plan.pages, plan.candles) == ((), 1, 1)
        report = desk.keeper.backfill(SOL)
        assert (report.kept.new, report.kept.forming, report.differences) == (1, 0, ())


class TestBounds:
    """`since` and `until`."""

    def test_since(self, desk: Rehearsal) -> None:
        """From the middle of a month on its file is worth it, from near its end REST is."""
        middle = desk.keeper.plan(SOL, since="2020-09-10")
        assert names(middle.monthly) == ["2020-09"]
        late = desk.keeper.plan(SOL, since="2020-09-28")
        assert names(late.monthly) == []
        assert late.rest[0] == Span(OCTOBER_MS - 3 * DAY_MS, OCTOBER_MS)
        assert late.unobtainable == ()
        report = desk.keeper.backfill(SOL, since="2020-09-28")
        assert report.kept.new == late.candles
        assert int(desk.held(SOL)["open_time"].dt.epoch("ms")[0]) == OCTOBER_MS - 3 * DAY_MS

    def test_until(self, desk: Rehearsal) -> None:
        """Up to a time, nothing that is later only is fetched."""
        plan = desk.keeper.plan(SOL, until="2020-09-01T12:00")
        assert (names(plan.monthly), plan.daily) == (["2020-08"], ())
        assert plan.rest == (
            Span(OCTOBER_MS - 30 * DAY_MS, OCTOBER_MS - 30 * DAY_MS + DAY_MS // 2),
        )
        report = desk.keeper.backfill(SOL, until="2020-09-01T12:00")
        assert (report.ok, report.kept.new) == (True, plan.candles)
        assert desk.keeper.plan(SOL, until="2020-09-01T12:00").is_held
        desk.keeper.backfill(SOL)
        desk.assert_whole(SOL)

    def test_within_an_hour(self, desk: Rehearsal) -> None:
        """An end in the middle of a candle takes that candle in, for it opens before."""
        report = desk.keeper.backfill(SOL, since=LISTED_MS, until=LISTED_MS + 90 * 60_000)
        assert (report.kept.new, report.pages, report.files) == (2, 1, 0)

    def test_before_listing(self, desk: Rehearsal) -> None:
        """Before the listing there is nothing to fetch, and that is not called held."""
        plan = desk.keeper.plan(SOL, until="2019-01-01")
        assert (plan.is_empty, plan.is_held) == (True, False)
        assert plan.unobtainable == ("before 2019-01-01 00:00:00 UTC SOLUSDT had no candles",)
        report = desk.keeper.backfill(SOL, until="2019-01-01")
        assert (report.ok, report.kept.new) == (True, 0)
        desk.keeper.backfill(SOL)
        desk.assert_whole(SOL)

    @pytest.mark.parametrize(
        ("since", "until", "why"),
        [
            ("2030-01-01", None, "Nothing has happened yet since 2030"),
            ("2020-09-02", "2020-09-01", "--since must be before --until"),
            ("yesterday", None, "is no time"),
        ],
    )
    def test_refused(self, desk: Rehearsal, since: str, until: str | None, why: str) -> None:
        """Bounds that are none are refused, by the plan and by the deed."""
        for do in (desk.keeper.plan, desk.keeper.backfill):
            with pytest.raises(BadSpan, match=why):
                do(SOL, since=since, until=until)
        assert desk.box.requests.count(".zip") == 0


class TestKinds:
    """Other intervals, markets and symbols."""

    @pytest.mark.parametrize("interval", ["3d", "1w", "1M"])
    def test_long_intervals(self, desk: Rehearsal, interval: str) -> None:
        """Intervals that the archive is not used for come over REST alone, in a page."""
        name = f"binance:SOLUSDT:{interval}"
        plan = desk.keeper.plan(name)
        assert (plan.files, plan.pages) == ((), 1)
        report = desk.keeper.backfill(name)
        assert (report.files, report.pages, report.differences) == (0, 1, ())
        assert report.kept.new == plan.candles > 1
        desk.assert_whole(name)
        assert desk.keeper.plan(name).is_held

    def test_days(self, desk: Rehearsal) -> None:
        """Days come as monthly and daily files too."""
        plan = desk.keeper.plan("binance:SOLUSDT:1d")
        assert (len(plan.monthly), len(plan.daily), plan.rest) == (2, 19, ())
        report = desk.keeper.backfill("binance:SOLUSDT:1d")
        assert (report.kept.new, report.differences) == (plan.candles, ())
        desk.assert_whole("binance:SOLUSDT:1d")

    def test_listed_this_month(self, box: Sandbox, tmp_path: Path) -> None:
        """A symbol that is a week old has daily files only."""
        with rehearsing(box, tmp_path, now_ms=LISTED_MS + 7 * DAY_MS + 60_000) as desk:
            plan = desk.keeper.plan(SOL)
            assert (len(plan.monthly), len(plan.daily)) == (0, 7)
            assert plan.candles == 7 * 24
            assert desk.keeper.backfill(SOL).kept.new == 7 * 24
            assert desk.served(SOL, until_ms=LISTED_MS + 7 * DAY_MS).equals(desk.held(SOL))

    def test_listed_this_hour(self, box: Sandbox, tmp_path: Path) -> None:
        """A symbol whose first candle has not closed has nothing to fetch yet."""
        with rehearsing(box, tmp_path, now_ms=LISTED_MS + 60_000) as desk:
            plan = desk.keeper.plan(SOL)
            assert (plan.is_empty, plan.is_held) == (True, False)
            report = desk.keeper.backfill(SOL)
            assert (report.ok, report.kept.new, report.kept.forming) == (True, 0, 0)

    def test_unknown(self, desk: Rehearsal) -> None:
        """A symbol that does not exist is refused with the nearest names."""
        with pytest.raises(UnknownSymbol, match="SOLUSDT"):
            desk.keeper.plan("binance:SOLUSD:1h")
        with pytest.raises(InputError, match="binance-um has no candles of '1s'"):
            desk.keeper.plan("binance-um:SOLUSDT:1s")

    def test_patterns(self, desk: Rehearsal) -> None:
        """A pattern stands for all that match it, traded or not; one that matches none is wrong."""
        expanded = desk.keeper.expanded
        assert [str(one) for one in expanded([Series.parse("binance:x*usdt:1d")])] == [
            "binance:XMRUSDT:1d",
            "binance:XRPUSDT:1d",
        ]
        twice = [Series.parse(f"binance:{text}:1d") for text in ("XMRUSDT", "X?RUSDT")]
        assert list(map(str, expanded(twice))) == ["binance:XMRUSDT:1d"]
        with pytest.raises(UnknownSymbol, match=r"no symbol 'ZZ\*'"):
            expanded([Series.parse("binance:ZZ*:1d")])


class TestRule:
    """The pure rule: which files are worth it."""

    series = Series.parse(SOL)

    def file(self, start_ms: int, kind: FileKind) -> ArchiveFile:
        """A file of that month or day."""
        return ArchiveFile(f"{kind}-{start_ms}.zip", kind, span_from(start_ms, kind), 100, "e", 1)

    def plan(self, missing: list[Span], files: list[ArchiveFile], **more: int) -> BackfillPlan:
        """The plan of that."""
        return plan_backfill(self.series, missing, files, price=PRICE, **more)

    def test_half(self) -> None:
        """A file is fetched from half of it on, counted from the first candle."""
        day = self.file(OCTOBER_MS, "daily")
        half = Span(OCTOBER_MS, OCTOBER_MS + DAY_MS // 2)
        less = Span(OCTOBER_MS, OCTOBER_MS + DAY_MS // 2 - 1)
        assert self.plan([half], [day]).files == (day,)
        assert self.plan([less], [day]).files == ()
        late = OCTOBER_MS + DAY_MS - 2 * HOUR_MS
        last = Span(late + HOUR_MS, OCTOBER_MS + DAY_MS)
        assert self.plan([last], [day]).files == ()
        assert self.plan([last], [day], first_ms=late).files == (day,)
        assert self.plan([last], [day], first_ms=late).candles == 2

    def test_days_where_no_month_is(self) -> None:
        """Daily files are used only where no monthly one is."""
        month = self.file(OCTOBER_MS, "monthly")
        days = [self.file(OCTOBER_MS + day * DAY_MS, "daily") for day in (0, 15, 31)]
        plan = self.plan([Span(OCTOBER_MS, OCTOBER_MS + 33 * DAY_MS)], [month, *days])
        assert (plan.monthly, plan.daily) == ((month,), (days[2],))
        assert plan.rest == (Span(OCTOBER_MS + 32 * DAY_MS, OCTOBER_MS + 33 * DAY_MS),)

    def test_everything_is_covered(self) -> None:
        """Files and REST together cover all that is missing, and REST nothing of the files'."""
        missing = [
            Span(OCTOBER_MS + n * DAY_MS, OCTOBER_MS + n * DAY_MS + 7 * HOUR_MS) for n in (1, 3)
        ]
        days = [self.file(OCTOBER_MS + day * DAY_MS, "daily") for day in range(5)]
        plan = self.plan([*missing, Span(OCTOBER_MS, OCTOBER_MS + 14 * HOUR_MS)], days)
        assert plan.daily == (days[0],)
        assert merge(plan.rest) == missing

    @pytest.mark.parametrize(
        ("hours", "pages"),
        [(1, 1), (999, 1), (1000, 2), (1001, 2), (19_999, 20), (20_000, 21), (39_998, 40)],
    )
    def test_pages(self, hours: int, pages: int) -> None:
        """A page that comes full needs another to tell that it was the last."""
        plan = self.plan([Span(OCTOBER_MS, OCTOBER_MS + hours * HOUR_MS)], [])
        assert (plan.pages, plan.weight, plan.candles) == (pages, 2 * pages, hours)

    def test_budget(self) -> None:
        """What exceeds the budget of a minute is expected to wait for the next ones."""
        short, long = (
            plan_backfill(
                self.series, [Span(0, hours * HOUR_MS)], [], price=RestPrice(1000, 5, 2400)
            )
            for hours in (450_000, 960_000)
        )
        assert round(short.seconds) == round(short.pages / 15) == 30
        assert round(long.seconds / 60, 1) == 2.0
