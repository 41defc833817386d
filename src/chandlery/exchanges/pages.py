"""From rows to a page: nothing unasked, nothing out of order, nothing from the future."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import polars as pl

from chandlery.candles.binance_rows import parse_rows
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.soundness import first_fault
from chandlery.clock import ms_to_text
from chandlery.errors import BadAnswer, BadCandles, shown

FUTURE_MS: Final = 2_000
"""How far ahead of the exchange's clock a row may open: our picture of that clock is not exact."""
_LONGEST: Final = 2
"""Intervals that a candle may last: none is known to last more than one. A close in the far future
would have all rows from there on taken for unfinished."""


class FromTheFuture(BadAnswer):
    """A row opens later than now: the answer is wrong, or our picture of the clock is."""


class BadRow(BadAnswer):
    """A row is no candle, whatever else the answer may be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer must keep to."""

    series: Series
    limit: int
    start_ms: int | None = None
    end_ms: int | None = None
    """Half-open, as in a span; None when nothing was said."""

    def check_number(self, rows: list[Any]) -> None:
        """Raises `BadAnswer` for more rows than were asked for."""
        if len(rows) > self.limit:
            msg = f"{len(rows)} rows where at most {self.limit} were asked for"
            raise BadAnswer(msg)


def read_candles(rows: list[Any], asked: Asked, *, server_ms: int, settle_ms: int) -> Candles:
    """The candles of an answer, the unfinished ones counted.

    A candle is closed when `close_time + settle_ms` lies before `server_ms`, the exchange's clock
    when it was asked. Raises `BadAnswer` that names the row and what is wrong with it.
    """
    asked.check_number(rows)
    frame = _frame(rows)
    _sound(frame, asked.series, rows)
    opens = frame["open_time"].cast(pl.Int64)
    _inside(opens, asked)
    _not_ahead(opens, server_ms)
    return Candles(asked.series, frame, unfinished=_unfinished(frame, server_ms - settle_ms))


def _frame(rows: list[Any]) -> pl.DataFrame:
    try:
        return parse_rows(rows)
    except BadCandles as error:
        unordered = _unordered(rows)
        kind = BadRow if unordered is None else BadAnswer
        raise kind(f"no valid candles: {unordered or error}") from error


def _unordered(rows: list[Any]) -> str | None:
    """Which row does not open after the one before it, if that is what is wrong."""
    opens = [row[0] for row in rows if isinstance(row, list) and row and type(row[0]) is int]
    for number, (before, after) in enumerate(pairwise(opens), start=2):
        if len(opens) == len(rows) and after <= before:
            return f"row {number} opens at {after}, not after the row before it ({before})"
    return None


def _sound(frame: pl.DataFrame, series: Series, rows: list[Any]) -> None:
    """Raises `BadRow` for the first row that no candle can be, although it reads like one."""
    # In two steps: on a page, looking for the row takes ten times as long as knowing of none.
    if _contradicts_itself(frame):
        number, why = first_fault(frame) or (0, "its prices contradict each other")
        raise BadRow(f"no valid candles: row {number + 1}: {why}: {shown(rows[number], 300)}")
    endless = _endless(frame, series)
    if endless.any():
        number = int(endless.arg_true()[0])
        msg = f"no valid candles: row {number + 1}: {_closes_late(series)}"
        raise BadRow(f"{msg}: {shown(rows[number], 300)}")


def row_fault(row: Any, series: Series) -> str | None:  # noqa: ANN401  JSON
    """Why a row by itself is no candle; None when it is one."""
    try:
        frame = parse_rows([row])
    except BadCandles as error:
        return str(error).removeprefix("row 1: ").partition(": ")[0]
    if _contradicts_itself(frame):
        return "its prices contradict each other"
    return _closes_late(series) if _endless(frame, series).any() else None


def _endless(frame: pl.DataFrame, series: Series) -> pl.Series:
    """Which rows last longer than any candle does."""
    lasts = frame["close_time"].cast(pl.Int64) - frame["open_time"].cast(pl.Int64)
    return lasts > _LONGEST * series.interval.typical_ms


def _closes_late(series: Series) -> str:
    return f"it closes long after its {series.interval}"


def _contradicts_itself(frame: pl.DataFrame) -> bool:
    low, high = frame["low"], frame["high"]
    inside = ((low <= frame[name]) & (frame[name] <= high) for name in ("open", "close"))
    return not ((low <= high).all() and all(each.all() for each in inside))


def _inside(opens: pl.Series, asked: Asked) -> None:
    # The rows ascend, so the first and the last one tell for all.
    if opens.is_empty():
        return
    if asked.start_ms is not None and opens[0] < asked.start_ms:
        msg = f"row 1 opens at {ms_to_text(opens[0])}, before {ms_to_text(asked.start_ms)}"
        raise BadAnswer(f"{msg}, from which on rows were asked for")
    if asked.end_ms is not None and opens[-1] >= asked.end_ms:
        number = int((opens < asked.end_ms).sum()) + 1
        msg = f"row {number} opens at {ms_to_text(opens[number - 1])}, not before"
        raise BadAnswer(f"{msg} {ms_to_text(asked.end_ms)}, up to which rows were asked for")


def _not_ahead(opens: pl.Series, server_ms: int) -> None:
    if opens.is_empty() or opens[-1] <= server_ms + FUTURE_MS:
        return
    number = int((opens <= server_ms + FUTURE_MS).sum()) + 1
    msg = f"row {number} opens at {ms_to_text(opens[number - 1])}, in the future"
    raise FromTheFuture(f"{msg}: the exchange's clock says {ms_to_text(server_ms)}")


def _unfinished(frame: pl.DataFrame, settled_before_ms: int) -> int:
    """How many rows at the end begin with one that had not settled."""
    forming = frame["close_time"].cast(pl.Int64) >= settled_before_ms
    if not forming.any():
        return 0
    return frame.height - int(forming.arg_true()[0])
