"""The coarse shape of the market: one candle a day per symbol, from which all finer ones follow.

A day's price is a level that drifts over years, times a wandering part that returns to it. The
size of its steps is itself a slow process (calm and wild months), shared in part with the market.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from chandlery.candles.interval import DAY_MS
from chandlery.sandbox.market.bars import Bars, Floats, Ints
from chandlery.sandbox.market.dice import dice
from chandlery.sandbox.market.listings import BY_SYMBOL, UNIT, Listing
from chandlery.sandbox.market.trading_time import FIRST_MS, LAST_MS, TradingTime

DAY_EDGES: Final = np.arange(FIRST_MS, LAST_MS + 1, DAY_MS, dtype=np.int64)
_DAYS: Final = DAY_EDGES.size - 1
_YEARS: Final = 2017.4959 + np.arange(_DAYS) / 365.25
_FRIDAY: Final = 4
_WEEKEND: Final = np.where((DAY_EDGES[:-1] // DAY_MS + 3) % 7 > _FRIDAY, 0.68, 1.0)
"""Epoch day 0 was a Thursday; Saturdays and Sundays are quieter."""

_REVERSION: Final = 1 - 1 / 55
_CALM: Final = 0.965
_MEMORY: Final = 400
_FEWEST: Final = 150
_LIVELY: Final = 100_000


def draw_days(seed: int, listing: Listing, trading: TradingTime) -> Bars:
    """Every day of the simulated market, from `FIRST_MS` on; dead where nothing was traded."""
    die = dice(seed, f"{listing.symbol} candles of days")
    calm = _calm(seed, listing)
    close_log = _log_prices(seed, listing) - np.log(listing.tick / UNIT)
    steps = np.diff(close_log, prepend=close_log[0])
    close = np.maximum(np.rint(np.exp(close_log)), 20).astype(np.int64)
    open_share = trading.open_ms(DAY_EDGES) / DAY_MS
    surprise = np.abs(steps) / (listing.volatility * np.exp(calm)) - 0.8
    mood = 0.55 * calm + 0.12 * surprise + 0.22 * die.standard_normal(_DAYS)
    busy = np.exp(mood) * _WEEKEND * _growth(listing) * open_share
    open_ = _opens(close, listing, die)
    high, low = _extremes(open_, close, listing.volatility * np.exp(calm), die)
    alive = open_share > 0
    trades = np.where(alive, np.maximum(np.rint(listing.trades * busy**0.9), _FEWEST), 0)
    lots = listing.turnover * busy * UNIT / (close * listing.granule)
    volume = np.where(alive, np.maximum(np.rint(lots), trades * 100), 0).astype(np.int64)
    quote = _quotes(open_, high, low, close, volume, die)
    taken = np.clip(0.5 + 0.012 * die.standard_normal(_DAYS) + 0.4 * steps, 0.4, 0.6)
    taker = np.rint(volume * taken).astype(np.int64)
    taker_quote = np.rint(quote * (taker / np.maximum(volume, 1))).astype(np.int64)
    return Bars(
        np.where(alive, open_, close),
        np.where(alive, high, close),
        np.where(alive, low, close),
        close,
        volume,
        quote,
        trades.astype(np.int64),
        taker,
        taker_quote,
        alive,
    )


def _log_prices(seed: int, listing: Listing) -> Floats:
    if listing.cross is not None:
        base, quote = (_log_prices(seed, BY_SYMBOL[name]) for name in listing.cross)
        return base - quote
    own = dice(seed, f"{listing.symbol} days").standard_t(5, _DAYS)
    market = dice(seed, "market days").standard_t(5, _DAYS)
    mixed = listing.beta * market + np.sqrt(1 - listing.beta**2) * own
    steps = listing.volatility * np.exp(_calm(seed, listing)) * mixed * np.sqrt(3 / 5)
    years, levels = zip(*listing.levels, strict=True)
    return np.interp(_YEARS, years, np.log(levels)) + _remembered(steps, _REVERSION)


def _calm(seed: int, listing: Listing) -> Floats:
    """Logarithm of a day's volatility against the typical one."""
    own = dice(seed, f"{listing.symbol} calm").standard_normal(_DAYS)
    market = dice(seed, "market calm").standard_normal(_DAYS)
    return _remembered(0.115 * (0.8 * market + 0.6 * own), _CALM) - 0.09


def _remembered(steps: Floats, share: float) -> Floats:
    """Each day keeps `share` of the day before and adds its own step."""
    return np.convolve(steps, share ** np.arange(_MEMORY))[: steps.size]


def _growth(listing: Listing) -> Floats:
    """A young symbol on a young exchange trades little: from some 4 % to all in four years."""
    age = (DAY_EDGES[:-1] - max(listing.listed_ms, FIRST_MS)) / (4 * 365.25 * DAY_MS)
    rising = np.clip(age, 0.0, 1.0) if listing.listed_ms < _GROWN_UP_MS else np.ones(_DAYS)
    return 0.04 ** (1 - rising)


_GROWN_UP_MS: Final = FIRST_MS + 4 * 365 * DAY_MS


def _opens(close: Ints, listing: Listing, die: np.random.Generator) -> Ints:
    """Usually the last close; a tick beside it where trading never rests."""
    before = np.concatenate([close[:1], close[:-1]])
    beside = die.choice([-1, 0, 0, 1], _DAYS)
    return np.asarray(before + beside * int(listing.trades >= _LIVELY), dtype=np.int64)


def _extremes(
    open_: Ints, close: Ints, sigma: Floats, die: np.random.Generator
) -> tuple[Ints, Ints]:
    """High and low as of a random walk that had to go from open to close."""
    start, end = np.log(open_), np.log(close)
    middle, gap = (start + end) / 2, (end - start) ** 2
    up, down = -2 * sigma**2 * np.log(die.random((2, _DAYS)) + 1e-12)
    high = np.rint(np.exp(middle + np.sqrt(gap + up) / 2)).astype(np.int64)
    low = np.rint(np.exp(middle - np.sqrt(gap + down) / 2)).astype(np.int64)
    return np.maximum(high, np.maximum(open_, close)), np.maximum(
        np.minimum(low, np.minimum(open_, close)), 1
    )


def _quotes(  # noqa: PLR0913, PLR0917  the four prices belong together
    open_: Ints, high: Ints, low: Ints, close: Ints, volume: Ints, die: np.random.Generator
) -> Ints:
    spread = np.maximum(high - low, 1)
    middle = ((open_ + close) / 2 - low) / spread
    place = np.clip(0.25 + 0.5 * middle + 0.05 * die.standard_normal(_DAYS), 0.2, 0.8)
    average: Floats = low + np.where(high > low, place, 0.0) * (high - low)
    quotes: Ints = np.rint(volume * average).astype(np.int64)
    return quotes
