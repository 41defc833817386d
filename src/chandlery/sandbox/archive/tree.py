"""The archive as folders, walked in the order of keys: what is not asked for is not looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from chandlery.candles.interval import Interval
from chandlery.sandbox.archive.paths import MARKETS, PERIODS, Market, Period, intervals_of
from chandlery.sandbox.archive.shelf import Shelf
from chandlery.sandbox.market.listings import Listing


@dataclass(frozen=True, slots=True)
class Folder:
    """A path that ends in a slash, or the root; folders and keys in it ascend."""

    path: str
    inside: Callable[[], Iterable[Folder | str]]

    def is_empty(self) -> bool:
        """Whether there is no key below."""
        return next(self.keys(), None) is None

    def keys(self) -> Iterator[str]:
        """Every key below."""
        for each in self.inside():
            yield from [each] if isinstance(each, str) else each.keys()


@dataclass(frozen=True, slots=True)
class Walk:
    """What a listing asks for."""

    prefix: str
    after: str
    """Only what sorts behind this."""
    folded: bool
    """Whether folders are shown in place of what is in them."""

    def through(self, folder: Folder) -> Iterator[Folder | str]:
        """The keys and folders asked for, ascending."""
        for each in folder.inside():
            if isinstance(each, str):
                if each.startswith(self.prefix) and each > self.after:
                    yield each
            elif self._is_shown(each):
                if each.path > self.after and not each.is_empty():
                    yield each
            elif self._leads_on(each):
                yield from self.through(each)

    def _is_shown(self, folder: Folder) -> bool:
        below = folder.path.startswith(self.prefix) and folder.path != self.prefix
        return self.folded and below

    def _leads_on(self, folder: Folder) -> bool:
        near = folder.path.startswith(self.prefix) or self.prefix.startswith(folder.path)
        return near and (folder.path > self.after or self.after.startswith(folder.path))


def tree(shelf: Shelf) -> Folder:
    """The whole archive."""
    spot, um = (_market(shelf, market) for market in MARKETS)
    futures = Folder("data/futures/", lambda: [um])
    return Folder("", lambda: [Folder("data/", lambda: [futures, spot])])


def _market(shelf: Shelf, market: Market) -> Folder:
    return Folder(market.folder, lambda: [_period(shelf, market, period) for period in PERIODS])


def _period(shelf: Shelf, market: Market, period: Period) -> Folder:
    path = f"{market.folder}{period}/"
    klines = Folder(f"{path}klines/", lambda: _symbols(shelf, market, period))
    return Folder(path, lambda: [klines])


def _symbols(shelf: Shelf, market: Market, period: Period) -> list[Folder]:
    listed = [each for each in shelf.listings() if market.has(each)]
    folders = [_symbol(shelf, market, period, each) for each in listed]
    return sorted(folders, key=lambda folder: folder.path)


def _symbol(shelf: Shelf, market: Market, period: Period, listing: Listing) -> Folder:
    path = f"{market.folder}{period}/klines/{listing.symbol}/"

    def folder(interval: Interval) -> Folder:
        keys = partial(shelf.keys, market, period, listing, interval)
        return Folder(f"{path}{interval.slug}/", keys)

    return Folder(path, lambda: map(folder, intervals_of(market, period)))
