"""A keeper in memory: believable candles by seed, exact decimals, and faults on request."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA, Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock, FrozenClock
from chandlery.collect.derived.bases import Shown, Symbol, shown
from chandlery.collect.health import Late
from chandlery.collect.market_view import MarketView
from chandlery.collect.status import BudgetStatus, SeriesStatus, StatusReport
from chandlery.errors import StoreError
from chandlery.market import MarketCap, MarketCapSnapshot

NOW_MS: Final = 1_735_689_723_000
"""2025-01-01 00:02:03 UTC."""

BTC: Final = Series.parse("binance:BTCUSDT:1h")
PEPE: Final = Series.parse("binance:PEPEUSDT:1m")

_COINS: Final = (
    ("bitcoin", "btc", "Bitcoin", "93576", "1853041372303"),
    ("ethereum", "eth", "Ethereum", "3336.5", "402160114762.25"),
    ("tether", "usdt", "Tether", "0.998", "137500000000"),
    ("ripple", "xrp", "XRP", "2.08", "119600000001"),
    ("binancecoin", "bnb", "BNB", "702.1", "102400000000"),
    ("solana", "sol", "Solana", "189.3", "90600000000"),
    ("dogecoin", "doge", "Dogecoin", "0.3157", "46500000000"),
    ("usd-coin", "usdc", "USDC", "1", "43800000000"),
    ("staked-ether", "steth", "Lido Staked Ether", "3330", "32100000000"),
    ("cardano", "ada", "Cardano", "0.845", "29700000000"),
)


def snapshot(taken_ms: int = NOW_MS - 61_000) -> MarketCapSnapshot:
    """Ten coins, biggest first."""
    coins = tuple(
        MarketCap(key, symbol, name, rank, Decimal(price), Decimal(cap), None, None, taken_ms)
        for rank, (key, symbol, name, price, cap) in enumerate(_COINS, start=1)
    )
    return MarketCapSnapshot(taken_ms, "usd", coins)


def walk(series: Series, count: int, now_ms: int, *, start: str) -> Candles:
    """`count` candles from the price `start` to the one which is forming at `now_ms`."""
    dice = random.Random(7)  # noqa: S311  no secret
    first = series.interval.back(series.interval.floor(now_ms), count - 1)
    price, mood = Decimal(start), 1.0
    unit = Decimal(1).scaleb(int(price.as_tuple().exponent))
    rows = []
    for _ in range(count):
        mood = max(0.4, min(3.0, mood * dice.lognormvariate(0, 0.25)))
        row = _candle(dice, price, unit, mood)
        rows.append({"open_time": first, "close_time": series.interval.close(first), **row})
        price, first = row["close"], series.interval.next(first)
    return Candles(series, pl.DataFrame(rows, schema=SCHEMA), unfinished=1)


def _candle(dice: random.Random, open_: Decimal, unit: Decimal, mood: float) -> dict[str, Decimal]:
    def near(price: Decimal, spread: float) -> Decimal:
        moved = price * (1 + Decimal(dice.gauss(0, spread * mood)))
        return max(unit, (moved / unit).to_integral_value() * unit)

    close = near(open_, 0.0045)
    ends = sorted((open_, close))
    volume = Decimal(round(dice.lognormvariate(6, 0.5) * mood * 1e5)) / 100_000
    bought = volume * Decimal(round(dice.uniform(0.3, 0.7), 3))
    return {
        "open": open_,
        "high": max(ends[1], near(ends[1], 0.002)),
        "low": min(ends[0], near(ends[0], 0.002)),
        "close": close,
        "volume": volume,
        "quote_volume": round(volume * (open_ + close) / 2, 8),
        "trades": Decimal(dice.randint(40_000, 160_000)),
        "taker_buy_volume": bought,
        "taker_buy_quote_volume": round(bought * (open_ + close) / 2, 8),
    }


@dataclass(frozen=True)
class Held:
    """A catalogue line."""

    series: Series
    candles: int
    first_ms: int | None
    last_ms: int | None
    updated_ms: int | None
    revisions: int = 0


@dataclass
class FakeKeeper:
    """Everything that the web side asks of a keeper; change its fields to change the world."""

    candles: dict[Series, Candles] = field(default_factory=dict)
    caps: MarketCapSnapshot | None = field(default_factory=snapshot)
    clock: Clock = field(default_factory=lambda: FrozenClock(NOW_MS))
    decimals: dict[Series, int] = field(default_factory=lambda: {BTC: 2, PEPE: 8})
    wanted: Sequence[Series] = (BTC,)
    updated_ms: int = NOW_MS
    exchange_error: str | None = None
    caps_error: str | None = None
    late: Sequence[Late] = ()
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    budgets: Sequence[BudgetStatus] = ()
    store_error: StoreError | None = None
    reads: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wanted_series(self) -> Sequence[Series]:
        """What is to be kept."""
        self._check()
        return self.wanted

    def read(self, series: Series, *, last: int | None = None, span: Span | None = None) -> Candles:
        """The newest `last` candles of those in `span`."""
        self._check()
        with self.lock:
            self.reads += 1
        kept = self.candles.get(series, Candles(series))
        frame = kept.frame
        if span is not None:
            opens = pl.col("open_time").dt.epoch("ms")
            frame = frame.filter((opens >= span.start) & (opens < span.end))
        frame = frame if last is None else frame.tail(last)
        forming = frame.join(kept.forming, on="open_time", how="semi").height
        return Candles(series, frame, forming)

    def catalogue(self) -> list[Held]:
        """What is stored."""
        self._check()
        return [self._held(candles) for candles in self.candles.values() if len(candles)]

    @property
    def market(self) -> FakeKeeper:
        """The market caps are the keeper's."""
        return self

    def view(self, top: int, at_ms: int | None) -> MarketView | None:
        """The last known market caps, and nothing beside them."""
        del at_ms
        self._check()
        if self.caps is None:
            return None
        return MarketView(replace(self.caps, coins=self.caps.coins[:top]), None, {}, {})

    def status(self) -> StatusReport:
        """How everything stands."""
        self._check()
        now_ms = self.clock.now_ms()
        return StatusReport(
            now_ms,
            [self._status(line, now_ms) for line in self.catalogue()],
            self.exchange_error,
            last_attempt_ms=now_ms,
            market_caps_ms=self.caps.taken_ms if self.caps else None,
            market_caps_error=self.caps_error,
            market_caps_late=self.caps_error is not None,
            healthy=not self.late,
            late=list(self.late),
            due_jobs=2,
            budgets=list(self.budgets),
            counted=self.counted,
        )

    def secret(self, name: str) -> bytes:
        """A key that is no secret."""
        return name.encode()

    def shown_intervals(self) -> Mapping[Symbol, tuple[Shown, ...]]:
        """What is stored, and what could be summed of it."""
        return shown(self.catalogue())

    def price_decimals(self, series: Series) -> int | None:
        """Digits after the point, where this keeper was told."""
        return self.decimals.get(series)

    def _check(self) -> None:
        if self.store_error is not None:
            raise self.store_error

    def _status(self, line: Held, now_ms: int) -> SeriesStatus:
        return SeriesStatus(
            str(line.series),
            line.candles,
            line.last_ms,
            line.updated_ms,
            lag_ms=123_000,
            wanted=line.series in self.wanted,
            late=str(line.series) in {one.series for one in self.late},
            unserved_ms=now_ms + 60_000,
            succeeded_ms=now_ms - 1_000,
            due_ms=now_ms + 60_000,
        )

    def _held(self, candles: Candles) -> Held:
        opens = candles.closed["open_time"].dt.epoch("ms")
        return Held(candles.series, len(opens), opens[0], opens[-1], self.updated_ms)


def keeper_with_candles(count: int = 500, *, clock: Clock | None = None) -> FakeKeeper:
    """Two series: BTCUSDT by the hour, and one with eight decimals by the minute."""
    clock = clock or FrozenClock(NOW_MS)
    now_ms = clock.now_ms()
    btc = walk(BTC, count, now_ms, start="93488.83")
    pepe = walk(PEPE, count, now_ms, start="0.00001988")
    return FakeKeeper(
        candles={BTC: btc, PEPE: pepe},
        caps=snapshot(now_ms - 61_000),
        clock=clock,
        updated_ms=now_ms,
        wanted=(BTC, PEPE),
    )
