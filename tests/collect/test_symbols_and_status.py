"""Symbols as the exchange has them, market caps, and how everything stands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chandlery.candles.series import Series
from chandlery.clock import FrozenClock
from chandlery.collect.collect import Collector
from chandlery.collect.market_caps import refresh
from chandlery.collect.status import status
from chandlery.collect.symbols import check
from chandlery.collect.wanted import Wanted, between, has_zone, newest, to_ms
from chandlery.errors import BadSpan, RemoteError, UnknownSymbol, Unreachable
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store import Store
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


def series(symbol: str) -> Series:
    """A series of that symbol."""
    return Series.parse(f"binance:{symbol}:1m")


def test_lower_case(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """A lower-case symbol is accepted, corrected, and said."""
    checked = check(series("btcusdt"), exchange, store, clock)
    assert checked.series == SERIES
    assert checked.notes == ("btcusdt is read as BTCUSDT: symbols are upper case.",)


def test_unknown(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """An unknown symbol is refused with the nearest names that trade."""
    with pytest.raises(UnknownSymbol, match="Nearest: BTCUSDT"):
        check(series("BTCUSD"), exchange, store, clock)


def test_ended(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """A symbol that has ended may be asked, and it is said that it has ended."""
    checked = check(series("OLDUSDT"), exchange, store, clock)
    assert "not trading (BREAK)" in checked.notes[0]


def test_list_is_kept(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """The list is asked once a day, and an old one serves while the exchange is away."""
    check(SERIES, exchange, store, clock)
    clock.advance(23 * 3600)
    assert check(SERIES, exchange, store, clock).info.price_decimals == 2
    assert exchange.listings == 1
    clock.advance(2 * 3600)
    exchange.fails_with = Unreachable("away")
    assert check(SERIES, exchange, store, clock).series == SERIES
    assert exchange.listings == 2


class Coins:
    """A source of market caps that counts its calls and may be away."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: RemoteError | None = None

    def top(self, count: int = 10, currency: str = "usd") -> MarketCapSnapshot:
        """One coin, bigger at each call."""
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
        assert refresh(coins, store, clock)
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
    assert not refresh(coins, store, clock)
    report = status(store, [], now_ms=clock.now_ms())
    assert report.market_caps_ms == NOW + 1
    assert report.market_caps_error == "CoinGecko cannot be reached."


def test_status(exchange: TapeExchange, store: Store, clock: FrozenClock) -> None:
    """The status lists wanted series first, with their lag, and the last error until it is over."""
    other = series("ETHUSDT")
    exchange.fails_with = Unreachable("no route")
    Collector(exchange, store, clock).collect(SERIES, Wanted(last=5))
    assert status(store, [SERIES], now_ms=NOW).exchange_error == "no route"
    clock.advance(1)
    exchange.fails_with = None
    Collector(exchange, store, clock).collect(SERIES, Wanted(last=5))
    report = status(store, [other, SERIES], now_ms=clock.now_ms())
    assert report.exchange_error is None
    assert [line.series for line in report.series] == [str(other), str(SERIES)]
    assert report.series[0].candles == 0
    assert report.series[1].lag_ms == 40 * 60_000 + 1000


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


def test_times() -> None:
    """Times without a zone are UTC, and whether one was named can be told."""
    assert to_ms("2024-01-01") == to_ms("2024-01-01T00:00Z") == 1_704_067_200_000
    assert to_ms("2024-01-01T01:00+01:00") == 1_704_067_200_000
    assert not has_zone("2024-01-01")
    assert has_zone("2024-01-01T00:00Z")
    assert between(5, 10**15, now_ms=NOW).span is not None
