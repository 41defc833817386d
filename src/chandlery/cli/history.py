"""`chandlery plan`, `backfill` and `verify`: whole histories, and the proof that they are whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chandlery.cli.collecting import Outcome, say_zone
from chandlery.cli.console import note, progress, say
from chandlery.cli.options import Home, Json, Since, Until

if TYPE_CHECKING:
    from chandlery.candles.series import Series
    from chandlery.collect.keeper import Keeper

SeriesNames = Annotated[
    list[str] | None,
    typer.Argument(
        help="EXCHANGE:SYMBOL:INTERVAL …, also with * and ?; those of the settings when left out.",
        metavar="[SERIES…]",
    ),
]


def plan(
    series: SeriesNames = None,
    since: Since = None,
    until: Until = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what `backfill` would do: files, requests, weight, bytes, disk, time, what is not there.

    Nothing is fetched but the symbols, the first candle and the list of archive files.
    """
    from chandlery.cli.history_text import plan_dict, plan_text

    outcome = Outcome()
    found: list[object] = []
    with _keeper(home, since, until) as keeper:
        for one in _asked(keeper, series):
            with outcome.of_one():
                planned = keeper.plan(one, since=since, until=until)
                found.append(plan_dict(planned))
                if not as_json:
                    say(plan_text(planned))
    _end(outcome, found, as_json=as_json)


def backfill(
    series: SeriesNames = None,
    since: Since = None,
    until: Until = None,
    recheck: Annotated[
        bool,
        typer.Option(
            "--recheck", help="First fetch archive files again that were re-issued since."
        ),
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Collect the whole history: archive files first, then REST for what they leave.

    Does what `plan` shows, and says in what it went otherwise. Interrupt it at any moment and
    start it again: it goes on where it was.
    """
    from chandlery.cli.history_text import (
        backfill_dict,
        backfill_text,
        rechecked_dict,
        rechecked_text,
    )

    outcome = Outcome()
    found: list[object] = []
    with _keeper(home, since, until) as keeper:
        for one in _asked(keeper, series):
            with outcome.of_one(), _stoppable(one):
                rechecked = keeper.recheck_archive(one) if recheck else None
                with progress(str(one)) as listener:
                    report = keeper.backfill(one, since=since, until=until, listener=listener)
                outcome.count(ok=report.ok and not (rechecked and rechecked.failures))
                more = {"recheck": rechecked_dict(rechecked)} if rechecked else {}
                found.append(backfill_dict(report) | more)
                if not as_json:
                    if rechecked:
                        say(rechecked_text(rechecked))
                    say(backfill_text(report))
    _end(outcome, found, as_json=as_json)


def verify(series: SeriesNames = None, home: Home = None, as_json: Json = False) -> None:
    """Recount everything from the stored candles, and compare it with ledger and catalogue.

    All that is kept when no series is named. Ends with 1 when anything disagrees.
    """
    from chandlery.cli.history_text import proof_dict, proof_text

    outcome = Outcome()
    found: list[object] = []
    with _keeper(home, None, None) as keeper:
        for one in [keeper.known(text) for text in series or []] or _kept(keeper):
            began = time.perf_counter()
            proof = keeper.prove(one)
            seconds = time.perf_counter() - began
            outcome.count(ok=proof.holds)
            found.append(proof_dict(proof, seconds))
            if not as_json:
                say(proof_text(proof, seconds))
    _end(outcome, found, as_json=as_json)


@contextmanager
def _keeper(home: Home, since: str | None, until: str | None) -> Iterator[Keeper]:
    from chandlery.collect.keeper import Keeper
    from chandlery.settings import read_settings

    say_zone(since, until)
    with Keeper(read_settings(home=home)) as keeper:
        for text in keeper.notes:
            note(text)
        yield keeper


@contextmanager
def _stoppable(series: Series) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        note(f"{series}: stopped. What has come is kept. Start it again: it goes on from here.")
        raise


def _asked(keeper: Keeper, names: list[str] | None) -> list[Series]:
    from chandlery.candles.series import Series

    return keeper.expanded([Series.parse(name) for name in names or []] or keeper.patterns())


def _kept(keeper: Keeper) -> list[Series]:
    return [line.series for line in keeper.catalogue()]


def _end(outcome: Outcome, found: list[object], *, as_json: bool) -> None:
    import orjson

    if as_json:
        say(orjson.dumps(found).decode())
    outcome.end()
