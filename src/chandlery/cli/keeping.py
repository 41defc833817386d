"""`chandlery keep` and `forget`: which series are kept, beside those of the settings."""

from __future__ import annotations

from typing import Annotated

import typer

from chandlery.cli.collecting import Outcome
from chandlery.cli.console import say
from chandlery.cli.options import Home

SeriesNames = Annotated[
    list[str],
    typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL …, each in full.", metavar="SERIES…"),
]


def keep(
    series: SeriesNames,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Then collect the whole history, here and now.")
    ] = False,
    home: Home = None,
) -> None:
    """Keep series from now on: they are collected together with those of the settings.

    That is written into the store, so every program over it follows within half a minute.
    """
    from chandlery.cli import history
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    outcome = Outcome()
    kept: list[str] = []
    with Keeper(read_settings(home=home)) as keeper:
        for text in series:
            with outcome.of_one():
                one, new = keeper.keep(text)
                kept.append(str(one))
                say(f"{one}: kept from now on." if new else f"{one}: kept already.")
    if backfill and kept:
        history.backfill(kept, home=home)
    outcome.end()


def forget(series: SeriesNames, home: Home = None) -> None:
    """Keep series no more. What is stored of them stays, and can be shown and exported."""
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    outcome = Outcome()
    with Keeper(read_settings(home=home)) as keeper:
        for text in series:
            with outcome.of_one():
                say(f"{keeper.forget(text)}: kept no more. What is stored stays.")
    outcome.end()
