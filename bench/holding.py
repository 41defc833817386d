"""Figures of large stores: what is asked at once, what a candle takes on disk, what memory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.filling import bare_catalogue, copied
from bench.processes import PYTHON, ROOT, Failed, ask
from bench.shelf import SERIES
from bench.tables import Table, seconds, verdict

RECORDED: Final = ROOT.parent / "shared" / "data" / "perf" / "um"
COPIES: Final = 20
LISTED: Final = 2_000
LISTED_CANDLES: Final = 300_000
_BYTES: Final = 30
_LAST: Final = 500
_LEFT_OUT: Final = "Bytes a candle were left out: there is no ../shared/data beside the checkout."
_CLIENT: Final = "bench.clients.asking_client"


def holding(home: Path, folder: Path, memory: Sequence[list[str]]) -> Table:
    """Ask a store that was backfilled, then one with twenty more copies; `memory` are more rows."""
    print("  asking", file=sys.stderr)
    proved = ask(PYTHON, _CLIENT, "--prove", SERIES, CHANDLERY_HOME=str(home))
    if not proved["holds"]:
        raise Failed(f"the proof of the backfill does not hold: {proved}")
    names = copied(home, COPIES)
    last = ("--last", SERIES, "--last", names[-1])
    asked = ask(PYTHON, _CLIENT, *last, CHANDLERY_HOME=str(home))
    bare_catalogue(folder / "bare", LISTED, LISTED_CANDLES)
    listed = ask(PYTHON, _CLIENT, CHANDLERY_HOME=str(folder / "bare"))
    whole = listed["candles"] / 1e6
    return Table(
        "A large store",
        ("what", "figure", "aim", ""),
        [
            _timed(f"proof of {proved['candles']:,} candles", proved["prove"], 1.0),
            *(_last(asked, name) for name in (SERIES, names[-1])),
            _timed(f"catalogue of {LISTED:,} series, {whole:.0f} M", listed["catalogue"], 0.005),
            *_bytes(folder / "bytes"),
            *memory,
        ],
        [
            "Medians (least-most): of 5 proofs, of 50 of the others; all in the page cache.",
            f"Last {_LAST}: of {asked['candles'] / 1e6:.0f} M candles in {asked['series']} series.",
            "All but one of these are copies of the first, with hard links for files.",
            "Bytes: recorded months of futures, eleven exact columns, when and from where as well.",
            "Memory: the most that was resident at once.",
            *([] if RECORDED.is_dir() else [_LEFT_OUT]),
        ],
    )


def _last(asked: dict[str, Any], name: str) -> list[str]:
    found = asked["last"][name]
    if found["rows"] != _LAST:
        raise Failed(f"{name} gave {found['rows']} candles, not {_LAST}")
    return _timed(f"last {_LAST} candles of {name}", found["seconds"], 0.01)


def _timed(what: str, took: Sequence[float], most: float) -> list[str]:
    aim = f"under {most * 1000:g} ms" if most < 1 else f"under {most:g} s"
    return [what, seconds(took), aim, verdict(met=median(took) < most)]


def _bytes(home: Path) -> list[list[str]]:
    if not RECORDED.is_dir():
        return []
    home.mkdir()
    found = ask(PYTHON, "bench.clients.bytes_client", RECORDED, CHANDLERY_HOME=str(home))
    each = found["bytes"] / found["candles"]
    more = (found["log"] + found["database"]) / found["candles"]
    what = f"bytes a candle, {found['candles']:,} in {found['files']} files"
    return [
        [
            what,
            f"{each:.2f} (and {more:.2f} beside)",
            f"at most {_BYTES}",
            verdict(met=each <= _BYTES),
        ]
    ]
