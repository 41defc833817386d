"""Following against the sandbox: what is told, what is kept, and what happens when things break."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.collect.keeper import Keeper
from chandlery.collect.live.asking import Asking
from chandlery.collect.live.events import LiveCandle, LiveChange, LiveEvent
from chandlery.collect.live.follow import Follower
from chandlery.collect.live.rows import Row, rows_of
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.waiting import eventually, within

NOW_MS = 1_741_964_966_535
MINUTE = 60_000
MINUTE_MS = NOW_MS // MINUTE * MINUTE
BTC = Series.parse("binance:BTCUSDT:1m")
SECONDS = Series.parse("binance:BTCUSDT:1s")


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all, sent often."""
    with Sandbox(now_ms=NOW_MS, stream_every_ms=100) as running:
        yield running


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """It behaves, and its time runs on from the same moment."""
    shared.stream_faults.clear()
    shared.faults.clear()
    shared.forgive()
    shared.clock.run(1.0, NOW_MS)
    return shared


class Watcher:
    """A follower and all that it told."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.told: list[LiveEvent] = []
        self.follower = Follower(keeper, self.told.append)

    def candles(self, source: str, *, closed: bool) -> list[LiveCandle]:
        """The candles that were told so."""
        return [
            one
            for one in self.told
            if isinstance(one, LiveCandle) and (one.source, one.closed) == (source, closed)
        ]

    def statuses(self) -> list[str]:
        """The states that it went through."""
        return [one.state.status for one in self.told if isinstance(one, LiveChange)]

    def until(self, true: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something is so."""
        eventually(true, seconds, told=lambda: self.told[-3:])

    def until_status(self, series: Series, status: str) -> None:
        """Wait until it stands so for a series."""
        self.until(lambda: self.follower.state(series).status == status)

    def kept(self, series: Series) -> list[Row]:
        """The closed candles that the store has."""
        return rows_of(self.keeper.read(series))[0]


@contextmanager
def watching(box: Sandbox, home: Path, *series: Series, **settings: str) -> Iterator[Watcher]:
    """A follower of these series, with a store of its own."""
    urls = {"binance_url": box.binance_url, "binance_stream_url": box.stream_url}
    with Keeper(read_settings(home=home, **(urls | settings))) as keeper:
        watcher = Watcher(keeper)
        watcher.follower.watch(series)
        try:
            yield watcher
        finally:
            watcher.follower.close()


@pytest.mark.slow  # A closed candle is asked for over REST once it has settled.
def test_hints_are_told_and_rest_is_kept(box: Sandbox, tmp_path: Path) -> None:
    """Forming candles come from the stream at once; each closed one comes again as REST has it."""
    with watching(box, tmp_path, SECONDS) as watcher:
        watcher.until(lambda: len(watcher.candles("stream", closed=True)) > 1)
        said = watcher.candles("stream", closed=True)[1]
        watcher.until(lambda: said.row in [one.row for one in watcher.candles("rest", closed=True)])
        assert said.row in watcher.kept(SECONDS)
        assert said.event_ms > int(said.row[6])
        assert watcher.candles("stream", closed=False)
        assert watcher.statuses() == ["live"]
        opens = [one.row[0] for one in watcher.candles("stream", closed=False)]
        assert opens == sorted(opens)


@pytest.mark.slow  # A closed candle is asked for over REST once it has settled.
def test_rest_wins(box: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the stream told another candle than REST, REST's is kept and told; it is counted."""
    with watching(box, tmp_path, SECONDS) as watcher, caplog.at_level(logging.WARNING):
        watcher.until_status(SECONDS, "live")
        watcher.until(lambda: watcher.kept(SECONDS))
        box.stream_faults.add("wrong", "btcusdt@kline_1s")
        counted = ("stream_disagreements", "binance")
        watcher.until(lambda: watcher.keeper.store.jobs.tallies().get(counted) == 1)
        told = {one.row[0]: one.row for one in watcher.candles("stream", closed=True)}
        rows = watcher.kept(SECONDS)
        (disputed,) = [row for row in rows if row != told.get(int(row[0]), row)]
        watcher.until(lambda: disputed in [one.row for one in watcher.candles("rest", closed=True)])
        (line,) = [each.getMessage() for each in caplog.records if "otherwise" in each.message]
        assert f"volume 1{disputed[5]} against {disputed[5]}" in line


@pytest.mark.slow  # A closed candle is asked for over REST once it has settled.
def test_a_missed_close_is_noticed(box: Sandbox, tmp_path: Path) -> None:
    """When the next candle begins and none was told to be closed, REST is asked for it."""
    box.clock.run(1.0, MINUTE_MS + MINUTE - 800)
    with watching(box, tmp_path, BTC) as watcher:
        watcher.until_status(BTC, "live")
        watcher.until(lambda: watcher.kept(BTC) and watcher.candles("stream", closed=False))
        box.stream_faults.add("no-close")
        watcher.until(lambda: MINUTE_MS in [one[0] for one in watcher.kept(BTC)])
        watcher.until(lambda: MINUTE_MS in [o.row[0] for o in watcher.candles("rest", closed=True)])
        assert watcher.candles("stream", closed=True) == []


@pytest.mark.slow  # It waits for the three seconds after which a close is overdue.
def test_silence_about_a_close_is_noticed(box: Sandbox, tmp_path: Path) -> None:
    """When nothing at all is told after a candle's end, the clock sees to it that REST is asked."""
    box.clock.run(1.0, MINUTE_MS + MINUTE - 800)
    with watching(box, tmp_path, BTC) as watcher:
        watcher.until(lambda: watcher.kept(BTC) and watcher.candles("stream", closed=False))
        box.stream_faults.add("silent")
        watcher.until(lambda: MINUTE_MS in [one[0] for one in watcher.kept(BTC)])
        assert watcher.candles("stream", closed=True) == []
        assert watcher.statuses() == ["live"]


@pytest.mark.slow  # It waits until requests are given up.
def test_an_outage_leaves_no_hole(box: Sandbox, tmp_path: Path) -> None:
    """When nothing answers it says so; when all is back it is live and has every candle."""
    with watching(box, tmp_path, SECONDS) as watcher:
        watcher.until_status(SECONDS, "live")
        watcher.until(lambda: watcher.kept(SECONDS))
        first = int(watcher.kept(SECONDS)[-1][0])
        with box.unreachable():
            watcher.until_status(SECONDS, "unreachable")
            assert "cannot be reached" in str(watcher.follower.state(SECONDS).error)
        watcher.until_status(SECONDS, "live")
        back = watcher.candles("stream", closed=False)[-1].row[0]
        watcher.until(lambda: int(watcher.kept(SECONDS)[-1][0]) >= int(back))
        opens = [int(row[0]) for row in watcher.kept(SECONDS) if int(row[0]) >= first]
        assert opens == list(range(first, opens[-1] + 1, 1000))
        watcher.until(
            lambda: {one.row[0] for one in watcher.candles("rest", closed=True)} >= {*opens[1:]}
        )


@pytest.mark.parametrize(
    ("url", "why"),
    [("none", "CHANDLERY_BINANCE_STREAM_URL=none"), ("", "set CHANDLERY_BINANCE_STREAM_URL")],
)
def test_without_a_stream_it_polls(box: Sandbox, tmp_path: Path, url: str, why: str) -> None:
    """Without a stream REST is asked for the forming candle, and the state says why."""
    with watching(box, tmp_path, BTC, binance_stream_url=url) as watcher:
        watcher.until_status(BTC, "polling")
        assert why in str(watcher.follower.state(BTC).error)
        watcher.until(lambda: watcher.candles("rest", closed=False))
        assert watcher.candles("rest", closed=False)[0].row[0] == MINUTE_MS


def test_a_stream_that_is_away_is_replaced_by_polling(box: Sandbox, tmp_path: Path) -> None:
    """While the stream is away REST is asked, and when it is back all is live again."""
    with watching(box, tmp_path, BTC) as watcher:
        watcher.until_status(BTC, "live")
        with box.unreachable("stream"):
            watcher.until_status(BTC, "polling")
            watcher.until(lambda: watcher.candles("rest", closed=False))
        watcher.until_status(BTC, "live")
        assert watcher.statuses()[:2] == ["live", "polling"]


def test_what_cannot_be_followed(box: Sandbox, tmp_path: Path) -> None:
    """A symbol that does not exist is told by its state, and does not disturb the others."""
    nope = Series.parse("binance:NOPEUSDT:1m")
    with watching(box, tmp_path, nope, BTC) as watcher:
        watcher.until(lambda: "has no symbol" in str(watcher.follower.state(nope).error))
        watcher.until_status(BTC, "live")


def test_what_is_not_watched_is_not_told(box: Sandbox, tmp_path: Path) -> None:
    """After a change of what is watched nothing more is told of the others, nor after the end."""
    with watching(box, tmp_path, SECONDS) as watcher:
        watcher.until(lambda: watcher.candles("stream", closed=False))
        watcher.follower.watch([BTC])
        watcher.until_status(BTC, "live")
        watcher.told.clear()
        watcher.until(lambda: len(watcher.told) > 2)
        assert {one.series for one in watcher.told} == {BTC}
        with within(1):
            watcher.follower.close()
        watcher.told.clear()
        time.sleep(0.2)
        assert watcher.told == []


def test_many_closes_do_not_stampede() -> None:
    """Of many series that are due at the same moment some are asked at once, the others in turn."""
    asked: list[float] = []
    asking = Asking(lambda _: asked.append(time.monotonic()), SystemClock())
    began = time.monotonic()
    for number in range(200):
        asking.by(Series.parse(f"binance:C{number}:1m"), began)
    time.sleep(0.6)
    asking.stop()
    early = [when for when in asked if when - began < 0.1]
    assert 20 <= len(early) <= 24
    assert 25 <= len(asked) <= 20 + 0.7 * 25
