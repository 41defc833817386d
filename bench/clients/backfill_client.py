"""Chandlery: backfill series into a new home, and print what came and what it took.

`python -m bench.clients.backfill_client [--since T] --until T SERIES…`; the settings come from the
environment.
"""

from __future__ import annotations

import argparse
import json

from bench.clients.downloading import measured
from chandlery.collect.keeper import Keeper
from chandlery.settings import read_settings


def main() -> None:
    """One series after the other, as `chandlery backfill` does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--since")
    parser.add_argument("--until", required=True)
    parser.add_argument("series", nargs="+")
    asked = parser.parse_args()
    with measured() as found, Keeper(read_settings()) as keeper:
        reports = [
            keeper.backfill(one, since=asked.since, until=asked.until) for one in asked.series
        ]
    wrong = [str(one.failure) for one in reports if one.failure is not None]
    told = {
        "candles": sum(one.kept.new for one in reports),
        "files": sum(one.files for one in reports),
        "pages": sum(one.pages for one in reports),
        "failures": wrong,
        "differences": [text for one in reports for text in one.differences],
    }
    print(json.dumps(found | told))


if __name__ == "__main__":
    main()
