"""Market caps of the simulated coins, computed from the market's prices minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

import numpy as np

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS
from chandlery.clock import ms_to_datetime
from chandlery.sandbox.coingecko.coins import COINS, Coin
from chandlery.sandbox.market.bars import Floats, Ints
from chandlery.sandbox.market.bounded import Bounded
from chandlery.sandbox.market.listings import BY_SYMBOL
from chandlery.sandbox.market.trading_time import FIRST_MS
from chandlery.sandbox.sources.synthetic import SyntheticSource

RATES: Final = {
    "usd": 1.0, "usdt": 1.0, "eur": 0.86, "gbp": 0.75, "jpy": 151.0, "chf": 0.8, "cny": 7.1,
    "inr": 88.0, "krw": 1410.0, "rub": 81.0, "try": 41.9, "btc": 0.0, "eth": 0.0,
}  # fmt: skip
"""Units of a currency for one US dollar; 0 is taken from the market."""
_PAIRS: Final = {"btc": "BTCUSDT", "eth": "ETHUSDT"}
_LEVEL: Final = 90_000.0
_WINDOWS_MS: Final = {
    "1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "14d": 14 * DAY_MS, "30d": 30 * DAY_MS,
    "200d": 200 * DAY_MS, "1y": 365 * DAY_MS,
}  # fmt: skip
_IMAGES: Final = "https://coin-images.coingecko.com/coins/images"
_SPARKS: Final = 168


class CoinMarket:
    """All coins at one minute of the exchange's clock."""

    def __init__(self, source: SyntheticSource) -> None:
        self._source = source
        self._closes: Bounded[tuple[str, int], list[float]] = Bounded(256, lambda _: 1)

    def rows(
        self,
        now_ms: int,
        currency: str,
        *,
        windows: list[str],
        sparkline: bool,
        precision: str | None,
    ) -> list[dict[str, Any]]:
        """Every coin, biggest first, as /coins/markets has them. `currency` is one of `RATES`."""
        now_ms -= now_ms % MINUTE_MS
        rate = self._rate(currency, now_ms)
        rows = [self._row(coin, now_ms, rate, precision) for coin in COINS]
        by_cap = sorted(rows, key=lambda row: -(row["market_cap"] or -1))
        for rank, row in enumerate(by_cap, start=1):
            row["market_cap_rank"] = rank if row["market_cap"] is not None else None
        coins = {coin.id: coin for coin in COINS}
        for row in rows:
            coin = coins[row["id"]]
            if sparkline:
                prices = [price * rate for price in self._week(coin, now_ms)]
                row["sparkline_in_7d"] = {"price": prices}
            for window in windows:
                row[f"price_change_percentage_{window}_in_currency"] = self._change(
                    coin, now_ms, _WINDOWS_MS[window]
                )
        return by_cap

    def whole(self, now_ms: int) -> dict[str, Any]:
        """The `data` of /global."""
        rows = self.rows(now_ms, "usd", windows=[], sparkline=False, precision=None)
        cap = sum(row["market_cap"] or 0 for row in rows)
        volume = sum(row["total_volume"] or 0 for row in rows)
        before = sum((row["market_cap"] or 0) - (row["market_cap_change_24h"] or 0) for row in rows)
        rates = {name: self._rate(name, now_ms) for name in RATES}
        return {
            "active_cryptocurrencies": len(rows),
            "upcoming_icos": 0,
            "ongoing_icos": 0,
            "ended_icos": 0,
            "markets": 1,
            "total_market_cap": {name: cap * rate for name, rate in rates.items()},
            "total_volume": {name: volume * rate for name, rate in rates.items()},
            "market_cap_percentage": {
                row["symbol"]: 100 * row["market_cap"] / cap for row in rows[:10]
            },
            "market_cap_change_percentage_24h_usd": 100 * (cap / before - 1),
            "volume_change_percentage_24h_usd": 0.0,
            "updated_at": now_ms // 1000,
        }

    def _rate(self, currency: str, now_ms: int) -> float:
        pair = _PAIRS.get(currency)
        return RATES[currency] if pair is None else 1 / self._pair_price(pair, now_ms)

    def _row(self, coin: Coin, now_ms: int, rate: float, precision: str | None) -> dict[str, Any]:
        week = self._week(coin, now_ms)
        price, day = week[-1] * rate, [value * rate for value in week[-25:]]
        cap = price * coin.circulating or None
        change, moved = price - day[0], 100 * (price / day[0] - 1)
        volume = (cap or 1e6 * rate) * (0.03 + 0.9 * abs(moved) / 100)
        known = cap is not None
        cap_change = change * coin.circulating if known else None
        ath, ath_day, atl, atl_day = self._records(coin, now_ms)
        return {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": f"{_IMAGES}/{coin.image}",
            "current_price": _rounded(price, precision),
            "market_cap": _whole(cap),
            "market_cap_rank": None,
            "fully_diluted_valuation": _whole(price * (coin.most or coin.total or 0) or None),
            "total_volume": _whole(volume if known else None),
            "high_24h": _rounded(max(day), precision) if known else None,
            "low_24h": _rounded(min(day), precision) if known else None,
            "price_change_24h": change if known else None,
            "price_change_percentage_24h": round(moved, 5) if known else None,
            "market_cap_change_24h": cap_change,
            "market_cap_change_percentage_24h": round(moved, 5) if known else None,
            "circulating_supply": coin.circulating,
            "total_supply": coin.total,
            "max_supply": coin.most,
            "ath": _rounded(ath * rate, None),
            "ath_change_percentage": round(100 * (price / (ath * rate) - 1), 5),
            "ath_date": _iso(ath_day),
            "atl": _rounded(atl * rate, None),
            "atl_change_percentage": round(100 * (price / (atl * rate) - 1), 5),
            "atl_date": _iso(atl_day),
            "roi": None,
            "last_updated": _iso(now_ms - 1000 - len(coin.id) * 777),
        }

    def _records(self, coin: Coin, now_ms: int) -> tuple[float, int, float, int]:
        if coin.pair is not None and BY_SYMBOL[coin.pair].listed_ms < now_ms - DAY_MS:
            (high, high_ms), (low, low_ms) = self._source.extremes(coin.pair, now_ms)
            return high, high_ms, low, low_ms
        first = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp()) * 1000
        price = self._week(coin, now_ms)[-1]
        return max(price, coin.price * 2.7), first, min(price, coin.price * 0.04), first

    def _change(self, coin: Coin, now_ms: int, back_ms: int) -> float | None:
        """Percent since then; null before the coin was there to be priced."""
        then = now_ms - back_ms
        first = BY_SYMBOL[coin.pair].listed_ms if coin.pair else FIRST_MS
        if then < first or not coin.circulating:
            return None
        return 100 * (self._week(coin, now_ms)[-1] / self._price(coin, then) - 1)

    def _week(self, coin: Coin, now_ms: int) -> list[float]:
        """169 prices in USD: one an hour for a week, and the last."""
        pair = coin.pair if coin.pair and BY_SYMBOL[coin.pair].listed_ms < now_ms else None
        if pair is not None:
            return self._hours(pair, now_ms)

        def make() -> list[float]:
            hours = now_ms - HOUR_MS * np.arange(_SPARKS, -1, -1)
            bitcoin = np.array(self._hours("BTCUSDT", now_ms))
            return list(_following(coin, bitcoin, hours).tolist())

        return self._closes.get((coin.id, now_ms), make)

    def _hours(self, pair: str, now_ms: int) -> list[float]:
        def make() -> list[float]:
            closes = self._source.hourly_closes(pair, _SPARKS, now_ms)
            return [*closes, self._pair_price(pair, now_ms)]

        return self._closes.get((pair, now_ms), make)

    def _pair_price(self, pair: str, now_ms: int) -> float:
        return self._source.window(pair, now_ms, now_ms).close / 1e8

    def _price(self, coin: Coin, ms: int) -> float:
        if coin.pair is not None:
            return self._source.price_at(coin.pair, ms)
        bitcoin = np.array([self._source.price_at("BTCUSDT", ms)])
        return float(_following(coin, bitcoin, np.array([ms]))[0])


def _following(coin: Coin, bitcoin: Floats, times: Ints) -> Floats:
    """A coin without a pair moves with Bitcoin, and slowly by itself."""
    phase = crc32(coin.id.encode()) % 1000 / 1000
    wave = np.sin(2 * np.pi * (times / ((11 + 23 * phase) * DAY_MS) + phase))
    own = (0.12 if coin.sway else 0.0003) * wave
    return np.asarray(coin.price * (bitcoin / _LEVEL) ** coin.sway * np.exp(own))


def _rounded(price: float, precision: str | None) -> float | int:
    """As the service prints prices: whole above 10,000, else to a few significant digits."""
    if precision == "full":
        return price
    if precision is not None:
        return round(price, int(precision))
    digits = 0 if price >= 10_000 else 2 if price >= 1 else 12  # noqa: PLR2004
    value = round(price, digits) if digits != 12 else float(f"{price:.6g}")  # noqa: PLR2004
    return int(value) if value == int(value) and price >= 100 else value  # noqa: PLR2004


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _iso(ms: int) -> str:
    return ms_to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
