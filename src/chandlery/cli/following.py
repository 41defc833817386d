"""`chandlery follow`: candles as they move, which are kept as they close."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chandlery.cli.console import note, say
from chandlery.cli.options import Home, Json
from chandlery.cli.stopping import aside, end_if_told, until_stopped

if TYPE_CHECKING:
    from chandlery.candles.series import Series
    from chandlery.cli.following_table import Show
    from chandlery.clock import StoppableClock
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.live.events import LiveEvent

_NAP_SECONDS: Final = 0.1
"""So soon a signal is heeded where nothing moves."""

Names = Annotated[
    list[str],
    typer.Argument(help="EXCHANGE:SYMBOL:INTERVAL, as in binance:BTCUSDT:1m.", metavar="SERIES…"),
]


def follow(series: Names, home: Home = None, as_json: Json = False) -> None:
    """Show the newest candle of each series as it moves, until Ctrl-C, and keep what closes.

    A stream tells each movement at once, and the exchange is asked for each candle that has
    closed, which is the one that is kept. Without a stream the exchange is asked every few seconds.
    """
    from chandlery.clock import StoppableClock
    from chandlery.collect.keeper import Keeper
    from chandlery.collect.live.follow import Follower
    from chandlery.settings import read_settings

    clock = StoppableClock()
    events: SimpleQueue[LiveEvent] = SimpleQueue()
    opened = partial(Keeper, read_settings(home=home), clock=clock)
    with until_stopped(), aside(clock, opened) as keeper:
        wanted = _known(keeper, series, clock)
        follower = Follower(keeper, events.put)
        try:
            follower.watch(wanted)
            with _shown(as_json=as_json) as show:
                while True:
                    end_if_told()
                    show(_next(events))
        finally:
            clock.stop()
            follower.close()


def _known(keeper: Keeper, names: list[str], clock: StoppableClock) -> list[Series]:
    """The series, each asked for once, so that what cannot be followed is said at the start."""
    from chandlery.candles.series import Series
    from chandlery.collect.symbols import in_capitals
    from chandlery.errors import InputError

    wanted = in_capitals([Series.parse(name) for name in names])
    away: set[str] = set()
    for one in wanted:
        if one.is_pattern:
            raise InputError(f"'{one}' stands for many series; name those to follow.")
        keeper.exchange(one.exchange)
        if one.exchange not in away:
            report = aside(clock, partial(keeper.collect, one, last=2))
            for text in report.notes:
                note(text)
            if report.failure is not None:
                away.add(one.exchange)
                note(f"{one}: {report.failure}")
    return list(dict.fromkeys(wanted))


def _next(events: SimpleQueue[LiveEvent]) -> list[LiveEvent]:
    """All that has come, after waiting for it for a moment."""
    come: list[LiveEvent] = []
    try:
        come.append(events.get(timeout=_NAP_SECONDS))
        while True:
            come.append(events.get_nowait())
    except Empty:
        return come


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Show]:
    from chandlery.cli.following_table import json_line, table, text_line

    if not as_json and sys.stdout.isatty():
        with table() as show:
            yield show
    else:
        write = json_line if as_json else text_line

        def lines(events: list[LiveEvent]) -> None:
            for event in events:
                say(write(event))

        yield lines
