"""Figures of whole histories: nine years of minutes, downloaded, loaded, asked and proved."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from bench.downloads import downloads
from bench.holding import holding
from bench.loading import loading
from bench.metered import metered
from bench.processes import PYTHON, Failed, ask
from bench.shelf import FIRST, INTERVAL, Wanted, World, files_since, months, world
from bench.tables import MEGABYTE, Table, verdict

SYMBOLS: Final = 50
_MOST_MEMORY: Final = 300 * MEGABYTE
_CLIENT: Final = "bench.clients.backfill_client"
_ROUNDS_OF_READING: Final = 11


@dataclass(frozen=True, slots=True)
class Form:
    """How long a run is: from when on what is downloaded, and how often."""

    first: date
    first_over_rest: date
    first_of_many: date
    rounds: int


LONG: Final = Form(FIRST, FIRST, date(2026, 9, 1), rounds=3)
SHORT: Final = Form(date(2025, 11, 1), date(2026, 8, 1), date(2026, 10, 1), rounds=1)


def history(*, quick: bool) -> Iterator[Table]:
    """Download, load, ask; each table as soon as it is there."""
    form = SHORT if quick else LONG
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, wanted = folder / "home", [files_since(form.first), *_many(form)]
        with world(wanted, more_symbols=SYMBOLS) as exchange:
            yield downloads(exchange, folder, form.first, form.rounds)
            yield loading(home, folder / "files", _ROUNDS_OF_READING)
            memory = _memory_of_many(exchange, folder / "many", form)
        yield holding(home, folder, [memory])
        yield metered(folder, form.first_over_rest)


def _many(form: Form) -> list[Wanted]:
    """A few months of many symbols."""
    return [
        Wanted(f"C{number:04}USDT", months(form.first_of_many)) for number in range(1, SYMBOLS + 1)
    ]


def _memory_of_many(exchange: World, home: Path, form: Form) -> list[str]:
    print(f"  {SYMBOLS} symbols", file=sys.stderr)
    series = [f"binance:{one.symbol}:{INTERVAL}" for one in _many(form)]
    words = ("--since", form.first_of_many.isoformat(), "--until", "2026-11-01", *series)
    found = ask(PYTHON, _CLIENT, *words, **exchange.settings, CHANDLERY_HOME=str(home))
    if found["failures"] or found["files"] < SYMBOLS:
        raise Failed(f"the backfill of {SYMBOLS} symbols was not a whole one: {found}")
    return [
        f"memory of a backfill of {SYMBOLS} symbols, {found['candles']:,} candles",
        f"{found['memory'] / MEGABYTE:.0f} MB (imports {found['memory_before'] / MEGABYTE:.0f})",
        f"under {_MOST_MEMORY // MEGABYTE} MB",
        verdict(met=found["memory"] < _MOST_MEMORY),
    ]
