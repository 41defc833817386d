"""What a store that is kept answers at once: the last candles, the proof, the catalogue.

`python -m bench.clients.asking_client [--last SERIES]… [--prove SERIES] [--rounds N]`; the settings
come from the environment. Prints the seconds of each round.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Final

from chandlery.candles.series import Series
from chandlery.settings import Settings, read_settings
from chandlery.store import Store, sqlite_url

_LAST: Final = 500


def opened(settings: Settings) -> Store:
    """The store of the settings."""
    return Store.open(sqlite_url(settings.database_path), lake=settings.lake_place)


def _rounds(count: int, ask: Callable[[], object]) -> list[float]:
    took = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return took


def main() -> None:
    """The first round of the last candles stands apart: it opens the store and the lake."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--last", action="append", default=[])
    parser.add_argument("--prove")
    parser.add_argument("--rounds", type=int, default=50)
    asked = parser.parse_args()
    with opened(read_settings()) as store:
        catalogue = store.catalogue()
        found = {
            "series": len(catalogue),
            "candles": sum(line.candles for line in catalogue),
            "catalogue": _rounds(asked.rounds, store.catalogue),
            "last": {name: _last(store, name, asked.rounds) for name in asked.last},
        }
        if asked.prove:
            series = Series.parse(asked.prove)
            proof = store.prove(series)
            found |= {
                "holds": proof.holds,
                "accounted": proof.accounted,
                "prove": _rounds(5, lambda: store.prove(series)),
            }
    print(json.dumps(found))


def _last(store: Store, name: str, rounds: int) -> dict[str, object]:
    series = Series.parse(name)
    first, *more = _rounds(rounds + 1, lambda: store.candles.read(series, last=_LAST))
    rows = len(store.candles.read(series, last=_LAST))
    return {"rows": rows, "first": first, "seconds": more}


if __name__ == "__main__":
    main()
