"""`chandlery show`, `status`, `gaps` and `settings`: what there is, as text or JSON."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json, SeriesName
from chandlery.clock import ms_to_text


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
    series: SeriesName,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List where a series has no candles, and why: empty at the exchange, or never asked."""
    import orjson

    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    with Keeper(read_settings(home=home)) as keeper:
        found = keeper.gaps(keeper.held(series, last=1).series)
    if as_json:
        say(orjson.dumps([asdict(gap) for gap in found]).decode())
        return
    for gap in found:
        asked = _part(", asked ", gap.asked_ms)
        say(f"{gap.span}  {gap.candles:>6,} candles  {gap.reason}{asked}")
    total = sum(gap.candles for gap in found)
    note(f"{series}: {len(found):,} gaps, {total:,} candles missing")


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
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        say(f"{name} = {'' if shown is None else without_secrets(str(shown))}")


def _part(words: str, ms: int | None) -> str:
    return f"{words}{ms_to_text(ms)}" if ms is not None else ""
