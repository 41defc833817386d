"""Many answers of an exchange at once: a long stretch need not pass through the hot tier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.store import series_table
from chandlery.store.records import Answer, Entry, Kept
from chandlery.store.sql.again import again
from chandlery.store.sql.database import Database
from chandlery.store.tiers.candle_table import CandleTable
from chandlery.store.tiers.direct import Direct

_LEAST: Final = 10_000
"""Fewer make files in the lake that are too small."""


class AnswerTable:
    """The door for pages that follow each other."""

    def __init__(
        self, database: Database, clock: Clock, candles: CandleTable, direct: Direct
    ) -> None:
        self._database = database
        self._clock = clock
        self._candles = candles
        self._direct = direct

    @again
    def keep(self, series: Series, answers: Sequence[Answer]) -> Kept:
        """Write pages of `series`, ascending, as `CandleTable.keep` would one by one.

        Where the store knows nothing of their time and nothing forms, they go to the cold tier
        and into the ledger at once. Raises `StoreError`.
        """
        now_ms = self._clock.now_ms()
        full = [one for one in answers if len(one.candles)]
        few = sum(len(one.candles) for one in full) < _LEAST
        if few or any(one.candles.unfinished for one in full) or self._knows(series, full):
            return self._one_by_one(answers)
        frame = pl.concat([one.candles.frame for one in full])
        kept, rest = self._direct.put(series, frame, source=full[0].source, now_ms=now_ms)
        if not rest.is_empty():
            return self._one_by_one(answers)
        with self._database.writing() as conn:
            row = series_table.locked(conn, self._database.backend, series)
            for one in answers:
                if one.span is not None:
                    asked = Entry(one.span, "stored", now_ms, one.source, one.request)
                    self._candles.enter(conn, row, one.candles, asked)
        return kept

    def _knows(self, series: Series, answers: Sequence[Answer]) -> bool:
        first, last = answers[0].candles.span, answers[-1].candles.span
        assert first is not None  # noqa: S101  they are not empty
        assert last is not None  # noqa: S101
        return len(self._candles.opens(series, span=Span(first.start, last.end))) > 0

    def _one_by_one(self, answers: Sequence[Answer]) -> Kept:
        kept = Kept()
        for one in answers:
            kept += self._candles.keep(
                one.candles, answered=one.span, source=one.source, request=one.request
            )
        return kept
