"""What an exchange's archive of published files can do, and the records it gives back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span

FileKind = Literal["monthly", "daily"]


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One published file of candles, as the archive lists it."""

    path: str
    """Below the base URL: `data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-12.zip`."""
    kind: FileKind
    span: Span
    """The month or the day (UTC) of whose candles it is, as a span of open times."""
    size: int
    """Bytes of the file."""
    etag: str
    """Of the file as listed, without quotation marks; it changes when the file is re-issued."""
    modified_ms: int
    """When it was published or re-issued."""


@dataclass(frozen=True, slots=True)
class Download:
    """A whole file on this machine, its checksum verified. Not for long: see `Archive.fetch`."""

    file: ArchiveFile
    """With the size, ETag and time that came with the file itself."""
    sha256: str
    """Of the file, as published and as computed: 64 hexadecimal digits."""
    fetched_bytes: int
    """Bytes that were fetched for it, the checksum file and failed tries included."""
    slices: Iterator[pl.DataFrame]
    """The candles in `SCHEMA`, ascending over all slices, each a bounded number of rows.

    May raise `BadAnswer` when the file holds something else than candles of its span.
    """


class Archive(Protocol):
    """The archive of one exchange. Every method may raise any `RemoteError`. Thread-safe."""

    @property
    def name(self) -> str:
        """The word for the exchange in a series."""

    def files(self, series: Series, *, days_from_ms: int | None = None) -> list[ArchiveFile]:
        """The published files of the series, monthly ones first, each kind ascending by span.

        Daily ones from `days_from_ms` on; when None, from the first month on that no monthly file
        has. Empty when there is none, and for intervals that the archive is not to be used for.
        """

    def fetch(self, file: ArchiveFile, series: Series) -> AbstractContextManager[Download]:
        """Download a file whole, verify it against its published SHA-256, and open it.

        Nothing of it can be read before it is verified. Raises `NotPublished` when it is not
        there, and `WrongChecksum` when it is not what its checksum says, tried again too.
        """

    def look(self, file: ArchiveFile) -> ArchiveFile:
        """The file as it is published now, without fetching it (HEAD). Raises `NotPublished`."""

    def url(self, file: ArchiveFile) -> str:
        """The address of a file, without secrets."""

    def close(self) -> None:
        """Close the connections."""
