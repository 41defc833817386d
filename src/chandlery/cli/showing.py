"""`chandlery show`, `status`, `gaps` and `settings`: what there is, as text or JSON."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json, SeriesName


def show(
    series: SeriesName,
    last: Annotated[int, typer.Option(help="The newest N candles.", metavar="N")] = 500,
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    home: Home = None,
) -> None:
    """Show kept candles: a table, or Binance's twelve columns as CSV, or JSON."""
    from chandlery.candles.binance_rows import csv_text
    from chandlery.candles.files import json_text
    from chandlery.candles.table import table
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.wanted import newest
    from chandlery.errors import UnknownFormat
    from chandlery.settings import read_settings

    count = newest(last).last
    if form not in {"table", "csv", "json"}:
        raise UnknownFormat(form, ("table", "csv", "json"))
    with Keeper(read_settings(home=home)) as keeper:
        candles = keeper.held(series, last=count)
    if form == "csv":
        typer.echo(csv_text(candles.frame), nl=False)
    elif form == "json":
        typer.echo(json_text(candles.frame), nl=False)
    else:
        size = shutil.get_terminal_size() if sys.stdout.isatty() else None
        say(table(candles, width=size and size.columns, height=size and size.lines))


def status(
    check: Annotated[
        bool, typer.Option("--check", help="End with exit code 1 when a kept series is late.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what is kept, how fresh it is, what went wrong last, and whether all is well.

    Healthy means what /healthz means by it: no kept series is late. Of many series the ten
    furthest behind are shown; --json has all.
    """
    import orjson

    from chandlery.cli.status_text import status_text
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    with Keeper(read_settings(home=home)) as keeper:
        report = keeper.status()
        store = keeper.store.name
    say(orjson.dumps(report).decode() if as_json else status_text(report, store))
    if check and not report.healthy:
        raise typer.Exit(1)


def gaps(
    series: Annotated[
        list[str],
        typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL …, of what is kept.", metavar="SERIES…"),
    ],
    repair: Annotated[
        bool, typer.Option("--repair", help="Ask the exchange again for all of them, first.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List every span without candles: why, asked when, by which request.

    Before listing, empty at the exchange, after delisting, not published yet, failed, never asked.
    """
    import orjson

    from chandlery.cli.collecting import Outcome, print_report
    from chandlery.cli.history_text import gap_dict, gap_text, gaps_text
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    outcome = Outcome()
    listed: list[dict[str, object]] = []
    with Keeper(read_settings(home=home)) as keeper:
        for one in [keeper.known(name) for name in series]:
            with outcome.of_one():
                if repair:
                    print_report(outcome.add(keeper.repair(one)), note)
            found = keeper.gaps(one)
            listed += [gap_dict(one, gap) for gap in found]
            if not as_json:
                for gap in found:
                    say(gap_text(gap))
                note(gaps_text(one, found))
    if as_json:
        say(orjson.dumps(listed).decode())
    outcome.end()


def settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The table of all settings, as in the docs.")
    ] = False,
) -> None:
    """Show the settings in force, secrets left out."""
    from chandlery.settings import Settings, as_markdown, read_settings, without_secrets

    if markdown:
        typer.echo(as_markdown(), nl=False)
        return
    in_force = read_settings()
    for name in Settings.model_fields:
        value = getattr(in_force, name)
        shown = value if isinstance(value, tuple) else ("" if value is None else value,)
        say(f"{name} = {','.join(without_secrets(str(one)) for one in shown)}")
