"""Symbols as the exchange has them, market caps, and how everything stands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock, ms_to_text
from chandlery.collect.collect import Collector
from chandlery.collect.jobs import plan_jobs
from chandlery.collect.market_caps import refresh
from chandlery.collect.record import record
from chandlery.collect.status import BudgetStatus, StatusReport, status
from chandlery.collect.symbols import Listings, check
from chandlery.collect.wanted import Wanted, between, has_zone, newest, to_ms
from chandlery.errors import BadSpan, Refused, RemoteError, UnknownSymbol, Unreachable
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.settings import read_settings
from chandlery.store import Store
from chandlery.transport.budget import MinuteBudget
from tests.candles import market
from tests.collect.tape import SERIES, TapeExchange

NOW = market.START_MS + 100 * 60_000


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still."""
    return FrozenClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Iterator[Store]:
    """An empty store."""
    with Store.open(f"sqlite:///{tmp_path}/store.db", clock=clock) as opened:
        yield opened


@pytest.fixture
def exchange() -> TapeExchange:
    """An exchange with an hour of minutes."""
    return TapeExchange(market.frame(60), now_ms=NOW)


@pytest.fixture
def listings(store: Store, clock: FrozenClock) -> Listings:
    """No list of symbols as yet."""
    return Listings(store, clock)


def series(symbol: str) -> Series:
    """A series of that symbol."""
    return Series.parse(f"binance:{symbol}:1m")


def test_lower_case(exchange: TapeExchange, listings: Listings) -> None:
    """A lower-case symbol is accepted, corrected, and said."""
    checked = check(series("btcusdt"), exchange, listings)
    assert checked.series == SERIES
    assert checked.notes == ("btcusdt is read as BTCUSDT: symbols are upper case.",)


def test_unknown(exchange: TapeExchange, listings: Listings) -> None:
    """An unknown symbol is refused with the nearest names that trade."""
    with pytest.raises(UnknownSymbol, match="Nearest: BTCUSDT"):
        check(series("BTCUSD"), exchange, listings)


def test_ended(exchange: TapeExchange, listings: Listings) -> None:
    """A symbol that has ended may be asked, and it is said that it has ended."""
    checked = check(series("OLDUSDT"), exchange, listings)
    assert "not trading (BREAK)" in checked.notes[0]


def test_list_is_kept(exchange: TapeExchange, listings: Listings, clock: FrozenClock) -> None:
    """The list is asked once a day, and an old one serves while the exchange is away."""
    check(SERIES, exchange, listings)
    clock.advance(23 * 3600)
    assert check(SERIES, exchange, listings).info.price_decimals == 2
    assert exchange.listings == 1
    clock.advance(2 * 3600)
    exchange.fails_with = Unreachable("away")
    assert check(SERIES, exchange, listings).series == SERIES
    assert exchange.listings == 2


class Coins:
    """A source of market caps that counts its calls and may be away."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: RemoteError | None = None

    def top(
        self, count: int = 10, currency: str = "usd", *, sparkline: bool = False
    ) -> MarketCapSnapshot:
        """One coin, bigger at each call."""
        del sparkline
        self.calls += 1
        if self.error:
            raise self.error
        coin = MarketCap(
            "bitcoin", "btc", "Bitcoin", 1, Decimal(1), Decimal(self.calls), None, None, NOW
        )
        return MarketCapSnapshot(NOW + self.calls, currency, (coin,) * min(count, 1))


def test_market_caps_at_most_once_a_minute(store: Store, clock: FrozenClock) -> None:
    """However often it is refreshed, the source is called once a minute at most."""
    coins = Coins()
    for _ in range(10):
        assert refresh(coins, store, clock) is None
        clock.advance(29)
    assert coins.calls == 4
    latest = store.market_caps.latest()
    assert latest is not None
    assert latest.coins[0].market_cap == 4


def test_market_caps_survive_the_source(store: Store, clock: FrozenClock) -> None:
    """While the source is away the last known values stay, and the status says why."""
    coins = Coins()
    refresh(coins, store, clock)
    clock.advance(61)
    coins.error = Unreachable("CoinGecko cannot be reached.")
    assert refresh(coins, store, clock) is coins.error
    report = standing(store, clock, [])
    assert report.market_caps_ms == NOW + 1
    assert report.market_caps_error == "CoinGecko cannot be reached."


def standing(store: Store, clock: FrozenClock, wanted: list[Series]) -> StatusReport:
    """The status of a store in which the `wanted` series are to be kept."""
    settings = read_settings(series=tuple(wanted or [SERIES]))
    now_ms = clock.now_ms()
    jobs = plan_jobs(settings, store, Listings(store, clock), now_ms=now_ms)
    return status(store, settings, jobs, now_ms=now_ms)


def collect(exchange: TapeExchange, store: Store, clock: FrozenClock, *, job: bool = True) -> None:
    """One run, written down."""
    report = Collector(exchange, store, clock).collect(SERIES, Wanted(last=5))
    record(report, store, job=job)


def test_status(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """The status lists wanted series first, with their lag and how their runs went."""
    collect(exchange, store, clock)
    clock.advance(1)
    other = series("ETHUSDT")
    report = standing(store, clock, [other])
    assert [line.series for line in report.series] == [str(other), str(SERIES)]
    first, second = report.series
    assert (first.candles, first.lag_ms, first.due_ms, first.late) == (0, None, 0, True)
    assert (second.candles, second.lag_ms, second.wanted) == (5, 40 * 60_000 + 1000, False)
    assert (second.late, report.healthy) == (False, False)
    report = standing(store, clock, [SERIES])
    assert report.healthy
    assert report.series[0].succeeded_ms == NOW
    assert report.counted["candles"] == {"new": 5}
    assert report.counted["runs"] == {"done": 1}


@pytest.mark.parametrize("job", [True, False])
def test_exchange_error(
    exchange: TapeExchange, store: Store, clock: FrozenClock, *, job: bool
) -> None:
    """The error of an exchange that is away is told, whoever asked, until it answers again."""
    exchange.fails_with = Unreachable("no route")
    collect(exchange, store, clock, job=job)
    assert standing(store, clock, [SERIES]).exchange_error == "no route"
    assert standing(store, clock, [SERIES]).last_attempt_ms == NOW
    clock.advance(1)
    exchange.fails_with = None
    collect(exchange, store, clock, job=job)
    assert standing(store, clock, [SERIES]).exchange_error is None


def test_error_of_one_series_is_not_the_exchange(
    exchange: TapeExchange, store: Store, clock: FrozenClock
) -> None:
    """A refusal or a bad file is told of its series, and the exchange is not called away."""
    exchange.fails_with = Refused("no such symbol", code=-1121)
    collect(exchange, store, clock)
    report = standing(store, clock, [SERIES])
    assert report.exchange_error is None
    assert (report.series[0].error, report.series[0].error_kind) == ("no such symbol", "Refused")


def test_budgets(store: Store, clock: FrozenClock) -> None:
    """What is left of a request budget is told, never less than nothing."""
    budget = MinuteBudget(clock, limit=100)
    budget.settle(budget.acquire(10), used=130)
    found = status(store, read_settings(), [], now_ms=NOW, budgets={"binance": budget}).budgets
    assert found == [BudgetStatus("binance", 130, 100, 0, 0.0)]
    budget.freeze(30)
    (frozen,) = status(store, read_settings(), [], now_ms=NOW, budgets={"binance": budget}).budgets
    assert frozen.frozen_seconds == 30


def test_report_says_what_came(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """A report names the open times that came, or the kind of what went wrong."""
    good = Collector(exchange, store, clock).collect(SERIES, Wanted(last=5)).as_dict()
    first, last = (ms_to_text(market.START_MS + minute * 60_000) for minute in (55, 59))
    assert (good["got"], good["error"], good["error_kind"]) == (f"{first} to {last}", None, None)
    exchange.fails_with = Unreachable("no route")
    bad = Collector(exchange, store, clock).collect(SERIES, Wanted(last=5)).as_dict()
    assert (bad["got"], bad["error"], bad["error_kind"]) == (None, "no route", "Unreachable")


@pytest.mark.parametrize("count", [0, -1, 1_000_001])
def test_bad_count(count: int) -> None:
    """A count of none, fewer, or over a million is refused in words."""
    with pytest.raises(BadSpan, match="1 to 1,000,000"):
        newest(count)


def test_bad_times() -> None:
    """Times that make no span are refused in words."""
    with pytest.raises(BadSpan, match="--since must be before --until"):
        between(10, 10, now_ms=NOW)
    with pytest.raises(BadSpan, match="Nothing has happened yet"):
        between(NOW, None, now_ms=NOW)
    with pytest.raises(BadSpan, match="no time"):
        to_ms("yesterday")
    for odd in ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00+23:59", 10**18, -(10**18)):
        with pytest.raises(BadSpan, match="not between the years 1 and 9999"):
            between(to_ms(odd), None, now_ms=NOW)


def test_times() -> None:
    """Times without a zone are UTC, and whether one was named can be told."""
    assert to_ms("2024-01-01") == to_ms("2024-01-01T00:00Z") == 1_704_067_200_000
    assert to_ms("2024-01-01T01:00+01:00") == 1_704_067_200_000
    assert not has_zone("2024-01-01")
    assert has_zone("2024-01-01T00:00Z")
    assert between(5, 10**15, now_ms=NOW).span is not None
