"""A Parquet file of candles, packed as they come: in memory are only those of one row group."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from chandlery.store.lake.form import COLD, PACKED, PLAIN, to_cold

if TYPE_CHECKING:
    from arro3.core import RecordBatch
    from typing_extensions import Buffer

PAGE_BYTES: Final = 4 << 20
ROWS_A_GROUP: Final = 32_768
"""Few enough that the newest candles of a file can be read, and any written, without the rest."""
LEVEL: Final = 2


@dataclass(slots=True)
class Packed:
    """What has gone into a file so far."""

    rows: int = 0
    first_ms: int = 0
    last_ms: int = 0
    failure: BaseException | None = field(default=None, repr=False)
    """What went wrong with the candles on their way in."""


def pack(pieces: Iterable[pl.DataFrame], path: Path) -> Packed:
    """Write candles (WARM, ascending) into a new file. Raises what `pieces` raise, and `OSError`.

    Where it raises, there is no file.
    """
    packed = Packed()
    file = _File(path, "xb")
    try:
        with file:
            _write(pieces, file, packed)
            file.tell_failure()
    except BaseException:
        path.unlink()
        # The writer has another name for what went wrong before it.
        if packed.failure:
            raise packed.failure from None
        raise
    return packed


def _write(pieces: Iterable[pl.DataFrame], file: _File, packed: Packed) -> None:
    from arro3.core import RecordBatchReader, Table  # noqa: PLC0415  a reader needs none of these
    from arro3.io import write_parquet  # noqa: PLC0415

    schema = Table.from_arrow(pl.DataFrame(schema=COLD)).schema
    write_parquet(
        RecordBatchReader.from_batches(schema, _batches(pieces, packed)),
        file,
        compression=f"zstd({LEVEL})",
        column_encoding=dict.fromkeys(PACKED, "delta_binary_packed"),
        column_dictionary_enabled=dict.fromkeys((*PACKED, *PLAIN), False),
        data_page_size_limit=PAGE_BYTES,
        data_page_row_count_limit=ROWS_A_GROUP,
        max_row_group_size=ROWS_A_GROUP,
        skip_arrow_metadata=True,
    )


def _batches(pieces: Iterable[pl.DataFrame], packed: Packed) -> Iterator[RecordBatch]:
    from arro3.core import Table  # noqa: PLC0415  see above

    try:
        for piece in pieces:
            # The writer makes objects of the decimals of what it is given at once.
            for frame in piece.iter_slices(ROWS_A_GROUP):
                _count(frame, packed)
                yield from Table.from_arrow(to_cold(frame)).to_batches()
    except Exception as failure:
        packed.failure = failure
        raise


def _count(frame: pl.DataFrame, packed: Packed) -> None:
    opens = frame["open_time"].dt.epoch("ms")
    if not packed.rows:
        packed.first_ms = int(opens[0])
    packed.rows += frame.height
    packed.last_ms = int(opens[-1])


class _File(io.FileIO):
    """A file that tells afterwards what went wrong: the writer panics when it is told at once."""

    _failure: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        """Write all of it; nothing more once the disk has refused something."""
        left = memoryview(data)
        size = len(left)
        try:
            while left and self._failure is None:
                left = left[super().write(left) :]
        except OSError as failure:
            self._failure = failure
        return size

    def tell_failure(self) -> None:
        """Raise the first `OSError` of those that were held back."""
        if self._failure is not None:
            raise self._failure
