"""What is kept of the market, given back: now, at an earlier time, over time, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from chandlery.candles.interval import DAY_MS, HOUR_MS
from chandlery.candles.series import Series
from chandlery.collect.market_pairs import EXCHANGE, coin_pairs
from chandlery.collect.market_past import (
    Change,
    MarketPast,
    changes_of,
    hourly,
    past_of,
    picked,
    ranked,
    total,
)
from chandlery.collect.symbols import Listings
from chandlery.market import MarketCap, MarketCapSnapshot
from chandlery.store import Store

BIGGEST: Final = 10
"""How many coins people mean by the biggest, if they do not say."""
_ALL: Final = 1000
"""More places than any snapshot has."""
_WEEK_MS: Final = 7 * DAY_MS
_SPARKS: Final = 43
"""Prices in a sparkline: one in four hours, for a week."""
_TOLD_MS: Final = DAY_MS
"""So far from the sparklines that were told, those made of our own snapshots fit better."""


@dataclass(frozen=True, slots=True)
class Others:
    """The coins that are kept and not among the top; by no means all that there are."""

    market_cap: Decimal
    coins: int


@dataclass(frozen=True, slots=True)
class MarketView:
    """The biggest coins at one moment, and what is known beside their figures."""

    snapshot: MarketCapSnapshot
    others: Others | None
    sparklines: Mapping[str, tuple[Decimal, ...]]
    """Prices of the seven days before, by coin id, oldest first."""
    pairs: Mapping[str, Series]
    """A series of each coin that can be shown, by coin id."""


class Market:
    """What is kept of the market; part of the keeper. Asks nobody, and may raise `StoreError`."""

    def __init__(
        self, store: Store, listings: Listings, kept: Callable[[], Iterable[Series]]
    ) -> None:
        self._store = store
        self._listings = listings
        self._kept = kept

    def biggest(self, top: int = BIGGEST, at_ms: int | None = None) -> MarketCapSnapshot | None:
        """The `top` biggest coins as last known, or as they were at `at_ms` (epoch ms).

        None when nothing was kept yet, or then.
        """
        snapshot = self._store.market_caps.at(at_ms)
        return None if snapshot is None else replace(snapshot, coins=snapshot.coins[:top])

    def view(self, top: int = BIGGEST, at_ms: int | None = None) -> MarketView | None:
        """The same with the sum of the other coins kept, sparklines, and series to look at."""
        whole = self._store.market_caps.at(at_ms)
        if whole is None:
            return None
        coins, rest = whole.coins[:top], whole.coins[top:]
        summed = total(coin.market_cap for coin in rest)
        return MarketView(
            replace(whole, coins=coins),
            None if summed is None else Others(summed, len(rest)),
            self._sparklines(whole, coins),
            self._pairs(whole),
        )

    def bounds(self) -> tuple[int | None, int | None, int]:
        """When the first and the last snapshot were taken (epoch ms), and how many are kept."""
        return self._store.market_cap_past.bounds()

    def past(self, top: int, since_ms: int | None, until_ms: int | None, points: int) -> MarketPast:
        """The biggest coins from `since_ms` until `until_ms`, at no more than `points` times."""
        times = picked(self._store.market_cap_past.times(since_ms, until_ms), points)
        return past_of(self._store.market_cap_past.caps(times), top)

    def changes(
        self, top: int, since_ms: int | None, until_ms: int | None, limit: int
    ) -> tuple[list[Change], bool]:
        """Who entered and left the `top`, looked at once an hour; newest first.

        At most `limit` of them, and whether there are older ones.
        """
        times = hourly(self._store.market_cap_past.times(since_ms, until_ms))
        found = list(changes_of(self._store.market_cap_past.places(times, top), top))
        newest = found[-limit:][::-1]
        ranks = {
            (row.taken_ms, row.id): row.place + 1
            for row in self._store.market_cap_past.places([one.taken_ms for one in newest], _ALL)
        }
        return [ranked(one, ranks) for one in newest], len(found) > limit

    def _pairs(self, whole: MarketCapSnapshot) -> dict[str, Series]:
        listing = self._listings.held(EXCHANGE)
        return coin_pairs(whole.coins, self._kept(), listing.symbols if listing else {})

    def _sparklines(
        self, whole: MarketCapSnapshot, coins: Sequence[MarketCap]
    ) -> Mapping[str, tuple[Decimal, ...]]:
        """As CoinGecko told them about that time, else from the snapshots of the week before."""
        told_ms = self._store.sparklines.taken_ms(whole.currency)
        if told_ms is not None and abs(whole.taken_ms - told_ms) <= _TOLD_MS:
            return self._store.sparklines.read(whole.currency)
        end_ms = whole.taken_ms + 1
        times = self._store.market_cap_past.times(end_ms - _WEEK_MS, end_ms, whole.currency)
        if len(times) < 2 or times[-1] - times[0] < HOUR_MS:  # noqa: PLR2004  no line
            return {}
        return self._own_sparklines(picked(times, _SPARKS), [coin.id for coin in coins])

    def _own_sparklines(
        self, times: Sequence[int], ids: Sequence[str]
    ) -> Mapping[str, tuple[Decimal, ...]]:
        prices: dict[str, list[Decimal]] = {}
        for row in self._store.market_cap_past.prices(times, ids):
            if row.price is not None:
                prices.setdefault(row.id, []).append(row.price)
        return {coin: tuple(known) for coin, known in prices.items()}
