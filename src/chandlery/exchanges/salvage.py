"""An answer in which single rows are no candles: the others are taken, and those are told of.

Only for an answer that stays as it is when it is asked for again, for a row that is wrong for ever
would else keep all rows after it from ever being had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chandlery.candles.frame import Candles
from chandlery.candles.span import Span
from chandlery.errors import BadAnswer, shown
from chandlery.exchanges.exchange import Refusal
from chandlery.exchanges.pages import Asked, read_candles, row_fault

_MOST: Final = 10
"""Rows of an answer that may be wrong. Of one with more nothing is believed."""
_SHOWN: Final = 300


def salvaged(
    rows: list[Any], asked: Asked, *, server_ms: int, settle_ms: int
) -> tuple[Candles, tuple[Refusal, ...]]:
    """The rows that are candles, and those that are none, each with the time it must be of.

    Raises `BadAnswer` as `read_candles` for what is wrong with more than single rows, and when
    too many are wrong.
    """
    asked.check_number(rows)
    wrong = {at: why for at, row in enumerate(rows) if (why := row_fault(row, asked.series))}
    if len(wrong) > _MOST:
        at, why = next(iter(wrong.items()))
        msg = f"{len(wrong)} rows are no candles; row {at + 1}: {why}: {shown(rows[at], _SHOWN)}"
        raise BadAnswer(msg)
    right = [row for at, row in enumerate(rows) if at not in wrong]
    candles = read_candles(right, asked, server_ms=server_ms, settle_ms=settle_ms)
    return candles, tuple(_refusals(rows, wrong, asked, server_ms))


def _refusals(
    rows: list[Any], wrong: Mapping[int, str], asked: Asked, server_ms: int
) -> list[Refusal]:
    """What a wrong row says of its time is not believed: it is of that between its neighbours."""
    found: list[Refusal] = []
    for at, why in wrong.items():
        before = next((rows[n][0] for n in range(at - 1, -1, -1) if n not in wrong), None)
        after = next((rows[n][0] for n in range(at + 1, len(rows)) if n not in wrong), None)
        start = (asked.start_ms or 0) if before is None else before + 1
        end = after or (server_ms if asked.end_ms is None else asked.end_ms)
        if start < end:
            found.append(Refusal(Span(start, end), f"{why}: {shown(rows[at], _SHOWN)}"))
    return found
