"""The names of the archive's files, what each is of, and when it is published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from chandlery.candles.interval import DAY_MS, HOUR_MS, INTERVALS, Interval
from chandlery.candles.span import Span
from chandlery.sandbox.market.listings import Listing

Period = Literal["daily", "monthly"]


@dataclass(frozen=True, slots=True)
class Market:
    """One branch of the archive, and how its files differ from those of the other."""

    folder: str
    without: frozenset[str] = frozenset()
    """Intervals that it has not."""
    quotes: frozenset[str] | None = None
    """Quote assets whose symbols it has; None is all."""
    header: bool = False
    """Whether the first line of a file names the columns."""
    micro_from_ms: int | None = None
    """Files of this time on count in microseconds."""

    def has(self, listing: Listing) -> bool:
        """Whether a symbol is traded there."""
        return self.quotes is None or listing.quote in self.quotes


MARKETS: Final = (
    Market("data/spot/", micro_from_ms=int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1000),
    Market(
        "data/futures/um/",
        without=frozenset({"1s"}),
        quotes=frozenset({"USDT", "USDC"}),
        header=True,
    ),
)
PERIODS: Final[tuple[Period, ...]] = ("daily", "monthly")
_AFTER_MS: Final[dict[Period, int]] = {"daily": 5 * HOUR_MS, "monthly": 2 * DAY_MS}
"""From the end of its last candle until a file is there."""
_MONTH: Final = Interval.parse("1M")
_LENGTH: Final = {"daily": Interval.parse("1d"), "monthly": _MONTH}
_STAMP: Final = {"daily": "%Y-%m-%d", "monthly": "%Y-%m"}
_BY_SLUG: Final = {interval.slug: interval for interval in INTERVALS}
_NAME: Final = re.compile(
    r"(?P<market>data/(?:spot|futures/um)/)(?P<period>daily|monthly)/klines/"
    r"(?P<symbol>[^/]+)/(?P<slug>[^/]+)/(?P=symbol)-(?P=slug)-(?P<stamp>[0-9-]{7,10})\.zip"
)


def intervals_of(market: Market, period: Period) -> list[Interval]:
    """The intervals that a branch has, in the order of their folders."""
    kept = [
        each
        for each in INTERVALS
        if each.text not in market.without and (period == "monthly" or each.typical_ms <= DAY_MS)
    ]
    return sorted(kept, key=lambda interval: f"{interval.slug}/")


@dataclass(frozen=True, slots=True)
class ArchivePath:
    """One zip."""

    market: Market
    period: Period
    symbol: str
    interval: Interval
    start_ms: int

    @property
    def folder(self) -> str:
        """Where it lies, with a slash at the end."""
        return f"{self.market.folder}{self.period}/klines/{self.symbol}/{self.interval.slug}/"

    @property
    def base(self) -> str:
        """Its name without an ending."""
        day = datetime.fromtimestamp(self.start_ms // 1000, UTC)
        return f"{self.symbol}-{self.interval.slug}-{day.strftime(_STAMP[self.period])}"

    @property
    def key(self) -> str:
        """The whole path."""
        return f"{self.folder}{self.base}.zip"

    @property
    def span(self) -> Span:
        """The open times that it is of: a month or a day, UTC."""
        return Span(self.start_ms, _LENGTH[self.period].next(self.start_ms))

    @property
    def micro(self) -> bool:
        """Whether its times are microseconds."""
        return self.market.micro_from_ms is not None and self.start_ms >= self.market.micro_from_ms

    def published_ms(self, listing: Listing) -> int:
        """When it is there: some time after its last candle has closed."""
        last_ms = self.interval.floor(self.span.end - 1, anchor_ms=listing.listed_ms)
        return max(self.span.end, self.interval.next(last_ms)) + _AFTER_MS[self.period]


def read_path(key: str) -> ArchivePath | None:
    """The zip of a path, or None if no zip can have it."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    market = next(each for each in MARKETS if each.folder == found["market"])
    period: Period = "daily" if found["period"] == "daily" else "monthly"
    interval = _BY_SLUG.get(found["slug"])
    if interval is None or interval not in intervals_of(market, period):
        return None
    try:
        start = datetime.strptime(found["stamp"], _STAMP[period]).replace(tzinfo=UTC)
    except ValueError:
        return None
    path = ArchivePath(market, period, found["symbol"], interval, int(start.timestamp()) * 1000)
    return path if path.key == key else None


def paths_from(
    market: Market, period: Period, listing: Listing, interval: Interval, first_ms: int
) -> Iterator[ArchivePath]:
    """The zips of a series from the one with the candle of `first_ms` on, without end."""
    start_ms = _LENGTH[period].floor(first_ms)
    while True:
        yield ArchivePath(market, period, listing.symbol, interval, start_ms)
        start_ms = _LENGTH[period].next(start_ms)
