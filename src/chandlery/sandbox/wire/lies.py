"""Answers that are whole and well-formed, and not true: what a lying exchange says.

A lie is told of the row in the middle of a list, so that there are good rows on both sides of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, Literal, get_args

LieKind = Literal[
    "twice",
    "disorder",
    "overlap",
    "future",
    "lacking",
    "altered",
    "upside-down",
    "negative",
    "nan",
    "huge",
    "odd-digits",
    "wrong-type",
    "short-row",
    "null-row",
    "nested",
    "long-close",
    "markup",
]
"""twice: a row comes twice. disorder: two rows change places. overlap: a row from before what was
asked. future: a row a year ahead. lacking: a row is left out. altered: a row with another volume.
upside-down: the high is below the low. negative, nan, huge (400 digits), odd-digits (full-width
ones, and underscores), wrong-type, short-row, null-row, nested: one value or row is so.
long-close: it closes in ten years. markup: names are HTML, or paths out of a folder. Candles have
no names; coins have no order, and no high and low: of those the answer stays as it is."""

LIES: Final[tuple[str, ...]] = get_args(LieKind)
YEAR_MS: Final = 365 * 86_400_000

Rows = list[Any]
_CLOSE_TIME: Final = 6
_HUGE: Final = "9" * 400
_TWELVE: Final = "\uff11\uff12"
"""In full-width digits, which Python takes for a number."""
_NAMES: Final = ("<script>alert(1)</script>", "../../etc/passwd", "X" * 5000, "", "btcusdt")


def lied(kind: str, body: bytes) -> bytes:
    """The answer with a lie in it: candles, coins, or the list of symbols; others as they are."""
    said = json.loads(body)
    match said:
        case [list(), *_]:
            # Of a list that is too short for a lie nothing is changed.
            said = _ROWS.get(kind, _as_it_is)(said, len(said) // 2)
        case [dict(), *_]:
            said = _COINS.get(kind, _as_it_is)(said, len(said) // 2)
        case {"symbols": [*_]} if kind == "markup":
            said["symbols"] += [{**said["symbols"][0], "symbol": name} for name in _NAMES]
        case {"symbols": [*_]} if kind == "twice":
            said["symbols"] += said["symbols"][:1]
    return json.dumps(said, separators=(",", ":")).encode()


def _as_it_is(rows: Rows, _: int) -> Rows:
    return rows


def _value(place: int, value: object) -> Callable[[Rows, int], Rows]:
    def lie(rows: Rows, at: int) -> Rows:
        rows[at][place] = value
        return rows

    return lie


def _row(change: Callable[[Any], list[Any]]) -> Callable[[Rows, int], Rows]:
    def lie(rows: Rows, at: int) -> Rows:
        return [*rows[:at], *change(rows[at]), *rows[at + 1 :]]

    return lie


def _disorder(rows: Rows, at: int) -> Rows:
    if len(rows) > 1:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    return rows


def _overlap(rows: Rows, _: int) -> Rows:
    if len(rows) < 2:  # noqa: PLR2004  one alone does not say how long an interval is
        return rows
    length_ms = min(int(after[0] - before[0]) for before, after in pairwise(rows))
    return [_moved(rows[0], -length_ms), *rows[:-1]]


def _future(rows: Rows, _: int) -> Rows:
    return [*rows[:-1], _moved(rows[-1], YEAR_MS)]


def _upside_down(rows: Rows, at: int) -> Rows:
    # Where all prices are the same there is no high below the low without another price.
    row = rows[at]
    row[2], row[3] = row[3], row[2] if row[2] != row[3] else f"1{row[2]}"
    return rows


def _odd_digits(rows: Rows, at: int) -> Rows:
    rows[at][1] = f"{_TWELVE}.5"
    rows[at][4] = "1_0.5"
    return rows


def _long_close(rows: Rows, at: int) -> Rows:
    rows[at][_CLOSE_TIME] += 10 * YEAR_MS
    return rows


def _moved(row: list[Any], ms: int) -> list[Any]:
    return [row[0] + ms, *row[1:_CLOSE_TIME], row[_CLOSE_TIME] + ms, *row[_CLOSE_TIME + 1 :]]


def _field(**changed: object) -> Callable[[Rows, int], Rows]:
    def lie(coins: Rows, at: int) -> Rows:
        coins[at] = {**coins[at], **changed}
        return coins

    return lie


_ROWS: Final[dict[str, Callable[[Rows, int], Rows]]] = {
    "twice": _row(lambda row: [row, row]),
    "disorder": _disorder,
    "overlap": _overlap,
    "future": _future,
    "lacking": _row(lambda _: []),
    "altered": _row(lambda row: [[*row[:5], f"1{row[5]}", *row[6:]]]),
    "upside-down": _upside_down,
    "negative": _row(lambda row: [[*row[:5], f"-1{row[5]}", *row[6:]]]),
    "nan": _value(4, float("nan")),
    "huge": _value(5, _HUGE),
    "odd-digits": _odd_digits,
    "wrong-type": _row(lambda row: [[*row[:8], True, *row[9:]]]),
    "short-row": _row(lambda row: [row[:-1]]),
    "null-row": _row(lambda _: [None]),
    "nested": _row(lambda row: [[row]]),
    "long-close": _long_close,
}
_COINS: Final[dict[str, Callable[[Rows, int], Rows]]] = {
    "twice": _row(lambda coin: [coin, coin]),
    "lacking": _row(lambda _: []),
    "altered": _field(total_volume=1),
    "negative": _field(market_cap=-5_000_000_000_000),
    "nan": _field(market_cap=float("nan")),
    "huge": _field(market_cap=10**400),
    "odd-digits": _field(current_price=_TWELVE),
    "wrong-type": _field(market_cap=True),
    "short-row": _row(lambda coin: [{name: each for name, each in coin.items() if name != "id"}]),
    "null-row": _row(lambda _: [None]),
    "nested": _row(lambda coin: [[coin]]),
    "markup": _field(name=_NAMES[0], symbol=_NAMES[1]),
}
