"""One Delta table: the candles of all symbols of one exchange and interval."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import polars as pl

from chandlery.candles.disk import FAILING, MEND, free
from chandlery.candles.span import Span
from chandlery.clock import ms_to_datetime
from chandlery.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnwritable,
)
from chandlery.store.lake.files import is_folder, make_folder, removal, write
from chandlery.store.lake.form import COLD, PACKED, PLAIN, SYMBOL, to_cold
from chandlery.store.lake.log import (
    ACTIONS,
    forget_dead,
    forget_torn,
    settle,
    settle_all,
    settle_new,
)
from chandlery.store.lake.packing import LEVEL, PAGE_BYTES, ROWS_A_GROUP

if TYPE_CHECKING:
    from deltalake import DeltaTable, WriterProperties

_CONFIGURATION: Final = {
    "delta.dataSkippingStatsColumns": "open_time",  # nobody looks for candles by price
    "delta.checkpointInterval": "50",
}
_LOOKS: Final = 3
"""So often it is looked for the newest version, while what leads there is deleted by others."""
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class ColdFile:
    """One Parquet file of a symbol."""

    uri: str
    span: Span
    """From its first open time to just after its last."""
    rows: int
    size: int


class LakeTable:
    """Safe to use from many threads, and beside other processes that write to it."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        # Two, so that readers do not wait for a writer.
        self._read = _Known(uri)
        self._written = _Known(uri)

    def files(self, symbol: str) -> list[ColdFile]:
        """The files of a symbol as they are now, ascending by their first open time."""
        with self._reading, told(self.uri):
            self._read.renew()
            return self._read.files(symbol)

    @contextmanager
    def turn(self, symbol: str) -> Iterator[Turn]:
        """Write to the files of a symbol, as the only one of this process."""
        with self._writing:
            with told(self.uri):
                self._written.renew()
                turn = Turn(symbol, self._written.files(symbol), self._written)
            yield turn

    def vacuum(self, hours: float) -> None:
        """Delete files that no version of the last `hours` needs.

        Also those that whoever wrote them did not live to enter, when they are as old.
        """
        with self._writing, told(self.uri):
            self._written.renew()
            table = self._written.table
            if table is None:
                return
            with self._written.overtaken():
                table.create_checkpoint()
                if is_folder(self.uri):
                    # Entries that it sums up go next: it must be on the disk before they are gone.
                    settle_all(self.uri)
                table.cleanup_metadata()
                table.vacuum(
                    round(hours), dry_run=False, enforce_retention_duration=False, full=True
                )
            if is_folder(self.uri):
                forget_dead(self.uri, hours)
                settle_all(self.uri)


class _Known:
    """A version of the table, and its files."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.table: DeltaTable | None = None
        self._version = -1
        self._files: dict[str, list[ColdFile]] = {}

    def renew(self) -> None:
        """Make it the newest version; without a table while there is none."""
        from deltalake.exceptions import DeltaError  # noqa: PLC0415  a reader of SQL needs no Delta

        for _ in range(_LOOKS - 1):
            with suppress(DeltaError):
                self._look()
                return
            # Others delete entries and checkpoints that newer ones stand for: begin with these.
            self.table = None
        self._look()

    @contextmanager
    def overtaken(self) -> Iterator[None]:
        """Where something is missing only because it is newer by now, raise `CommitFailedError`."""
        from deltalake.exceptions import CommitFailedError, DeltaError  # noqa: PLC0415  see above

        try:
            yield
        except (DeltaError, OSError) as error:
            if not any(words in str(error) for words in _MISSING):
                raise
            self.table = None
            self.renew()
            if self.table is None:
                raise
            raise CommitFailedError(str(error)) from error

    def _look(self) -> None:
        from deltalake import DeltaTable  # noqa: PLC0415  see above
        from deltalake.exceptions import TableNotFoundError  # noqa: PLC0415  see above

        if self.table is not None:
            self.table.update_incremental()
            return
        if is_folder(self.uri):
            forget_torn(self.uri)
        with suppress(TableNotFoundError):
            self.table = DeltaTable(self.uri)

    def made(self) -> DeltaTable:
        """The table, made if there is none."""
        from arro3.core import Table  # noqa: PLC0415  see above
        from deltalake import DeltaTable, Schema  # noqa: PLC0415

        if self.table is None:
            if is_folder(self.uri):
                make_folder(self.uri)
            shape = pl.DataFrame(schema={**COLD, SYMBOL: pl.String()})
            self.table = DeltaTable.create(
                self.uri,
                Schema.from_arrow(Table.from_arrow(shape).schema),
                mode="ignore",  # another process may be faster
                partition_by=[SYMBOL],
                configuration=_CONFIGURATION,
            )
            if is_folder(self.uri):
                settle_new(self.uri)
        return self.table

    def files(self, symbol: str) -> list[ColdFile]:
        """The files of a symbol in this version, ascending by their first open time."""
        if self.table is not None and self._version != self.table.version():
            self._files = _listed(self.table)
            self._version = self.table.version()
        return self._files.get(symbol, [])


@dataclass(frozen=True, slots=True)
class Turn:
    """One write to a symbol, which knows the files as they were before it."""

    symbol: str
    files: list[ColdFile]
    _known: _Known

    def append(self, frame: pl.DataFrame) -> None:
        """Add candles (columns of WARM) whose times none of the files has."""
        if is_folder(self._known.uri):
            self._commit([frame], [])
        else:
            self._write(frame, mode="append")

    def replace(self, span: Span, pieces: Iterable[pl.DataFrame]) -> None:
        """Put `pieces` in the place of the files that have candles of `span`, and no others.

        They ascend, and are taken one by one as they go into the file.

        Raises `StoreLocked` when another process has replaced one of them since they were listed.
        """
        if is_folder(self._known.uri):
            self._commit(pieces, [file for file in self.files if file.span.intersect(span)])
            return
        start, end = _moment(span.start), _moment(span.end)
        where = f"{SYMBOL} = {_quoted(self.symbol)}"
        predicate = f"{where} AND open_time >= '{start}' AND open_time < '{end}'"
        self._write(pl.concat(pieces), mode="overwrite", predicate=predicate)

    def _commit(self, pieces: Iterable[pl.DataFrame], gone: Iterable[ColdFile]) -> None:
        """One commit that adds a file of ours and takes others away; then it is on the disk."""
        from deltalake.transaction import (  # noqa: PLC0415  see above
            CommitProperties,
            PostCommitHookProperties,
        )

        uri = self._known.uri
        # Entries are only deleted once what sums them up is on the disk; see `vacuum`.
        spared = PostCommitHookProperties(cleanup_expired_logs=False)
        with told(uri):
            table = self._known.made()
            added = write(uri, self.symbol, pieces)
            removed = [removal(uri, self.symbol, file.uri) for file in gone]
            told_of = {ACTIONS: str(1 + len(removed))}
            with self._known.overtaken():
                table.create_write_transaction(
                    [added, *removed],
                    mode="append",
                    schema=table.schema(),
                    partition_by=[SYMBOL],
                    commit_properties=CommitProperties(told_of),
                    post_commithook_properties=spared,
                )
            settle(uri, table.version())

    def _write(self, frame: pl.DataFrame, **how: Any) -> None:  # noqa: ANN401
        from deltalake import write_deltalake  # noqa: PLC0415  see above

        uri = self._known.uri
        with told(uri):
            write_deltalake(
                self._known.table or uri,
                to_cold(frame).with_columns(pl.lit(self.symbol).alias(SYMBOL)),
                partition_by=[SYMBOL],
                writer_properties=_properties(),
                configuration=_CONFIGURATION,
                target_file_size=1 << 30,
                **how,
            )


def _listed(table: DeltaTable) -> dict[str, list[ColdFile]]:
    root = table.table_uri.removeprefix("file://").rstrip("/")
    root = unquote(root) if table.table_uri.startswith("file://") else root
    actions = pl.DataFrame(table.get_add_actions(flatten=True)).select(
        pl.col("path"),
        pl.col(f"partition.{SYMBOL}"),
        pl.col("min.open_time").dt.epoch("ms"),
        pl.col("max.open_time").dt.epoch("ms"),
        pl.col("num_records"),
        pl.col("size_bytes"),
    )
    found: dict[str, list[ColdFile]] = {}
    for path, symbol, first, last, rows, size in actions.sort("min.open_time").iter_rows():
        file = ColdFile(f"{root}/{unquote(path)}", Span(first, last + 1), rows, size)
        found.setdefault(symbol, []).append(file)
    return found


def _properties() -> WriterProperties:
    from deltalake import ColumnProperties, WriterProperties  # noqa: PLC0415  see above

    packed = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    plain = ColumnProperties(dictionary_enabled=False)
    return WriterProperties(
        compression="ZSTD",
        compression_level=LEVEL,
        data_page_size_limit=PAGE_BYTES,
        data_page_row_count_limit=ROWS_A_GROUP,
        max_row_group_size=ROWS_A_GROUP,
        column_properties=dict.fromkeys(PACKED, packed) | dict.fromkeys(PLAIN, plain),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _moment(ms: int) -> str:
    return ms_to_datetime(ms).strftime(_TIME)


_MISSING: Final = ("not found", "No such file or directory", "Invalid table version")
_DISK_FULL: Final = ("No space left on device", "Disk quota exceeded", "File too large")
_NO_RIGHTS: Final = ("Permission denied", "Read-only file system", "AccessDenied", "Forbidden")


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Whatever Delta, Parquet or the disk raise inside becomes a `StoreError` that names `uri`."""
    from deltalake.exceptions import CommitFailedError, DeltaError  # noqa: PLC0415  see above

    try:
        yield
    except CommitFailedError as error:
        raise StoreLocked(
            f"Another process has written to the same candles of the lake {uri} at the same "
            f"moment. Nothing was half written; try again. ({' '.join(str(error).split())})"
        ) from error
    except (DeltaError, pl.exceptions.PolarsError, OSError) as error:
        raise _told(uri, error) from error


def _told(uri: str, error: BaseException) -> StoreError:
    said = " ".join(str(error).split())
    if any(words in said for words in _DISK_FULL):
        room = f"; {free(Path(uri))}" if is_folder(uri) else ""
        return StoreFull(
            f"The lake {uri} has no room left. Nothing was half written; free some space, then "
            f"try again. ({said}{room})"
        )
    if any(words in said for words in _NO_RIGHTS):
        return StoreUnwritable(
            f"The lake {uri} cannot be read or written. Check its rights, or choose another with "
            f"CHANDLERY_LAKE_URL. ({said})"
        )
    if FAILING in said:
        return StoreUnwritable(f"The lake {uri} cannot be read or written. {MEND}. ({said})")
    return StoreCorrupt(
        f"The lake {uri} cannot be used: it is damaged, or not where it was. Restore it, or set "
        f"CHANDLERY_LAKE_URL to the place where it is. ({said})"
    )


assert set(PACKED) | set(PLAIN) < set(COLD)  # noqa: S101  names are spelled in two places
