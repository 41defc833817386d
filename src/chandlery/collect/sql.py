"""SQL over everything that is kept: which tables a query names, and where they come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import polars as pl

from chandlery.candles.frame import SCHEMA, TIME
from chandlery.candles.series import Series
from chandlery.collect.symbols import in_capitals
from chandlery.errors import BadSeries, InputError, UnknownInterval, UnknownSeries, nearest
from chandlery.store import Held, Store

OWNER: Final[dict[str, pl.DataType]] = dict.fromkeys(
    ("exchange", "symbol", "interval"), pl.String()
)
"""The columns that say of which series a row is, where a table holds several."""

REVISION: Final[dict[str, pl.DataType]] = SCHEMA | {
    "replaced_ms": pl.Int64(),
    "known_ms": pl.Int64(),
    "source": pl.String(),
}
LEDGER: Final[dict[str, pl.DataType]] = {
    "start_time": TIME,
    "end_time": TIME,
    "state": pl.String(),
    "asked_time": TIME,
    "source": pl.String(),
    "request": pl.String(),
}
CATALOGUE: Final[dict[str, pl.DataType]] = OWNER | {
    "candles": pl.Int64(),
    "first_time": TIME,
    "last_time": TIME,
    "updated_time": TIME,
    "revisions": pl.Int64(),
}
TABLES: Final = ("candles", "series", "ledger", "revisions")

_NAME: Final = re.compile(r"""["`']([^"`']+)["`']|\b([a-z]+)\b""", re.IGNORECASE)
_BEGINNING: Final = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w*)", re.DOTALL)
_BEGINNINGS: Final = ("SELECT", "WITH", "FROM", "VALUES")
# By its name alone, wherever it stands: a query cannot hide it in quotes or behind a comment.
_FILE_READER: Final = re.compile(r"\b(?:read|scan)_\w+", re.IGNORECASE)
# In SQL the word begins a length of time, unless it is quoted: here it is a column.
_INTERVAL: Final = re.compile(
    r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/)|\binterval\b(?!\s*['\d(+-])""",
    re.IGNORECASE | re.DOTALL,
)
_NO_TABLE: Final = re.compile(r"relation '(.*)' was not found")


def query(text: str, store: Store) -> pl.LazyFrame:
    """What a query of one SELECT gives, not computed yet; read it while the store is open.

    Tables are kept series and patterns of them (`"binance:*USDT:1h"`), and those of `TABLES`.
    Raises `InputError` when the query cannot be understood, is no SELECT or reads files, and
    `UnknownSeries`. What goes wrong later, `explained` puts into words.
    """
    _refuse_all_but_reading(text)
    lines = store.catalogue()
    found = {name: _table(name, lines, store) for name in _names(text)}
    context = pl.SQLContext({name: frame for name, frame in found.items() if frame is not None})
    said = _INTERVAL.sub(lambda found: found[1] or '"interval"', text)
    with explained(lines):
        answer = context.execute(said, eager=False)
        answer.collect_schema()
    return answer


@contextmanager
def explained(lines: Sequence[Held] = ()) -> Iterator[None]:
    """Turns what polars finds wrong with a query into an `InputError`."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        missing = _NO_TABLE.fullmatch(why)
        if missing is not None:
            raise _no_table(missing[1], lines) from error
        msg = (
            f"The query cannot be answered: {why}. Names of series stand in double quotes, and "
            "times are compared with text: "
            "FROM \"binance:BTCUSDT:1h\" WHERE open_time >= '2024-12-31'."
        )
        raise InputError(msg) from error


def _refuse_all_but_reading(text: str) -> None:
    beginning = _BEGINNING.match(text)
    first = beginning[1] if beginning else ""
    if first.upper() not in _BEGINNINGS:
        msg = f"A query begins with one of {', '.join(_BEGINNINGS)}; this one with '{first}'."
        raise InputError(msg)
    reader = _FILE_READER.search(text)
    if reader is not None:
        msg = (
            f"{reader[0]} is not available: a query sees what is kept and no other files. "
            "'chandlery import' keeps the candles of a file."
        )
        raise InputError(msg)


def _no_table(name: str, lines: Sequence[Held]) -> InputError:
    kept = [str(line.series) for line in lines]
    if ":" in name:
        return UnknownSeries(name, nearest(name, kept))
    return InputError(
        f"There is no table '{name}'. Tables are {', '.join(TABLES)}, and each kept series by "
        'its name in double quotes, as in "binance:BTCUSDT:1h".'
    )


def _names(text: str) -> set[str]:
    """Every word and quoted text: whatever may be the name of a table."""
    return {quoted or word for quoted, word in _NAME.findall(text)}


def _table(name: str, lines: list[Held], store: Store) -> pl.LazyFrame | None:
    """The table of that name; None when there is none, as for columns and words of SQL."""
    owners = [line.series for line in lines]
    match name.lower():
        case "series":
            return _catalogue(lines).lazy()
        case "candles":
            return _joined(owners, SCHEMA, partial(_candles, store))
        case "ledger":
            return _joined(owners, LEDGER, partial(_ledger, store))
        case "revisions":
            return _joined(owners, REVISION, partial(_revisions, store))
        case _:
            return _series(name, owners, store)


def _series(name: str, owners: Sequence[Series], store: Store) -> pl.LazyFrame | None:
    try:
        asked = Series.parse(name)
    except (BadSeries, UnknownInterval):
        return None
    spellings = (asked, *in_capitals([asked]))
    found = [one for one in owners if any(each.matches(one) for each in spellings)]
    if not found:
        return None
    if asked.is_pattern:
        return _joined(found, SCHEMA, partial(_candles, store))
    return _candles(store, asked if asked in found else found[0])


def _candles(store: Store, series: Series) -> pl.LazyFrame:
    return store.candles.scan(series, forming=False)


def _revisions(store: Store, series: Series) -> pl.LazyFrame:
    return store.candles.revisions(series).lazy()


def _ledger(store: Store, series: Series) -> pl.LazyFrame:
    rows = [
        (one.span.start, one.span.end, one.state, one.asked_ms, one.source, one.request)
        for one in store.ledger.entries(series)
    ]
    return _from_ms(rows, LEDGER).lazy()


def _catalogue(lines: Sequence[Held]) -> pl.DataFrame:
    rows = [
        (*_owner(line.series), line.candles, line.first_ms, line.last_ms, line.updated_ms,
         line.revisions)
        for line in lines
    ]  # fmt: skip
    return _from_ms(rows, CATALOGUE)


def _from_ms(rows: Sequence[tuple[object, ...]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    whole = {name: pl.Int64() if dtype == TIME else dtype for name, dtype in schema.items()}
    return pl.DataFrame(rows, schema=whole, orient="row").cast(pl.Schema(schema))


def _owner(series: Series) -> tuple[str, str, str]:
    return series.exchange, series.symbol, series.interval.text


def _joined(
    owners: Sequence[Series],
    schema: dict[str, pl.DataType],
    read: Callable[[Series], pl.LazyFrame],
) -> pl.LazyFrame:
    """One table of many series: read one after another when the query runs, and only as needed."""

    def batches(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        left = rows
        for series in owners:
            if left == 0 or _rules_out(predicate, series):
                continue
            names = [
                pl.lit(text).alias(name) for name, text in zip(OWNER, _owner(series), strict=True)
            ]
            part = read(series).select(*names, pl.all())
            part = part if predicate is None else part.filter(predicate)
            part = part if left is None else part.head(left)
            frame = part.select(columns or pl.all()).collect()
            left = None if left is None else left - frame.height
            yield frame

    from polars.io.plugins import register_io_source  # noqa: PLC0415  only many series need it

    return register_io_source(batches, schema=pl.Schema(OWNER | schema))


def _rules_out(predicate: pl.Expr | None, series: Series) -> bool:
    """Whether the condition cannot hold for any candle of the series."""
    if predicate is None:
        return False
    owner = pl.DataFrame([_owner(series)], schema=OWNER, orient="row")
    return any(
        owner.select(part).item() is False
        for part in _conjuncts(predicate)
        if part.meta.root_names() and set(part.meta.root_names()) <= OWNER.keys()
    )


def _conjuncts(predicate: pl.Expr) -> Iterator[pl.Expr]:
    """The conditions that must all hold, as far as they can be told apart."""
    parts = predicate.meta.pop()
    if len(parts) == 2 and predicate.meta.eq(parts[1] & parts[0]):  # noqa: PLR2004  two sides
        yield from _conjuncts(parts[0])
        yield from _conjuncts(parts[1])
    else:
        yield predicate
