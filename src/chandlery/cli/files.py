"""`chandlery export` and `chandlery import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chandlery.cli.collecting import counted, say_zone
from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json, Last, SeriesName, Since, Until
from chandlery.clock import ms_to_text


def export(
    series: SeriesName,
    to: Annotated[Path, typer.Option(help="The file to write; its ending tells the format.")],
    form: Annotated[
        str | None, typer.Option("--format", help="csv, parquet, feather, arrow or json.")
    ] = None,
    last: Last = None,
    since: Since = None,
    until: Until = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    forming: Annotated[
        bool, typer.Option("--forming", help="The candle that is still forming, too.")
    ] = False,
    home: Home = None,
) -> None:
    """Write kept candles to a file: CSV (Binance's twelve columns), Parquet, Feather or JSON.

    All of the series' closed candles, unless told otherwise.
    """
    from chandlery.candles.files import format_of, write_candles
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    form = format_of(to, form)
    say_zone(since, until)
    with Keeper(read_settings(home=home)) as keeper:
        candles = keeper.held(series, last=last, since=since, until=until, forming=forming)
    write_candles(candles.frame, to, form=form, force=force)
    say(f"{to}: {len(candles):,} candles of {candles.series}")


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, JSON, Parquet or Feather; gzipped or not.")],
    series: Annotated[
        str, typer.Option(help="What the file holds: EXCHANGE:SYMBOL:INTERVAL.", metavar="SERIES")
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep the candles of a file. A file that is broken anywhere is refused whole."""
    import orjson

    from chandlery.candles.series import Series
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    named = Series.parse(series)
    with Keeper(read_settings(home=home)) as keeper:
        imported = keeper.import_file(file, named)
    if as_json:
        typer.echo(orjson.dumps(imported).decode())
        return
    say(f"{named}: {counted(imported.kept)}; {imported.duplicates:,} duplicate rows in the file")
    if imported.contradicted:
        note(
            f"{imported.contradicted:,} candles of the file are not what the exchange itself has "
            "given for their time; they are left out."
        )
    for open_ms in imported.left_out:
        note(
            f"The candle of {ms_to_text(open_ms)} may have been unfinished when the file was "
            "written; it is left out and comes with the next collection."
        )
