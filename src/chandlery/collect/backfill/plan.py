"""What a backfill will do, before anything is fetched; pure.

Months come as monthly files where most of them is missing, days as daily files, and the rest over
REST: what is newer than any file, what files have left out, and short stretches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from chandlery.candles.gaps import places
from chandlery.candles.interval import DAY_MS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span, merge, subtract
from chandlery.exchanges.archive import ArchiveFile

_REQUESTS_A_FILE: Final = 2
"""The file and its checksum."""
PAGES_A_CHUNK: Final = 20
_BYTES_A_ROW: Final = 150
"""Of REST, as JSON."""
_COLD_BYTES: Final = 30
_BYTES_A_SECOND: Final = 10_000_000
_PAGES_A_SECOND: Final = 15
"""What a usual line gives, for the expected time."""
_NOTHING: Final = Span(0, 1)


@dataclass(frozen=True, slots=True)
class RestPrice:
    """What REST costs at one exchange."""

    page_limit: int
    weight: int
    """Of one full page."""
    weight_limit: int
    """A minute."""


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """One series: which files, which spans over REST, and what that costs."""

    series: Series
    wanted: Span
    monthly: tuple[ArchiveFile, ...]
    daily: tuple[ArchiveFile, ...]
    rest: tuple[Span, ...]
    price: RestPrice
    first_ms: int = 0
    """The first open time at the exchange."""
    unobtainable: tuple[str, ...] = ()
    """What can not be had, in words."""

    @property
    def files(self) -> tuple[ArchiveFile, ...]:
        """All files, in the order in which they are fetched."""
        return tuple(sorted((*self.monthly, *self.daily), key=lambda file: file.span))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to fetch."""
        return not (self.monthly or self.daily or self.rest)

    @property
    def is_held(self) -> bool:
        """Whether there is something to have, and it is held already."""
        return self.is_empty and self.wanted.start >= self.first_ms

    @property
    def candles(self) -> int:
        """At most so many candles are missing; outages have none."""
        return self._rows(file.span for file in self.files) + self._rows(self.rest)

    @property
    def pages(self) -> int:
        """Requests to REST."""
        return sum(_pages(self._rows([one]), self.price.page_limit) for one in self.rest)

    @property
    def requests(self) -> int:
        """All requests, those to the archive included."""
        return self.pages + _REQUESTS_A_FILE * len(self.files)

    @property
    def weight(self) -> int:
        """What REST takes of the request budget; the archive has none."""
        return self.pages * self.price.weight

    @property
    def fetched_bytes(self) -> int:
        """Bytes over the network."""
        return sum(file.size for file in self.files) + self._rows(self.rest) * _BYTES_A_ROW

    @property
    def disk_bytes(self) -> int:
        """Bytes that the candles will take."""
        return self.candles * _COLD_BYTES

    @property
    def seconds(self) -> float:
        """How long it should take, with ten megabytes and fifteen pages a second."""
        archive = sum(file.size for file in self.files) / _BYTES_A_SECOND
        waiting = self.weight / self.price.weight_limit * 60
        budgeted = waiting if self.weight > self.price.weight_limit else 0.0
        return archive + max(self.pages / _PAGES_A_SECOND, budgeted)

    def _rows(self, spans: Iterable[Span]) -> int:
        """How many candles the spans have room for since the first one."""
        begun = subtract(spans, [Span(min(0, self.first_ms) - 1, self.first_ms)])
        return sum(_places(span, self.series.interval, self.first_ms) for span in begun)


def chunk_places(page_limit: int) -> int:
    """The candles of a chunk of pages, which are fetched one after the other.

    One less than full pages have: a page that is full needs another to tell that it was the last.
    """
    return PAGES_A_CHUNK * page_limit - 1


def _pages(rows: int, limit: int) -> int:
    """How many requests so many candles take, if none is missing."""
    chunks, rest = divmod(rows, chunk_places(limit))
    return chunks * PAGES_A_CHUNK + (rest // limit + 1 if rest or not chunks else 0)


def is_worth_listing(missing: Iterable[Span]) -> bool:
    """Whether so much is missing that a file may be worth it, the smallest of which is a day's."""
    return 2 * sum(span.end - span.start for span in missing) >= DAY_MS


def plan_backfill(
    series: Series,
    missing: Iterable[Span],
    files: Collection[ArchiveFile],
    *,
    price: RestPrice,
    first_ms: int = 0,
) -> BackfillPlan:
    """How to get what is `missing` with the published `files`; there is nothing before `first_ms`.

    A file is used when at least half of what it can have is missing.
    """
    absent = merge(missing)
    whole = Span(absent[0].start, absent[-1].end) if absent else _NOTHING
    monthly = [one for one in files if one.kind == "monthly" and _worth(one, absent, first_ms)]
    left = subtract(absent, [file.span for file in monthly])
    daily = [one for one in files if one.kind == "daily" and _worth(one, left, first_ms)]
    left = subtract(left, [file.span for file in daily])
    rest = tuple(span for span in left if _places(span, series.interval, span.start))
    return BackfillPlan(
        series,
        whole,
        tuple(monthly),
        tuple(daily),
        rest,
        price,
        first_ms,
    )


def _worth(file: ArchiveFile, missing: Iterable[Span], first_ms: int) -> bool:
    start = max(first_ms, file.span.start)
    inside = [at for span in missing if (at := span.intersect(file.span)) is not None]
    absent = sum(at.end - max(start, at.start) for at in inside)
    return absent > 0 and 2 * absent >= file.span.end - start


def _places(span: Span, interval: Interval, anchor_ms: int) -> int:
    return places(span, interval, anchor_ms=max(0, anchor_ms))
