"""Figure: a whole history over REST, at the limit that Binance grants."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, Final

from bench.processes import PYTHON, Failed, announced, ask, running
from bench.shelf import SERIES, UNTIL
from bench.tables import MEGABYTE, Table, verdict
from chandlery.collect.wanted import to_ms
from chandlery.sandbox import Sandbox, Seen

LIMIT: Final = 6_000
TOO_MUCH: Final = {429, 418}
_WEIGHTS: Final = {"klines": 2, "time": 1, "exchangeInfo": 20}
_MINUTE_MS: Final = 60_000
_MOST: Final = 1.05
_LEAD_MS: Final = 1_000
"""A process starts for about so long before it asks: then a minute of the exchange begins."""


def metered(folder: Path, first: date) -> Table:
    """Backfill with an archive that has no files, in real time."""
    print("  over REST", file=sys.stderr)
    empty, home = folder / "empty", folder / "metered"
    empty.mkdir()
    server = (PYTHON, "-m", "bench.file_server", str(empty))
    box = Sandbox(now_ms=to_ms(f"{UNTIL} 12:00") - _LEAD_MS, speed=1, weight_limit=LIMIT)
    with running(server, folder) as files, box:
        settings = {
            "CHANDLERY_BINANCE_URL": box.binance_url,
            "CHANDLERY_BINANCE_ARCHIVE_URL": announced(files, folder)["url"],
            "CHANDLERY_HOME": str(home),
            "CHANDLERY_CSV": "",
        }
        words = ("--since", first.isoformat(), "--until", UNTIL, SERIES)
        found = ask(PYTHON, "bench.clients.backfill_client", *words, **settings)
        seen = box.requests.log("/api/v3")
    if found["failures"]:
        raise Failed(f"the backfill over REST failed: {found['failures'][0]}")
    return _table(found, seen)


def _table(found: dict[str, Any], seen: list[Seen]) -> Table:
    used = Counter[int]()
    for each in seen:
        used[each.at_ms // _MINUTE_MS] += _WEIGHTS.get(each.path.rpartition("/")[2], 0)
    weight = used.total()
    least, came = weight / LIMIT * 60, found["seconds"]
    return Table(
        f"{found['candles']:,} candles over REST, {LIMIT:,} weight a minute",
        ("pages", "weight", "the limit's own time", "whole time", "429 and 418", "CPU", "memory"),
        [
            [
                f"{found['pages']:,}",
                f"{weight:,}",
                f"{least:.1f} s",
                f"{came:.1f} s",
                str(sum(each.status in TOO_MUCH for each in seen)),
                f"{found['cpu']:.1f} s",
                f"{found['memory'] / MEGABYTE:.0f} MB",
            ]
        ],
        [
            "Real time, from the beginning of a minute of the exchange's clock.",
            f"Weight used in each minute: {_each(used)}.",
            f"Aim: at most {_MOST:g} times the limit's own time, and no 429; "
            + _verdict(weight, came / least),
        ],
    )


def _verdict(weight: int, ratio: float) -> str:
    if weight < LIMIT:
        return "no minute was full, so it says nothing."
    return f"{ratio:.2f} times: {verdict(met=ratio <= _MOST)}."


def _each(used: Counter[int]) -> str:
    return ", ".join(f"{used[minute]:,}" for minute in sorted(used))
