"""Which files are published by now, and what is in them: made on demand, kept within bounds."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import orjson
import polars as pl

from chandlery.candles.interval import Interval
from chandlery.candles.span import Span
from chandlery.sandbox.archive.faults import ArchiveFaults
from chandlery.sandbox.archive.packing import pack
from chandlery.sandbox.archive.paths import ArchivePath, Market, Period, paths_from, read_path
from chandlery.sandbox.archive.spoiling import SpoilKind
from chandlery.sandbox.clock import SandboxClock
from chandlery.sandbox.market.bounded import Bounded
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.source import Shown, Source

_KEPT_BYTES: Final = 128 * 1024 * 1024
_KEPT_FACTS: Final = 100_000
CHECKSUM: Final = ".CHECKSUM"


@dataclass(frozen=True, slots=True)
class Published:
    """One key of the archive as it is now: a zip or its CHECKSUM file."""

    key: str
    size: int
    md5: str
    modified_ms: int
    body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class _Version:
    """What a zip is made from: the same version is the same bytes."""

    path: ArchivePath
    known: int
    spoils: tuple[SpoilKind, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    size: int
    md5: str
    sha256: str


class Shelf:
    """The files of one market, seen at the exchange's time. Safe to use from any thread."""

    def __init__(self, source: Source, clock: SandboxClock, faults: ArchiveFaults) -> None:
        self._source = source
        self._clock = clock
        self._faults = faults
        self._lock = threading.Lock()
        self.closing = threading.Event()
        """Once set, no file is made any more."""
        self._bodies: Bounded[_Version, bytes] = Bounded(_KEPT_BYTES, len)
        self._facts: dict[_Version, _Facts | None] = {}
        self._firsts: dict[tuple[str, Interval], int] = {}

    def listings(self) -> list[Listing]:
        """The symbols that exist by now."""
        return [listing for listing, _ in self._source.listings(self._clock.now_ms())]

    def find(self, key: str) -> Published | None:
        """The file of a key as it is published now, or None."""
        path = read_path(key.removesuffix(CHECKSUM))
        if path is None:
            return None
        listing = next((each for each in self.listings() if each.symbol == path.symbol), None)
        if listing is None or not path.market.has(listing) or not self._is_out(path, listing):
            return None
        if self._faults.is_missing(key):
            return None
        return self._published(key, path, listing)

    def keys(
        self, market: Market, period: Period, listing: Listing, interval: Interval
    ) -> Iterator[str]:
        """The keys of a series that can be there by now, ascending.

        Those of which nothing was traded are among them: `find` tells.
        """
        first_ms = self._first_ms(listing, interval)
        if first_ms is None:
            return
        paths = paths_from(market, period, listing, interval, first_ms)
        for path in takewhile(lambda path: self._is_out(path, listing), paths):
            keys = (path.key, f"{path.key}{CHECKSUM}")
            yield from (key for key in keys if not self._faults.is_missing(key))

    def _is_out(self, path: ArchivePath, listing: Listing) -> bool:
        over = listing.ended_ms is not None and listing.ended_ms <= path.span.start
        return not over and path.published_ms(listing) <= self._clock.now_ms()

    def _published(self, key: str, path: ArchivePath, listing: Listing) -> Published | None:
        modified_ms = path.published_ms(listing)
        known = self._source.revisions.known_at(modified_ms)
        again = self._faults.reissue(path.key, self._clock.now_ms())
        if again is not None and again.at_ms >= modified_ms:
            modified_ms, known = again.at_ms, again.known
        version = _Version(path, known, self._faults.spoils(path.key))
        facts = self._facts_of(version)
        if facts is None:
            return None
        if key == path.key:
            return Published(key, facts.size, facts.md5, modified_ms, lambda: self._body(version))
        line = f"{facts.sha256}  {path.base}.zip\n".encode()
        return Published(key, len(line), _md5(line), modified_ms, lambda: line)

    def _facts_of(self, version: _Version) -> _Facts | None:
        with self._lock:
            if version in self._facts:
                return self._facts[version]
        body = self._body(version)
        sha256 = hashlib.sha256(body).hexdigest()
        facts = _Facts(len(body), _md5(body), sha256) if body else None
        with self._lock:
            if len(self._facts) >= _KEPT_FACTS:
                self._facts.clear()
            self._facts[version] = facts
        return facts

    def _body(self, version: _Version) -> bytes:
        """The bytes of a zip; none at all if no candle is of its time."""
        with self._lock:
            held = self._bodies.held(version)
        if held is not None:
            return held
        # Only the market is asked under the lock: packing takes long, and other files go on.
        body = pack(version.path, lambda span: self._table(version, span), version.spoils) or b""
        with self._lock:
            return self._bodies.get(version, lambda: body)

    def _table(self, version: _Version, span: Span) -> pl.DataFrame:
        path = version.path
        if self.closing.is_set():
            msg = f"The sandbox is closing; {path.key} is not made any more."
            raise RuntimeError(msg)
        with self._lock:
            return self._source.table(path.symbol, path.interval, span, version.known)

    def _first_ms(self, listing: Listing, interval: Interval) -> int | None:
        """The open time of the first candle of a series, from the source itself."""
        place = (listing.symbol, interval)
        with self._lock:
            if place not in self._firsts:
                asked = Asked(0, None, 1)
                rows = orjson.loads(self._source.rows(*place, Shown(), asked, self._clock.now_ms()))
                if not rows:
                    return None
                self._firsts[place] = rows[0][0]
            return self._firsts[place]


def _md5(body: bytes) -> str:
    """S3's ETag."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
