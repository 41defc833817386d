"""`python -m tests.torture.fuzz [NAME …]`: parsers under atheris, a process for each.

    --runs N         inputs for each, instead of a million (or what the harness says)
    --seed N         another run; the same seed and code give the same run
    --artifacts DIR  where an input is written that finds a defect
    --input FILE     feed that one input alone, as it was written, and show what is raised
    --jobs N         processes at a time, 2

Prints a line for each: inputs, seconds, covered edges. Ends with 1 when there is a defect.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.torture.fuzz.guided import INSTALL, Outcome, installed, run
from tests.torture.fuzz.harness import accepts


def main() -> int:
    """Run what is asked for; the exit code."""
    options = _options()
    if options.input is None and not installed():
        sys.stderr.write(INSTALL)
        return 2
    from tests.torture.fuzz.table import HARNESSES  # noqa: PLC0415  imports everything

    names = options.names or list(HARNESSES)
    if options.input is not None:
        accepts(HARNESSES[names[0]], options.input.read_bytes())
        return 0

    def one(name: str) -> Outcome:
        runs = options.runs or HARNESSES[name].runs
        outcome = run(name, runs=runs, seed=options.seed, artifacts=options.artifacts)
        sys.stdout.write(f"{outcome}\n")
        sys.stdout.flush()
        return outcome

    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(one, names))
    return int(any(outcome.defect for outcome in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--artifacts", type=Path, default=Path("fuzz-artifacts"))
    parser.add_argument("--input", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


sys.exit(main())
