"""Candles that tests make themselves, believable enough to be summed and sliced."""

from __future__ import annotations

import random

import polars as pl

from chandlery.candles.binance_rows import parse_rows
from chandlery.candles.interval import Interval

START_MS = 1_700_006_400_000
"""2023-11-15 00:00 UTC."""


def rows(
    count: int, interval: str = "1m", *, start_ms: int = START_MS, seed: int = 1
) -> list[list[int | str]]:
    """Binance's JSON rows, one after another."""
    dice = random.Random(seed)  # noqa: S311  a reproducible market, not a secret
    length = Interval.parse(interval)
    price = 3_500_000_00000000
    made: list[list[int | str]] = []
    open_ms = start_ms
    for _ in range(count):
        path = [price + dice.randint(-900_00000000, 900_00000000) for _ in range(4)]
        volume, taker = dice.randint(1, 10**12), dice.random()
        quote = volume * price // 10**8
        made.append(
            [
                open_ms,
                *map(text, (price, max(price, *path), min(price, *path), path[-1], volume)),
                length.close(open_ms),
                text(quote),
                dice.randint(1, 5000),
                text(int(volume * taker)),
                text(int(quote * taker)),
                "0",
            ]
        )
        price, open_ms = path[-1], length.next(open_ms)
    return made


def frame(
    count: int, interval: str = "1m", *, start_ms: int = START_MS, seed: int = 1
) -> pl.DataFrame:
    """The same as a frame."""
    return parse_rows(rows(count, interval, start_ms=start_ms, seed=seed))


def text(units: int) -> str:
    """A number of hundred-millionths as the exchange prints it."""
    return f"{units // 10**8}.{units % 10**8:08d}"
