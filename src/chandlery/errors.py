"""Every error that Chandlery raises on purpose.

ChandleryError
├─ InputError                what was asked cannot be done as asked (exit code 2)
│  ├─ BadSetting             a setting is unknown or has a value that cannot be used
│  ├─ BadSeries              a series text that is not EXCHANGE:SYMBOL:INTERVAL
│  ├─ UnknownExchange        no adapter of that name
│  ├─ UnknownInterval        an interval that is not one of the sixteen
│  │  └─ NoSuchInterval      one that the exchange has no candles of
│  ├─ UnknownSymbol          the exchange has no such symbol
│  ├─ UnknownSeries          nothing of that series is kept
│  ├─ UnknownResult          no task with that id has left a result
│  ├─ UnknownTask            nobody asked for a task with that id
│  ├─ KeptBySettings         a series that only the settings can let go
│  ├─ NotWanted              a series that nobody asked to keep
│  ├─ BadSpan                times or counts that make no span
│  ├─ BadFile                a file that cannot be read as what it should be
│  ├─ UnknownFormat          an export or output format that does not exist
│  ├─ MissingExtra           an optional library is not installed
│  ├─ FileExists             a file that would be overwritten
│  └─ PortInUse              the address to serve on is taken
├─ BadCandles                rows that are no valid candles
├─ RemoteError               a service on the network did not give what was asked
│  ├─ Temporary              worth another try, by itself, later
│  │  ├─ Unreachable         no connection, no name, no route, a reset, a timeout
│  │  ├─ RateLimited         429 or 418; `retry_after` says how long to stay away
│  │  ├─ ServerFault         5xx
│  │  └─ BadAnswer           truncated, garbled or HTML where JSON was promised
│  ├─ Blocked                451 or 403: this machine's address is not served
│  ├─ NotPublished           the archive has no such file, or not yet
│  ├─ WrongChecksum          an archive file is not what its checksum says, fetched again too
│  └─ Refused                a coded refusal; asking again will not help
├─ TaskFailed                a Celery task that could not do its job
└─ StoreError                the store cannot be used as it is (exit code 2)
   ├─ StoreLocked            another process holds it for too long
   ├─ StoreCorrupt           it is not a database, or a damaged one
   ├─ StoreFull              no room on the disk
   ├─ StoreUnwritable        no permission, or a read-only disk
   ├─ StoreUnreachable       the database server does not answer
   └─ StoreTooNew            a newer version of Chandlery has written it

`Temporary` is the only branch that retry code catches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path


def printable(text: str) -> str:
    """The text as one line that a terminal, a log and a database can take, wherever it is from."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def shown(value: object, most: int = 80) -> str:
    """The beginning of a foreign value, as a message shows it."""
    try:
        return repr(value)[:most]
    except RecursionError:
        return "nested too deeply to be shown"


class ChandleryError(Exception):
    """The root of every error that Chandlery raises on purpose."""

    exit_code = 1


class InputError(ChandleryError):
    """What was asked cannot be done as asked."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the `known` names that look like `name`, the likest first."""
    return get_close_matches(name, list(known), n=3, cutoff=0.5)


def _named_nearest(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f" Nearest: {listed}." if listed else ""


class BadSetting(InputError):
    """A setting is unknown or has a value that cannot be used."""


class BadSeries(InputError):
    """A series text that is not EXCHANGE:SYMBOL:INTERVAL."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"'{printable(text)}' is not a series. "
            "Write EXCHANGE:SYMBOL:INTERVAL, as in binance:BTCUSDT:1h."
        )


class UnknownExchange(InputError):
    """No adapter of that name exists."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no exchange '{name}' here. Known: {', '.join(sorted(known))}.")


class UnknownInterval(InputError):
    """An interval that is not one of the sixteen."""

    def __init__(self, text: str, known: Iterable[str]) -> None:
        super().__init__(
            f"'{text}' is not an interval. Known: {', '.join(known)} (1m is a minute, 1M a month)."
        )


class NoSuchInterval(UnknownInterval):
    """The exchange has no candles of that interval; the message names those that it has."""

    def __init__(self, exchange: str, text: str, known: Iterable[str]) -> None:
        super(UnknownInterval, self).__init__(
            f"{exchange} has no candles of '{text}'. It has: {', '.join(known)}."
        )


class UnknownSymbol(InputError):
    """The exchange has no such symbol; the message names the nearest ones."""

    def __init__(self, exchange: str, symbol: str, nearest: Iterable[str] = ()) -> None:
        super().__init__(f"{exchange} has no symbol '{symbol}'.{_named_nearest(nearest)}")
        self.exchange = exchange
        self.symbol = symbol


class UnknownSeries(InputError):
    """Nothing of that series is kept; the message names the nearest ones that are."""

    def __init__(self, series: str, nearest: Iterable[str] = ()) -> None:
        super().__init__(
            f"Nothing of {series} is kept.{_named_nearest(nearest)} "
            f"'chandlery collect {series}' fetches it."
        )


class UnknownResult(InputError):
    """No task with that id has left a result, or `several` have ids that begin so."""

    def __init__(self, id_: str, *, several: bool = False) -> None:
        found = "Several tasks have ids that begin with" if several else "No result of a task"
        super().__init__(f"{found} '{id_}'. 'chandlery results --last 100' lists the newest.")


class UnknownTask(InputError):
    """Nobody asked for a task with that id, or it ended long ago and was forgotten."""

    def __init__(self, id_: str) -> None:
        super().__init__(f"There is no task '{id_}'. GET /api/v1/tasks lists the newest.")


class KeptBySettings(InputError):
    """A series that only the settings can let go; `origin` says where they have it."""

    def __init__(self, series: str, pattern: str, origin: str) -> None:
        because = "" if series == pattern else f" as one of {pattern}"
        super().__init__(f"{series} is kept{because} by {origin}. Take it out there.")


class NotWanted(InputError):
    """A series that nobody asked to keep."""

    def __init__(self, series: str) -> None:
        super().__init__(f"{series} is none of the series to keep, so there is nothing to stop.")


class BadSpan(InputError):
    """Times or counts that make no span."""


class BadFile(InputError):
    """A file that cannot be read as what it should be."""

    def __init__(self, path: Path | str, why: str, *, line: int | None = None) -> None:
        where = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {why}")
        self.path = Path(path)
        self.line = line


class UnknownFormat(InputError):
    """An export or output format that does not exist."""

    def __init__(self, text: str, known: Iterable[str]) -> None:
        super().__init__(f"'{text}' is not a known format. Known: {', '.join(known)}.")


class MissingExtra(InputError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed. 'pip install chandlery[{extra}]' brings it.")


class FileExists(InputError):
    """A file that would be overwritten."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already. Add --force to replace it.")


class PortInUse(InputError):
    """The address to serve on is taken."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"{host}:{port} is already in use. Stop the other program, "
            "or choose another port with --port or CHANDLERY_PORT."
        )


class BadCandles(ChandleryError):
    """Rows that are no valid candles; `row` counts from 0 where one row is to blame."""

    def __init__(self, message: str, *, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


class RemoteError(ChandleryError):
    """A service on the network did not give what was asked."""


class Temporary(RemoteError):
    """Worth another try, by itself, later."""


class Unreachable(Temporary):
    """No connection, no name, no route, a reset, or a timeout."""


class RateLimited(Temporary):
    """The service asks to be left alone for `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerFault(Temporary):
    """The service answered with a 5xx status."""


class BadAnswer(Temporary):
    """A truncated, garbled or HTML body where JSON was promised."""


class Blocked(RemoteError):
    """This machine's address is not served (451 or 403)."""


class NotPublished(RemoteError):
    """The archive has no such file, or not yet."""


class WrongChecksum(RemoteError):
    """An archive file is not what its published checksum says, fetched again too."""


class Refused(RemoteError):
    """A coded refusal; asking again will not help."""

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class TaskFailed(ChandleryError):
    """A Celery task that could not do its job; `report` says what it asked, got and kept."""

    def __init__(self, message: str, report: Mapping[str, object] | None = None) -> None:
        # Celery keeps what an error was made of, and makes it anew from that.
        super().__init__(message, dict(report or {}))
        self.report = dict(report or {})

    def __str__(self) -> str:
        """The message alone."""
        return str(self.args[0])

    def __repr__(self) -> str:
        """Without the report, which may be long: this stands in Celery's log."""
        return str(self)


class StoreError(ChandleryError):
    """The store cannot be used as it is."""

    exit_code = 2


class StoreLocked(StoreError):
    """Another process holds the store for too long."""


class StoreCorrupt(StoreError):
    """The store is not a database, or a damaged one."""


class StoreFull(StoreError):
    """There is no room on the disk."""


class StoreUnwritable(StoreError):
    """No permission to write, or a read-only disk."""


class StoreUnreachable(StoreError):
    """The database server does not answer."""


class StoreTooNew(StoreError):
    """A newer version of Chandlery has written this store."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"This store has schema version {found}; this Chandlery knows versions up to {known}. "
            "Update Chandlery to use it."
        )
