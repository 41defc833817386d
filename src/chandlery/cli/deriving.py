"""`chandlery resample` and `sql`: what follows from the kept candles."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chandlery.cli.collecting import say_zone
from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Last, SeriesName, Since, Until
from chandlery.clock import ms_to_text

if TYPE_CHECKING:
    import polars as pl

    from chandlery.candles.frame import Candles

_SHOWN = 500
_NAMED = 10

To = Annotated[Path | None, typer.Option(help="Write a file; its ending tells the format.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


def resample(
    series: SeriesName,
    interval: Annotated[
        str, typer.Argument(help="The larger interval, such as 1h.", metavar="INTERVAL")
    ],
    last: Last = None,
    since: Since = None,
    until: Until = None,
    anchor: Annotated[
        str | None, typer.Option(help="A day on which one of the 3d candles opens.", metavar="DAY")
    ] = None,
    to: To = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="table, csv or json; csv, parquet, feather, json with --to."),
    ] = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Sum kept candles up to larger ones, exactly, and say which of these are not complete.

    The newest 500, or all with --to, unless told otherwise. --last, --since and --until count the
    larger candles. A candle is complete when all its time is held, or known to be empty at the
    exchange.
    """
    from chandlery.candles.files import format_of, write_candles
    from chandlery.candles.frame import Candles
    from chandlery.candles.interval import Interval
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    form = _printed(form) if to is None else format_of(to, form)
    say_zone(since, until, anchor)
    if to is None and since is None and until is None:
        last = _SHOWN if last is None else last
    larger = Interval.parse(interval)
    with Keeper(read_settings(home=home)) as keeper:
        known = keeper.known(series)
        made = keeper.resample(known, larger, last=last, since=since, until=until, anchor=anchor)
    candles = Candles(replace(known, interval=larger), made.frame)
    if to is None:
        _print(candles, form)
    else:
        write_candles(candles.frame, to, form=form, force=force)
        say(f"{to}: {len(candles):,} candles of {candles.series} from {known}")
    _note_incomplete(made.incomplete)


def _printed(form: str | None) -> str:
    from chandlery.errors import UnknownFormat

    if form not in {None, "table", "csv", "json"}:
        raise UnknownFormat(form, ("table", "csv", "json"))
    return form or "table"


def _print(candles: Candles, form: str) -> None:
    from chandlery.candles.binance_rows import csv_text
    from chandlery.candles.files import json_text
    from chandlery.candles.table import table

    if form == "csv":
        typer.echo(csv_text(candles.frame), nl=False)
    elif form == "json":
        typer.echo(json_text(candles.frame), nl=False)
    else:
        size = shutil.get_terminal_size() if sys.stdout.isatty() else None
        say(table(candles, width=size and size.columns, height=size and size.lines))


def _note_incomplete(incomplete: pl.DataFrame) -> None:
    if incomplete.is_empty():
        return
    note(f"{incomplete.height:,} of these candles are not complete:")
    newest = incomplete.tail(_NAMED)
    if incomplete.height > newest.height:
        note(f"  ({incomplete.height - newest.height:,} earlier ones)")
    opens = newest["open_time"].dt.epoch("ms")
    for open_ms, (_, children, of, reasons) in zip(opens, newest.iter_rows(), strict=True):
        note(f"  {ms_to_text(open_ms)}: {children:,} of {of:,}, {', '.join(reasons)}")


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT.", metavar="QUERY")],
    form: Annotated[
        str | None, typer.Option("--format", help="table, csv, json; parquet with --to.")
    ] = None,
    to: To = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Ask what is kept in SQL. A series is a table: SELECT max(high) FROM "binance:BTCUSDT:1h".

    Further tables: candles (all series), "binance:*USDT:1h" (those that match), series (the
    catalogue), ledger and revisions. A table for people ends after 1,000 rows; csv, json and
    parquet are whole.
    """
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.sql import explained
    from chandlery.collect.sql_text import write_answer
    from chandlery.settings import read_settings

    with Keeper(read_settings(home=home)) as keeper:
        answer = keeper.sql(query)
        with explained():
            if to is None:
                _print_answer(answer, form or "table")
            else:
                form = form or to.suffix.removeprefix(".").lower()
                write_answer(answer, to, form, force=force)
                say(f"{to}: written")


def _print_answer(answer: pl.LazyFrame, form: str) -> None:
    from chandlery.collect.sql_text import MOST_ROWS, csv_parts, json_parts, table_text
    from chandlery.errors import UnknownFormat

    if form == "table":
        text, whole = table_text(answer)
        say(text)
        if not whole:
            note(f"These are the first {MOST_ROWS:,} rows. --format csv or --to FILE gives all.")
        return
    if form not in {"csv", "json"}:
        raise UnknownFormat(form, ("table", "csv", "json", "parquet with --to FILE"))
    for part in (csv_parts if form == "csv" else json_parts)(answer):
        typer.echo(part, nl=False)
