"""The cold tier: older candles in Delta Lake, read and written by series."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span, cover
from chandlery.errors import BadSetting, StoreCorrupt, StoreLocked
from chandlery.store.lake.form import WARM, as_warm, within, within_ms
from chandlery.store.lake.table import ColdFile, LakeTable, told

_TRIES: Final = 20
_AT_ONCE: Final = 32_768
"""So many candles are in memory at once while files are made one."""
_NONE: Final = pl.DataFrame(schema=WARM)


class Cold:
    """The tables below one folder or object-store URL: `<url>/<exchange>/<interval>`.

    What is read is only what lies in `parts`, which the hot tier has told; see `part_table`.
    Raises `BadSetting` when there can be no such folder.
    """

    def __init__(self, url: str) -> None:
        _refuse_misread(url)
        self.url = url.rstrip("/")
        self._tables: dict[str, LakeTable] = {}
        self._opening = threading.Lock()

    def table(self, series: Series) -> LakeTable:
        """The table in which the series stands."""
        uri = f"{self.url}/{series.exchange}/{series.interval.slug}"
        with self._opening:
            return self._tables.setdefault(uri, LakeTable(uri))

    def read(
        self,
        series: Series,
        parts: Sequence[Span],
        *,
        last: int | None = None,
        columns: tuple[str, ...] = tuple(WARM),
    ) -> pl.DataFrame:
        """The candles of `parts`, of these at least the `last` ones; columns of WARM, ascending.

        Raises `StoreCorrupt` when the lake is not where it was.
        """
        files = self._files(series, parts)
        if last is not None:
            return self._read_last(files, parts, last, columns)
        with told(self.url):
            return self._lazy(files, parts, columns).collect()

    def scan(
        self, series: Series, parts: Sequence[Span], *, columns: tuple[str, ...] = tuple(WARM)
    ) -> pl.LazyFrame:
        """The same, all of it, as a lazy frame."""
        return self._lazy(self._files(series, parts), parts, columns)

    def put(self, series: Series, frame: pl.DataFrame, parts: Sequence[Span]) -> None:
        """Write candles (WARM, ascending); of those of one time the newest known counts.

        Nothing that stands there goes away, so that processes which write at the same moment, or
        died before, do no harm. `parts` are all that the series has: where they are not there, the
        lake is another one, and `StoreCorrupt` is raised before anything is written to it.
        """
        self._files(series, parts)
        left = frame
        tries = 0
        while not left.is_empty():
            try:
                left = self._put_first(series, left)
            except StoreLocked:
                tries += 1
                if tries == _TRIES:
                    raise

    def compact(self, series: Series, *, rows: int, least: int) -> int:
        """Make one file of `least` or more small neighbours, up to `rows` rows; how many it made.

        Files that overlap, which two processes at once can leave, are always made one. Where
        another process writes at the same moment, the rest is left for the next time.
        """
        made = 0
        with suppress(StoreLocked):
            while self._compact_first(series, rows, max(2, least)):
                made += 1
        return made

    def vacuum(self, series: Series, hours: float) -> None:
        """Delete what no version of the last `hours` needs, of all symbols beside it.

        Where another process replaces files at the same moment it is tried again, and where that
        goes on, left for the next time.
        """
        for _ in range(_TRIES):
            with suppress(StoreLocked):
                self.table(series).vacuum(hours)
                return

    def _compact_first(self, series: Series, rows: int, least: int) -> bool:
        with self.table(series).turn(series.symbol) as turn:
            for group in _groups(turn.files, rows):
                if len(group) >= least or not _disjoint(group):
                    turn.replace(_covered(group), self._merged(group, _NONE))
                    return True
        return False

    def _put_first(self, series: Series, frame: pl.DataFrame) -> pl.DataFrame:
        """Write the first rows that belong together; what is left."""
        with self.table(series).turn(series.symbol) as turn:
            group, rows = _first_piece(frame, turn.files)
            if group:
                turn.replace(_covered(group), self._merged(group, rows))
            else:
                turn.append(rows)
        return frame.slice(rows.height)

    def _merged(self, files: Sequence[ColdFile], rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What the files and `rows` (WARM) have, ascending, so many at a time as memory allows.

        Of one time the newest known counts.
        """
        for stretch in self._stretches(files, rows):
            touched = [file for file in files if file.span.intersect(stretch)]
            with told(self.url):
                there = self._lazy(touched, [stretch], tuple(WARM)).collect()
            more = rows.filter(within_ms([stretch]))
            if more.is_empty():
                yield there
                continue
            # Of versions of one millisecond the one that is written now is the newer.
            both = pl.concat([there, more])
            both = both.sort("open_time", "known_ms", maintain_order=True)
            yield both.unique("open_time", keep="last", maintain_order=True)

    def _stretches(self, files: Sequence[ColdFile], rows: pl.DataFrame) -> Iterator[Span]:
        """All of their time, cut where some more candles are than may be in memory at once."""
        with told(self.url):
            held = _scanned(files).select(pl.col("open_time").dt.epoch("ms")).collect()
        opens = pl.concat([held["open_time"], rows["open_time"].dt.epoch("ms")]).sort()
        cuts = opens.gather_every(_AT_ONCE).unique(maintain_order=True).to_list()
        for start, end in pairwise([*cuts, int(opens[-1]) + 1]):
            yield Span(start, end)

    def _files(self, series: Series, parts: Sequence[Span]) -> list[ColdFile]:
        files = self.table(series).files(series.symbol)
        if parts and not files:
            msg = (
                f"Older candles of {series} stand in the lake {self.url}, and are not there now. "
                "Set CHANDLERY_LAKE_URL to the place where they are (with several machines: one "
                "that all can reach), or bring it back from a backup."
            )
            raise StoreCorrupt(msg)
        return [file for file in files if any(file.span.intersect(part) for part in parts)]

    def _read_last(
        self,
        files: Sequence[ColdFile],
        parts: Sequence[Span],
        last: int,
        columns: tuple[str, ...],
    ) -> pl.DataFrame:
        found = self._lazy([], parts, columns).collect()
        with told(self.url):
            for group in _from_the_end(files):
                more = self._lazy(group, parts, columns, last=last).collect()
                found = pl.concat([more, found])
                if found.height >= last:
                    break
        return found

    def _lazy(
        self,
        files: Sequence[ColdFile],
        parts: Sequence[Span],
        columns: tuple[str, ...],
        *,
        last: int | None = None,
    ) -> pl.LazyFrame:
        if not files:
            return pl.LazyFrame(schema={name: WARM[name] for name in columns})
        disjoint = _disjoint(files)
        needed = columns if disjoint else tuple(dict.fromkeys((*columns, "open_time", "known_ms")))
        lazy = _scanned(files)
        if not _all_inside(files, parts):
            lazy = lazy.filter(within(parts))
        lazy = lazy.select(as_warm(needed))
        if not disjoint:
            newest = lazy.sort("open_time", "known_ms").unique("open_time", keep="last")
            lazy = newest.sort("open_time").select(columns)
        return lazy if last is None else lazy.tail(last)


_MISREAD: Final = re.compile(r"[\[\]|^]|%[0-9A-Fa-f]{2}")
"""What Delta takes for something else in a path."""


def _refuse_misread(url: str) -> None:
    found = None if "://" in url else _MISREAD.search(url)
    if found:
        msg = (
            f"CHANDLERY_LAKE_URL is {url!r}, and Delta Lake cannot find a folder with {found[0]!r} "
            "in its path. Choose another folder."
        )
        raise BadSetting(msg)


def _scanned(files: Sequence[ColdFile]) -> pl.LazyFrame:
    return pl.scan_parquet([file.uri for file in files], glob=False, hive_partitioning=False)


def _disjoint(files: Sequence[ColdFile]) -> bool:
    return all(one.span.end <= other.span.start for one, other in pairwise(files))


def _all_inside(files: Sequence[ColdFile], parts: Sequence[Span]) -> bool:
    return all(
        any(part.start <= file.span.start and file.span.end <= part.end for part in parts)
        for file in files
    )


def _covered(files: Sequence[ColdFile]) -> Span:
    whole: Span | None = None
    for file in files:
        whole = cover(whole, file.span)
    assert whole is not None  # noqa: S101  there are files
    return whole


def _clusters(files: Sequence[ColdFile]) -> list[list[ColdFile]]:
    """Files that overlap, together; ascending."""
    clusters: list[list[ColdFile]] = []
    for file in files:
        if clusters and file.span.start < _covered(clusters[-1]).end:
            clusters[-1].append(file)
        else:
            clusters.append([file])
    return clusters


def _from_the_end(files: Sequence[ColdFile]) -> Iterator[list[ColdFile]]:
    yield from reversed(_clusters(files))


def _groups(files: Sequence[ColdFile], most: int) -> list[list[ColdFile]]:
    """Neighbours whose rows together are at most `most`; clusters stay together."""
    groups: list[list[ColdFile]] = []
    for cluster in _clusters(files):
        rows = sum(file.rows for file in cluster)
        if groups and sum(file.rows for file in groups[-1]) + rows <= most:
            groups[-1] += cluster
        else:
            groups.append(list(cluster))
    return groups


def _first_piece(
    frame: pl.DataFrame, files: Sequence[ColdFile]
) -> tuple[list[ColdFile], pl.DataFrame]:
    """The first rows that fall into the same files, and these; or between files, and none."""
    opens = frame["open_time"].dt.epoch("ms")
    for group in _clusters(files):
        span = _covered(group)
        if opens[0] < span.start:
            return [], frame.filter(opens < span.start)
        if opens[0] < span.end:
            return group, frame.filter(opens < span.end)
    return [], frame
