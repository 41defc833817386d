"""Which jobs there are and when each is due, from settings, symbol lists and earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.collect.due import SPREAD_MS
from chandlery.collect.jobs import Job, plan_jobs
from chandlery.collect.symbols import Listings
from chandlery.market import SymbolInfo, SymbolStatus
from chandlery.settings import read_settings
from chandlery.store import Finished, RunRecord, Store
from tests.candles.market import frame

NOON = 1_717_243_200_000
"""2024-06-01 12:00 UTC."""
SYMBOLS: dict[str, SymbolStatus] = {
    "BTCUSDT": "TRADING",
    "ETHUSDT": "HALT",
    "OLDUSDT": "BREAK",
    "ETHBTC": "TRADING",
}


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands at ten past noon."""
    return FrozenClock(NOON + 600_000)


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db", clock=clock) as opened:
        yield opened


def listed(store: Store, symbols: dict[str, SymbolStatus]) -> None:
    """Let the exchange have listed these symbols just now."""
    infos = [SymbolInfo(name, name[:3], name[3:], status) for name, status in symbols.items()]
    store.symbols.keep("binance", infos)


def done(store: Store, name: str, started_ms: int) -> None:
    """Let a job have been done well."""
    record = RunRecord(f"{name}-{started_ms}", name, started_ms, started_ms, "done", "{}")
    store.jobs.finish(Finished(record))


def keep_hours(store: Store, name: str, count: int) -> None:
    """Let the first `count` candles from eleven o'clock on be kept."""
    candles = Candles(Series.parse(name), frame(count, "1h", start_ms=NOON - HOUR_MS))
    store.candles.keep(candles, answered=None, source="test")


def planned(store: Store, clock: FrozenClock, series: str, **flags: object) -> dict[str, Job]:
    """The jobs by name, in their order."""
    settings = read_settings(series=series, **flags)
    jobs = plan_jobs(settings, store, Listings(store, clock), now_ms=clock.now_ms())
    return {job.name: job for job in jobs}


def series_of(jobs: dict[str, Job]) -> Sequence[str]:
    """The names of the series among the jobs."""
    return [name for name, job in jobs.items() if job.series]


def test_at_first_everything_is_due(store: Store, clock: FrozenClock) -> None:
    """In a new store every named series and the market caps are due at once, and nothing else."""
    jobs = planned(store, clock, "binance:BTCUSDT:1h,binance:BTCUSDT:1m")
    assert {name: job.due_ms for name, job in jobs.items()} == {
        "binance:BTCUSDT:1h": 0,
        "binance:BTCUSDT:1m": 0,
        "coingecko:market-caps": 0,
    }


def test_after_its_run_a_series_waits_for_its_close(store: Store, clock: FrozenClock) -> None:
    """Each series is due two seconds after its own next close, whatever the others do."""
    done(store, "binance:BTCUSDT:1h", NOON + 5_000)
    done(store, "binance:BTCUSDT:15m", NOON + 5_000)
    jobs = planned(store, clock, "binance:BTCUSDT:1h,binance:BTCUSDT:15m")
    assert jobs["binance:BTCUSDT:1h"].due_ms == NOON + HOUR_MS + 2_000
    assert jobs["binance:BTCUSDT:15m"].due_ms == NOON + HOUR_MS // 4 + 2_000


def test_period_and_delay_are_settings(store: Store, clock: FrozenClock) -> None:
    """A period of seconds replaces the close, for one interval alone if so set."""
    for name in ("binance:A:1h", "binance:A:1m"):
        done(store, name, NOON + 5_000)
    jobs = planned(store, clock, "binance:A:1h,binance:A:1m", every="1h=30", delay=7)
    assert jobs["binance:A:1h"].due_ms == NOON + 7_000
    assert jobs["binance:A:1m"].due_ms == NOON + 67_000
    assert jobs["binance:A:1h"].period_ms == 30_000


def test_a_wildcard_waits_for_the_list(store: Store, clock: FrozenClock) -> None:
    """Before the symbols were listed, listing them is the job, and due at once."""
    jobs = planned(store, clock, "binance:*USDT:1h")
    assert series_of(jobs) == []
    assert jobs["binance:symbols"].due_ms == 0


def test_a_wildcard_is_what_trades(store: Store, clock: FrozenClock) -> None:
    """A wildcard stands for every symbol that has not ended, after those that are named."""
    listed(store, SYMBOLS)
    jobs = planned(store, clock, "binance:*USDT:1h,binance:ETHBTC:1h,binance:ETHUSDT:1h")
    assert sorted(series_of(jobs)) == [
        "binance:BTCUSDT:1h",
        "binance:ETHBTC:1h",
        "binance:ETHUSDT:1h",
    ]
    assert series_of(jobs)[-1] == "binance:BTCUSDT:1h"
    assert not jobs["binance:BTCUSDT:1h"].named


def test_those_of_a_wildcard_are_spread(store: Store, clock: FrozenClock) -> None:
    """The many series of a wildcard are not due at one moment, and each always at its own."""
    names = [f"A{number}USDT" for number in range(200)]
    traded: SymbolStatus = "TRADING"
    listed(store, dict.fromkeys(names, traded))
    for name in names:
        done(store, f"binance:{name}:1h", NOON + 10_000)
    jobs = planned(store, clock, "binance:*USDT:1h")
    dues = [job.due_ms - NOON - HOUR_MS - 2_000 for job in jobs.values() if job.series]
    assert 0 <= min(dues) <= max(dues) < SPREAD_MS
    assert len(set(dues)) > 150
    assert planned(store, clock, "binance:*USDT:1h") == jobs


def test_a_new_listing_joins(store: Store, clock: FrozenClock) -> None:
    """A symbol that the list has only now is due at once."""
    listed(store, SYMBOLS)
    done(store, "binance:BTCUSDT:1h", NOON + 600_000)
    clock.advance(3_600)
    listed(store, SYMBOLS | {"NEWUSDT": "TRADING"})
    assert planned(store, clock, "binance:*USDT:1h")["binance:NEWUSDT:1h"].due_ms == 0


def test_a_delisted_symbol_ends(store: Store, clock: FrozenClock) -> None:
    """A kept symbol that ends is collected until its last candle has closed, then once a day."""
    name = "binance:BTCUSDT:1h"
    keep_hours(store, name, 1)
    listed(store, SYMBOLS)
    done(store, name, clock.now_ms())
    clock.advance(3_600)
    listed(store, SYMBOLS | {"BTCUSDT": "BREAK"})
    last = planned(store, clock, "binance:*USDT:1h")[name]
    assert (last.due_ms <= clock.now_ms(), last.ended) == (True, False)
    keep_hours(store, name, 2)
    done(store, name, clock.now_ms())
    assert not planned(store, clock, "binance:*USDT:1h")[name].ended
    clock.advance(3_600)
    done(store, name, clock.now_ms())
    ended = planned(store, clock, "binance:*USDT:1h")[name]
    assert ended.ended
    assert ended.due_ms == clock.now_ms() + DAY_MS
    clock.advance(3_600)
    listed(store, SYMBOLS | {"BTCUSDT": "BREAK"})
    assert planned(store, clock, "binance:*USDT:1h")[name] == ended
    listed(store, SYMBOLS)
    assert not planned(store, clock, "binance:*USDT:1h")[name].ended


def test_an_end_during_a_long_sleep(store: Store, clock: FrozenClock) -> None:
    """What seems to have ended long ago is due at once if the last look is more than a day old."""
    name = "binance:BTCUSDT:1h"
    keep_hours(store, name, 1)
    listed(store, SYMBOLS)
    done(store, name, NOON + 2 * HOUR_MS)  # in an outage of the exchange
    clock.advance(3 * 86_400)
    listed(store, SYMBOLS | {"BTCUSDT": "BREAK"})
    assert planned(store, clock, "binance:*USDT:1h")[name].due_ms <= clock.now_ms()


def test_a_symbol_that_vanished_ends(store: Store, clock: FrozenClock) -> None:
    """A kept symbol that the list has no more is not asked for again, and still shown."""
    listed(store, SYMBOLS)
    done(store, "binance:BTCUSDT:1h", NOON + 600_000)
    listed(store, {"ETHUSDT": "TRADING"})
    assert planned(store, clock, "binance:*USDT:1h")["binance:BTCUSDT:1h"].ended


def test_the_list_is_asked_every_hour(store: Store, clock: FrozenClock) -> None:
    """While a wildcard depends on it the list is renewed every hour, whoever fetched it last."""
    listed(store, SYMBOLS)
    done(store, "binance:symbols", NOON)
    jobs = planned(store, clock, "binance:*USDT:1h")
    assert jobs["binance:symbols"].due_ms == clock.now_ms() + HOUR_MS


def test_market_caps_are_asked_once_a_minute(store: Store, clock: FrozenClock) -> None:
    """Also while they fail: sooner nobody may ask, so a run would come to nothing."""
    now_ms = clock.now_ms()
    name = "coingecko:market-caps"
    failed = RunRecord("x", name, now_ms, now_ms, "failed", "{}")
    store.jobs.finish(Finished(failed, error="away", error_kind="Unreachable"))
    assert planned(store, clock, "binance:A:1h")[name].due_ms == now_ms + 60_000
