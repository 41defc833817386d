"""Binance's archive over the network: list, fetch and verify, look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from chandlery.candles.series import Series
from chandlery.clock import Clock
from chandlery.errors import BadAnswer, Blocked, NotPublished, Unreachable, WrongChecksum
from chandlery.exchanges import binance_archive as wire
from chandlery.exchanges import binance_archive_listing as listing
from chandlery.exchanges.archive import ArchiveFile, Download, FileKind
from chandlery.exchanges.binance_archive_guess import possible_days, possible_months
from chandlery.exchanges.binance_archive_spool import Spool
from chandlery.exchanges.binance_archive_zip import candles, opened
from chandlery.transport.budget import MinuteBudget
from chandlery.transport.request import Answer
from chandlery.transport.sender import Sender
from chandlery.transport.service import MANNERS, Manners, Service

AT_ONCE: Final = 16
"""Files asked after at the same time, where there is no listing."""
PAUSE: Final = 5.0
"""Seconds before a file that is not what its checksum says is fetched again."""
DEADLINE: Final = 900.0
"""Seconds for all tries of one file: a month of seconds takes minutes on a slow line."""
_UNLIMITED: Final = 1_000_000
"""The archive has no budget; this one is there to be frozen when a host asks for it."""


class BinanceArchive:
    """The `Archive` of one of Binance's markets. Thread-safe; the constructor asks nobody."""

    def __init__(
        self,
        market: wire.Market,
        urls: Sequence[str] | None = None,
        *,
        clock: Clock,
        manners: Manners = MANNERS,
    ) -> None:
        self._market = market
        self._clock = clock
        bases = _split(urls or (wire.URL,))
        listings = [listing.listing_url(base) for base in bases]
        self._at_bucket = set(listings) == {listing.LISTING_URL}
        budget = MinuteBudget(clock, limit=_UNLIMITED)
        short = replace(manners, timeouts=replace(manners.timeouts, most_bytes=listing.MOST_BYTES))
        patient = replace(short, retry=replace(short.retry, deadline=DEADLINE))
        self._files = Sender(
            _service("Binance's archive", bases), clock=clock, budget=budget, manners=patient
        )
        self._listings = Sender(
            _service("The listing of Binance's archive", listings),
            clock=clock,
            budget=budget,
            manners=short,
        )

    @property
    def name(self) -> str:
        """The word for the exchange in a series."""
        return self._market.name

    def files(self, series: Series, *, days_from_ms: int | None = None) -> list[ArchiveFile]:
        """The published files of the series; see `Archive`.

        Where no listing is to be had, each possible month is asked after instead, and each day
        since the newest of them, at most 93. Whether their checksums are there shows when they
        are fetched.
        """
        if not wire.is_kept(series):
            return []
        try:
            months = self._listed(series, "monthly", None)
            if months is None:
                return self._asked_after(series)
            from_ms = wire.first_uncovered(months) if days_from_ms is None else days_from_ms
            days = self._listed(series, "daily", from_ms)
        except (Blocked, Unreachable):
            # The listing has a host of its own; the files may be served all the same.
            return self._asked_after(series)
        return self._asked_after(series) if days is None else months + days

    @contextmanager
    def fetch(self, file: ArchiveFile, series: Series) -> Iterator[Download]:
        """Download a file whole, verify it and open it; see `Archive`.

        Raises `Refused` for a zip that holds anything but the one CSV, and `StoreFull` when there
        is no room for it on the disk.
        """
        most_bytes = wire.most_bytes(file, series)
        with Spool(file.path, min(most_bytes, wire.MOST_BYTES)) as spool:
            verified = self._verified(file, spool)
            with opened(spool.file, file, most_bytes) as inside:
                yield replace(verified, slices=candles(inside, file))

    def look(self, file: ArchiveFile) -> ArchiveFile:
        """The file as it is published now; see `Archive`."""
        request = wire.head_request(file.path)

        def read(answer: Answer) -> ArchiveFile:
            wire.check_published(answer, request)
            return wire.described(file, answer)

        return self._files.ask(request, read)

    def url(self, file: ArchiveFile) -> str:
        """The address of a file, without secrets."""
        return f"{self._files.first_url}/{file.path}"

    def close(self) -> None:
        """Close the connections."""
        self._files.close()
        self._listings.close()

    def _listed(
        self, series: Series, kind: FileKind, from_ms: int | None
    ) -> list[ArchiveFile] | None:
        prefix = wire.folder(self._market, series, kind)
        entries: list[listing.Entry] = []
        marker = ""
        if from_ms is not None:
            # Keys after this one: names sort as their dates do.
            marker = wire.path(self._market, series, kind, from_ms).removesuffix(".zip")
        for _ in range(listing.MOST_PAGES):
            request = listing.listing_request(prefix, marker, at_bucket=self._at_bucket)
            page = self._listings.ask(request, listing.read_page)
            if page is None:
                return None
            entries += page.entries
            if page.marker is None:
                return listing.files_of(entries, prefix, series, kind)
            if page.marker <= marker:
                break
            marker = page.marker
        msg = f"The listing of {prefix} in Binance's archive does not end. Try again later."
        raise BadAnswer(msg)

    def _asked_after(self, series: Series) -> list[ArchiveFile]:
        now_ms = self._clock.now_ms()
        months = self._present(possible_months(self._market, series, now_ms))
        newest = months[-1] if months else None
        return months + self._present(possible_days(self._market, series, now_ms, newest))

    def _present(self, files: list[ArchiveFile]) -> list[ArchiveFile]:
        with ThreadPoolExecutor(AT_ONCE, "chandlery-archive") as pool:
            return [file for file in pool.map(self._look_if_there, files) if file is not None]

    def _look_if_there(self, file: ArchiveFile) -> ArchiveFile | None:
        try:
            return self.look(file)
        except NotPublished:
            return None

    def _verified(self, file: ArchiveFile, spool: Spool) -> Download:
        """Fetch the file into the spool until it is what its checksum says: twice at most."""
        for again in (False, True):
            if again:
                # The two may come from caches of different age.
                self._clock.sleep(PAUSE)
            published = self._published_sha256(file, spool, again=again)
            fetched = self._fetched(file, spool, again=again)
            computed = spool.finished()
            if computed == published:
                return Download(fetched, published, spool.fetched_bytes, iter(()))
        raise WrongChecksum(
            f"{file.path} of Binance's archive is not what its checksum says, fetched twice: "
            f"published is SHA-256 {published}, computed {computed} of {spool.size} bytes. "
            "Nothing of it was kept. Binance puts such files right now and then; try again later."
        )

    def _published_sha256(self, file: ArchiveFile, spool: Spool, *, again: bool) -> str:
        request = wire.checksum_request(file.path, again=again)

        def read(answer: Answer) -> str:
            spool.fetched_bytes += len(answer.body)
            wire.check_published(answer, request)
            return wire.read_checksum(answer, file.path)

        return self._files.ask(request, read)

    def _fetched(self, file: ArchiveFile, spool: Spool, *, again: bool) -> ArchiveFile:
        request = wire.zip_request(file.path, again=again)

        def read(answer: Answer) -> ArchiveFile:
            wire.check_published(answer, request)
            return replace(wire.described(file, answer), size=spool.size)

        return self._files.ask(request, read, sink=spool)


def _split(urls: Sequence[str]) -> list[str]:
    texts = urls.split(",") if isinstance(urls, str) else urls
    return [text.strip() for text in texts if text.strip()]


def _service(name: str, urls: Sequence[str]) -> Service:
    return Service(name=name, urls=urls, setting=wire.SETTING, if_blocked=wire.IF_BLOCKED)
