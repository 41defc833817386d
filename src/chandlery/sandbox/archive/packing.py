"""From candles to the bytes of a file: exact text, fixed dates, so the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from chandlery.candles.interval import DAY_MS
from chandlery.candles.span import Span
from chandlery.sandbox.archive.paths import ArchivePath
from chandlery.sandbox.archive.spoiling import SPOILERS, Draft, SpoilKind

_MOST_ROWS: Final = 90_000
"""Candles in one piece: a day of seconds or a month of minutes, so that memory stays small."""
_HEADER: Final = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    b"taker_buy_volume,taker_buy_quote_volume,ignore\n"
)
_QUICK: Final = 1
"""zlib's level: the sandbox is rather fast than small."""


def pack(
    path: ArchivePath, table: Callable[[Span], pl.DataFrame], spoils: tuple[SpoilKind, ...]
) -> bytes | None:
    """The file of a path, of the candles that `table` gives; None if it would have no candle."""
    draft = Draft(path, lambda: map(table, _stretches(path)), f"{path.base}.csv")
    for kind in spoils:
        draft = SPOILERS[kind](draft)
    texts = (_text(piece, micro=path.micro) for piece in draft.pieces() if piece.height)
    first = next(texts, None)
    if first is None:
        return None
    return _written(draft, _with_header(path, first, texts))


def _with_header(path: ArchivePath, first: bytes, more: Iterator[bytes]) -> Iterator[bytes]:
    if path.market.header:
        yield _HEADER
    yield first
    yield from more


def _stretches(path: ArchivePath) -> Iterator[Span]:
    days = max(1, _MOST_ROWS * path.interval.typical_ms // DAY_MS)
    start_ms, end_ms = path.span.start, path.span.end
    while start_ms < end_ms:
        stop_ms = min(start_ms + days * DAY_MS, end_ms)
        yield Span(start_ms, stop_ms)
        start_ms = stop_ms


def _text(piece: pl.DataFrame, *, micro: bool) -> bytes:
    scale = 1000 if micro else 1
    columns = piece.with_columns(
        pl.col("open_time") * scale,
        pl.col("close_time") * scale + (scale - 1),
        ignore=pl.lit("0"),
    )
    return columns.write_csv(include_header=False).encode()


def _written(draft: Draft, texts: Iterator[bytes]) -> bytes:
    if not draft.zipped:
        return b"".join(texts)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive:
        # By name alone: then its date is zip's oldest, whatever the time.
        with archive.open(draft.member, "w") as file:
            for text in texts:
                file.write(text)
            file.write(b"\n" * draft.filler_bytes)
        for name in draft.beside:
            with archive.open(name, "w") as file:
                file.write(b"Nobody expects this.\n")
    return written.getvalue()
