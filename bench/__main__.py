"""`python -m bench [--quick] [--write] [NAME…]`: measure, and print the tables."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.budget import budget
from bench.closes import closes
from bench.collecting import collecting
from bench.history import history
from bench.keeping import keeping
from bench.live import live
from bench.page import page
from bench.processes import Failed
from bench.serving import serving
from bench.starting import starting
from bench.tables import Table
from bench.topup import topup

FIGURES: Final[dict[str, Callable[..., Table | Iterable[Table]]]] = {
    "budget": budget,
    "closes": closes,
    "collecting": collecting,
    "history": history,
    "keeping": keeping,
    "live": live,
    "page": page,
    "serving": serving,
    "starting": starting,
    "topup": topup,
}
RESULTS: Final = Path(__file__).parent / "results.md"


def main() -> int:
    """Exit code 1 when a figure could not be had."""
    asked = _arguments()
    tables = []
    try:
        for table in _measured(asked.names or list(FIGURES), quick=asked.quick):
            print(f"\n{table}", flush=True)
            tables.append(table)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    if asked.write:
        RESULTS.write_text("\n\n".join([f"# Figures\n\n{_machine()}", *map(str, tables)]) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs")
    parser.add_argument("--write", action="store_true", help="write bench/results.md as well")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in FIGURES]
    if unknown:
        parser.error(f"there is no figure {unknown[0]}; choose of {', '.join(FIGURES)}")
    return asked


def _measured(names: Sequence[str], *, quick: bool) -> Iterator[Table]:
    for name in names:
        print(f"{name} …", file=sys.stderr)
        found = FIGURES[name](quick=quick)
        yield from [found] if isinstance(found, Table) else found


def _machine() -> str:
    return (
        f"One run of `make bench` with Python {platform.python_version()} on "
        f"{platform.system()}, {os.cpu_count()} cores; client and server share them."
    )


if __name__ == "__main__":
    sys.exit(main())
