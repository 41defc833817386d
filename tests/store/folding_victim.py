"""A process that keeps, files and folds without an end, until somebody kills it.

Each acknowledged step is a line on its standard output: the hours that are kept from then on.
"""

from __future__ import annotations

import random
import sys

from chandlery.store import Store
from tests.store.eager import SMALL
from tests.store.lakes import file_of
from tests.store.pages import BTC, hours, page


def step(store: Store, chance: random.Random, first: int) -> list[int]:
    """One random piece of work on the hours from `first`; which hours are kept by it."""
    kind = chance.choice(["keep", "keep", "keep", "fold", "fold all", "file", "file", "revise"])
    kept = [hour for hour in range(first, first + 6) if chance.random() < 0.8]
    rows = dict.fromkeys(kept, 1)
    if kind == "keep":
        store.candles.keep(page(rows), answered=hours(first, first + 6), source="rest")
    elif kind == "file" and kept:
        candles = page(rows)
        store.archive.keep(BTC, candles.frame, [file_of(candles, f"{first}.zip")])
    elif kind == "revise" and kept:
        store.candles.keep(page(dict.fromkeys(kept, 1)), answered=None, source="rest")
    else:
        store.folding.fold(BTC, everything=kind == "fold all")
        return []
    return kept


def main() -> None:
    """Work until the end."""
    url, lake, seed = sys.argv[1:]
    chance = random.Random(int(seed))  # noqa: S311  nobody has to guess it
    with Store.open(url, lake=lake, policy=SMALL) as store:
        while True:
            done = step(store, chance, chance.randrange(0, 400, 3))
            sys.stdout.write(" ".join(map(str, done)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
