"""What victims do while somebody kills them: each function is one piece of work of the program.

They run in processes forked by `crash_mother`. `say` acknowledges: what was said holds for ever.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Final

import arro3.core
import arro3.io
import deltalake
import deltalake.transaction
import polars as pl

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.csv_kept import keep_csv
from chandlery.collect.exporting import Target, write
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings
from chandlery.store import FoldPolicy, Store
from tests.collect.rehearsal import EARLY_MS, SOL

__all__ = ["arro3", "deltalake"]  # imported here, and not in every victim

SERIES: Final = Series.parse(SOL)
SINCE_MS: Final = EARLY_MS - 1_200 * 3_600_000
"""From here on a collection fetches two pages of hours."""
FOLDS: Final = FoldPolicy(
    keep_hot=20, least=60, most=150, file_rows=700, neighbours=3, grace_hours=0.0
)
"""A store of 1,300 candles makes nine folds, several compactions, and a vacuum that spares nothing
that is not in use."""
FORMS: Final = {"csv": "binance", "parquet": "parquet", "json": "json", "feather": "feather"}
LENGTHS: Final = (600, 900)
"""An export is of so many candles, in turns."""
FIRST_ROWS: Final = 1_000
STEP: Final = 20
"""The CSV grows by so many candles at a time."""

Say = Callable[..., None]


def keeper(settings: dict[str, str]) -> Keeper:
    """A keeper whose clock stands still, as the sandbox's does."""
    return Keeper(read_settings(**settings), clock=FrozenClock(EARLY_MS))


def collect(say: Say, settings: dict[str, str]) -> None:
    """Collect pages, each acknowledged; then the newest candles, and the CSV with them."""
    with keeper(settings) as at:
        report = at.collect(SOL, since=SINCE_MS, listener=lambda done: say(done.reached_ms))
        assert report.ok, report.failure
        report = at.keep_current(SERIES, last=500)
        assert report.ok, report.failure
        assert report.csv is not None
        say(EARLY_MS, report.csv.rows)


def backfill(say: Say, settings: dict[str, str]) -> None:
    """Collect the whole history from the archive and REST; acknowledged when it is done."""
    with keeper(settings) as at:
        report = at.backfill(SOL)
        assert report.ok, report.failure
        say(EARLY_MS)


def fold(say: Say, url: str, lake: str) -> None:
    """Move candles to the lake, step by step, with all that belongs to it."""
    with Store.open(url, lake=lake, clock=FrozenClock(EARLY_MS), policy=FOLDS) as store:
        say(store.folding.fold(SERIES))
        say(store.folding.fold(SERIES, everything=True))


def compact(say: Say, url: str, lake: str) -> None:
    """Make many small files a few large ones, and delete what is out of use, day after day."""
    for day, rows in enumerate((200, 400, 800, 1_600)):
        clock = FrozenClock(EARLY_MS + day * DAY_MS)
        policy = FoldPolicy(keep_hot=20, file_rows=rows, neighbours=2, grace_hours=0.0)
        with Store.open(url, lake=lake, clock=clock, policy=policy) as store:
            store.folding.tidy(SERIES)
            say(rows)


def carry_forward(say: Say, url: str, lake: str) -> None:
    """Open a store of an older version."""
    with Store.open(url, lake=lake, clock=FrozenClock(EARLY_MS)) as store:
        say(store.prove(SERIES).candles)


def write_csv(say: Say, path: str, candles: str) -> None:
    """Bring a CSV up to date again and again; each of its lengths is acknowledged."""
    frame = pl.read_parquet(candles)
    for rows in itertools.chain(range(FIRST_ROWS, frame.height, STEP), [frame.height]):
        fresh = frame.slice(0, rows).tail(50) if rows > FIRST_ROWS else frame.slice(0, rows)
        kept = keep_csv(Path(path), SERIES, fresh, answered=[], now_ms=EARLY_MS)
        say(kept.rows)


def export(say: Say, settings: dict[str, str], folder: str) -> None:
    """Write files of every form over those that are there, twice as many candles, then fewer."""
    with keeper(settings) as at:
        for rows in (*LENGTHS, *LENGTHS):
            for ending, form in FORMS.items():
                target = Target(SERIES, Path(folder) / f"candles.{ending}")
                write(at.scan(SERIES, last=rows), target, form=form, force=True)
                say(rows, ending)


def keep(say: Say, url: str, lake: str, candles: str) -> None:
    """Make a store that holds the candles of a file, all in its database."""
    frame = pl.read_parquet(candles)
    answered = Span(0, int(frame["open_time"].dt.epoch("ms")[-1]) + 1)
    with Store.open(url, lake=lake, clock=FrozenClock(EARLY_MS), policy=FOLDS) as store:
        store.candles.keep(Candles(SERIES, frame), answered=answered, source="rest")
    say(frame.height)


def scatter(say: Say, url: str, lake: str, candles: str) -> None:
    """Make a store whose lake has the candles in a dozen small files."""
    frame = pl.read_parquet(candles)
    policy = FoldPolicy(keep_hot=20, neighbours=1_000)
    with Store.open(url, lake=lake, clock=FrozenClock(EARLY_MS - DAY_MS), policy=policy) as store:
        for piece in frame.iter_slices(110):
            start, end = (int(piece["open_time"].dt.epoch("ms")[at]) for at in (0, -1))
            span = Span(start, end + 1)
            store.candles.keep(Candles(SERIES, piece), answered=span, source="rest")
            store.folding.fold(SERIES, everything=True)
    say(frame.height)
