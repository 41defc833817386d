"""`chandlery export` and `chandlery import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chandlery.cli.collecting import counted, say_zone
from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json, Last, Since, Until
from chandlery.clock import ms_to_text
from chandlery.errors import InputError

if TYPE_CHECKING:
    from chandlery.collect.importing import Imported, LeftOut

_SHOWN: Final = 5
"""So many candles that were left out are named one by one."""


ExportedSeries = Annotated[
    list[str],
    typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL, as in binance:BTCUSDT:1h.", metavar="SERIES"),
]
To = Annotated[
    Path, typer.Option(help="The file to write; its ending tells the format. Or the folder.")
]
Form = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="binance (csv), named (CSV with a header), parquet, feather (arrow), json; "
        "into a folder: freqtrade, freqtrade-json, backtesting.",
    ),
]
Files = Annotated[
    list[Path],
    typer.Argument(
        help="CSV, JSON, Parquet or Feather, gzipped, zipped or neither; or a folder of files "
        "named SYMBOL-INTERVAL-DATE.",
        metavar="FILE",
    ),
]
ImportedSeries = Annotated[
    str | None,
    typer.Option(
        help="What the files hold: EXCHANGE:SYMBOL:INTERVAL. Archive files tell it by name.",
        metavar="SERIES",
    ),
]
ExchangeName = Annotated[
    str | None,
    typer.Option(help="Whose the archive files are, where that is not plain.", metavar="NAME"),
]
Closed = Annotated[
    bool,
    typer.Option("--closed", help="The files hold closed candles only: keep their last one, too."),
]


def export(
    series: ExportedSeries,
    to: To,
    form: Form = None,
    last: Last = None,
    since: Since = None,
    until: Until = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    forming: Annotated[
        bool, typer.Option("--forming", help="The candle that is still forming, too.")
    ] = False,
    home: Home = None,
) -> None:
    """Write kept candles to files: CSV (Binance's twelve columns), Parquet, Feather, JSON.

    All of the series' closed candles, unless told otherwise. The layouts of other programs write
    into a folder, one file for each series.
    """
    from chandlery.candles.files import format_of
    from chandlery.collect.exporting import targets, write
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    form = format_of(to, form)
    say_zone(since, until)
    with Keeper(read_settings(home=home)) as keeper:
        for target in targets(keeper, series, to, form=form, force=force):
            candles = keeper.scan(
                target.series, last=last, since=since, until=until, forming=forming
            )
            count = write(candles, target, form=form, force=force)
            say(f"{target.path}: {count:,} candles of {target.series}")


def import_(
    files: Files,
    series: ImportedSeries = None,
    exchange: ExchangeName = None,
    closed: Closed = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep the candles of files. A file that is broken anywhere is refused whole.

    What is not certain is left out and told: above all the last candle of a file, which may have
    been unfinished when it was written. Ends with 1 when a file's candles contradict each other
    or what is kept, or none of them is kept, and with 2 when a file cannot be read.
    """
    import orjson

    from chandlery.candles.series import Series
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    named = Series.parse(series) if series else None
    told: list[dict[str, object]] = []
    code = 0
    with Keeper(read_settings(home=home)) as keeper:
        for file in _each(files, told):
            try:
                imported = keeper.import_file(file, named, exchange=exchange, closed=closed)
            except InputError as error:
                _broken(file, error, told)
                continue
            told.append(imported.to_dict())
            code = max(code, 0 if imported.ok else 1)
            if not as_json:
                _print(imported)
    if as_json:
        say(orjson.dumps(told).decode())
    sys.exit(2 if any(one["error"] for one in told) else code)


def _each(places: list[Path], told: list[dict[str, object]]) -> Iterator[Path]:
    """The files, and those in the folders."""
    from chandlery.collect.importing import files_in

    for place in places:
        if not place.is_dir():
            yield place
            continue
        try:
            found = files_in(place)
        except InputError as error:
            _broken(place, error, told)
            continue
        if found.others:
            note(f"{place}: files of other names, which are left alone: {found.others:,}.")
        yield from found.files


def _broken(file: Path, error: InputError, told: list[dict[str, object]]) -> None:
    note(f"chandlery: {error}")
    told.append({"file": str(file), "error": str(error)})


def _print(imported: Imported) -> None:
    say(
        f"{imported.file}: {imported.series}: {counted(imported.kept)}; "
        f"{imported.duplicates:,} duplicate rows in the file"
    )
    for text in imported.notes:
        note(text)
    for reason in dict.fromkeys(one.reason for one in imported.left_out):
        _print_left_out([one for one in imported.left_out if one.reason == reason])


def _print_left_out(candles: list[LeftOut]) -> None:
    """The candles that were left out for one reason."""
    from chandlery.collect.importing import WORDS

    why = WORDS[candles[0].reason]
    for one in candles[:_SHOWN]:
        where = f" (lines {', '.join(map(str, one.lines))})" if one.lines else ""
        note(f"The candle of {ms_to_text(one.open_ms)}{where} {why}; it is left out.")
    if len(candles) > _SHOWN:
        note(
            f"{len(candles) - _SHOWN:,} more are left out for the same reason; "
            "--json lists all of them."
        )
