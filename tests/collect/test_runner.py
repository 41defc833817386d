"""Doing a job: once, by one at a time, and written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from chandlery.candles.interval import HOUR_MS
from chandlery.candles.series import Series
from chandlery.clock import SystemClock
from chandlery.collect.keeper import Keeper
from chandlery.collect.runner import HOLD_MS, Runner
from chandlery.errors import BadSeries, UnknownSymbol, Unreachable
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from tests.sandbox.asking import NOW_MS

pytestmark = pytest.mark.slow  # many, which take long together

NAME = "binance:BTCUSDT:1h"
SERIES = Series.parse(NAME)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox exchange in the middle of an hour."""
    with Sandbox(now_ms=NOW_MS) as running:
        yield running


@pytest.fixture
def keeper(box: Sandbox, tmp_path: Path) -> Iterator[Keeper]:
    """A keeper of one series."""
    settings = read_settings(
        home=tmp_path,
        csv=str(tmp_path / "crypto.csv"),
        binance_url=box.binance_url,
        coingecko_url=box.coingecko_url,
    )
    with Keeper(settings) as opened:
        yield opened


def now_ms() -> int:
    """This machine's time."""
    return SystemClock().now_ms()


def test_a_series(keeper: Keeper, tmp_path: Path) -> None:
    """The job of a series collects it, keeps its CSV, and is written down as done."""
    done = Runner(keeper).do(NAME)
    assert done.report is not None
    assert (done.report.kept.new, done.failure, done.skipped) == (499, None, None)
    assert len((tmp_path / "crypto.csv").read_text().splitlines()) == 500
    state = keeper.store.jobs.state(NAME)
    assert (state.failures, state.holder, state.succeeded_ms) == (0, None, state.started_ms)
    assert keeper.store.jobs.tallies()["candles", "new"] == 499
    report = orjson.loads(keeper.store.runs.latest(SERIES, 1)[0].report_json)
    assert (report["new"], report["requests"]) == (499, 1)


def test_done_in_the_meantime(keeper: Keeper, box: Sandbox) -> None:
    """What was done since it was due is not done again; without a due time it is."""
    runner = Runner(keeper)
    due_ms = now_ms()
    runner.do(NAME, due_ms=due_ms)
    asked = box.requests.count("klines")
    assert runner.do(NAME, due_ms=due_ms).skipped == "it was done in the meantime"
    assert box.requests.count("klines") == asked
    assert runner.do(NAME).report is not None


def test_somebody_is_at_it(keeper: Keeper) -> None:
    """While another worker holds the job it is left to that one; when that one dies it is not."""
    now = now_ms()
    keeper.store.jobs.hold(NAME, "other", now_ms=now, until_ms=now + HOLD_MS)
    assert Runner(keeper).do(NAME).skipped == "somebody else is doing it"
    keeper.store.jobs.hold(NAME, "other", now_ms=now, until_ms=now)
    assert Runner(keeper).do(NAME).report is not None


def test_a_failure_is_kept(keeper: Keeper, box: Sandbox) -> None:
    """An exchange that is away makes a failed run, after which the job is free and tried soon."""
    with box.unreachable():
        done = Runner(keeper).do(NAME)
    assert isinstance(done.failure, Unreachable)
    state = keeper.store.jobs.state(NAME)
    assert (state.failures, state.error_kind, state.holder) == (1, "Unreachable", None)
    assert state.error == str(done.failure)
    assert keeper.store.jobs.tallies()["errors", "Unreachable"] == 1
    (job,) = (job for job in keeper.jobs() if job.name == NAME)
    assert now_ms() - 60_000 < job.due_ms <= now_ms() + 5_000


def test_what_cannot_be(keeper: Keeper) -> None:
    """A symbol that the exchange does not have is a failure; a name that is no job is refused."""
    done = Runner(keeper).do("binance:NOSUCH:1h")
    assert isinstance(done.failure, UnknownSymbol)
    assert keeper.store.jobs.state("binance:NOSUCH:1h").error_kind == "UnknownSymbol"
    with pytest.raises(BadSeries):
        Runner(keeper).do("nonsense")


def test_market_caps_and_symbols(keeper: Keeper) -> None:
    """The other jobs are done by the same door and written down in the same way."""
    runner = Runner(keeper)
    assert runner.do("coingecko:market-caps").failure is None
    assert runner.do("binance:symbols").joined == 0
    assert keeper.market_caps() is not None
    assert keeper.listings.held("binance") is not None
    states = keeper.store.jobs.states()
    assert {name: state.failures for name, state in states.items()} == {
        "coingecko:market-caps": 0,
        "binance:symbols": 0,
    }


def test_collecting_history_is_no_run_of_the_job(keeper: Keeper) -> None:
    """A span that was collected by hand does not make the series count as up to date."""
    keeper.collect(SERIES, since="2024-01-01", until="2024-01-02")
    assert keeper.store.jobs.state(NAME).started_ms is None
    assert keeper.store.runs.latest(SERIES, 1)[0].outcome == "done"


@pytest.mark.parametrize(("recheck", "revised"), [(3, 1), (0, 0)])
def test_revisions_are_noticed(box: Sandbox, tmp_path: Path, recheck: int, revised: int) -> None:
    """A closed candle that was revised is noticed by the next run, if that looks so far back."""
    settings = read_settings(home=tmp_path, csv="", recheck=recheck, binance_url=box.binance_url)
    with Keeper(settings) as keeper:
        runner = Runner(keeper)
        runner.do(NAME)
        last_ms = keeper.catalogue()[0].last_ms
        assert last_ms is not None
        box.revise("BTCUSDT", "1h", last_ms - HOUR_MS)
        report = runner.do(NAME).report
        assert report is not None
        assert report.kept.revised == revised
        assert keeper.store.candles.revisions(SERIES).height == revised
