"""The verbs for those who look: derived intervals, the story of a candle, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.collect.derived.bases import Shown, Symbol, base_of, shown
from chandlery.collect.derived.reading import Derived, DerivedReader
from chandlery.collect.resampling import LISTED_AFTER_MS, known_anchor
from chandlery.collect.story import Story, derived_story, story
from chandlery.collect.wanted import Wanted
from chandlery.errors import UnknownSeries, nearest
from chandlery.store import Held, Store

if TYPE_CHECKING:
    from chandlery.collect.coverage import Coverage


class Looking:
    """Part of the keeper; what it needs of it stands here without a value."""

    store: Store
    clock: Clock

    def _has_ended(self, series: Series) -> bool:
        raise NotImplementedError

    @cached_property
    def _sums(self) -> DerivedReader:
        return DerivedReader(self.store)

    def base(self, series: Series | str) -> Series | None:
        """The series of whose candles those of `series` are summed; None when it is stored itself.

        Raises `UnknownSeries` when neither it is stored nor any of which it is a sum.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        return self._based(wanted, self.store.catalogue())

    def derived(
        self,
        series: Series | str,
        *,
        last: int | None = None,
        span: Span | None = None,
        forming: bool = True,
    ) -> Derived:
        """The newest `last` candles, of those that open in `span`, of a series that is not stored.

        They are exact sums of a smaller interval that is; sums are remembered as long as they are
        right. Raises `UnknownSeries` when there is none of which it is a sum, and `BadSpan` when
        nothing says on which days its 3d candles open.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        lines = self.store.catalogue()
        base = base_of(wanted, lines)
        if base is None:
            raise _unknown(wanted, lines)
        return self._sums.read(
            wanted,
            base.series,
            Wanted(last, span),
            anchor_ms=self._anchor_ms(wanted, base, lines),
            forming=forming,
        )

    def shown_intervals(self) -> Mapping[Symbol, tuple[Shown, ...]]:
        """All intervals that can be shown of each symbol of which anything is stored."""
        lines = self.store.catalogue()
        return shown(lines, self.store.ledger.silent_before(LISTED_AFTER_MS))

    def story(self, series: Series | str, open_ms: int) -> Story:
        """What is known of the candle that opens at `open_ms`, stored or derived.

        Raises `UnknownSeries`, `BadSpan` as `derived` does.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        base = self.base(wanted)
        if base is None:
            return story(wanted, open_ms, self.store)
        found = self.derived(wanted, last=1, span=Span(open_ms, open_ms + 1))
        return derived_story(found.candles, open_ms, found.base, self.store)

    def revisions(
        self, series: Series | str, *, span: Span | None = None, most: int = 500
    ) -> pl.DataFrame:
        """All older versions of the oldest `most` closed candles in `span` that have any.

        In the columns of SCHEMA, then `replaced_ms`, `known_ms` (Int64, epoch milliseconds) and
        `source` (String), by open time and then oldest first. Empty for a derived series.
        """
        wanted = Series.parse(series) if isinstance(series, str) else series
        revised = self.store.evidence.revised(wanted, span, most=most)
        if not revised:
            return self.store.evidence.versions(wanted, Span(0, 1)).clear()
        return self.store.evidence.versions(wanted, Span(revised[0][0], revised[-1][0] + 1))

    def coverage(self, series: Series | str, *, zone: str = "UTC") -> Coverage:
        """How much of the life of a stored series is held, by days of that time zone.

        Raises `BadSpan` for a zone that does not exist.
        """
        from chandlery.collect.coverage import cover  # noqa: PLC0415  only this needs numpy

        wanted = Series.parse(series) if isinstance(series, str) else series
        # By the exchange's clock, as far as it is known: by ours a candle may have closed already.
        offset_ms = self.store.jobs.state(str(wanted)).offset_ms
        now_ms = self.clock.now_ms() + offset_ms
        ended = self._has_ended(wanted)
        return cover(wanted, self.store, now_ms=now_ms, ended=ended, zone=zone)

    def _based(self, series: Series, lines: list[Held]) -> Series | None:
        if any(line.series == series and line.candles for line in lines):
            return None
        found = base_of(series, lines)
        if found is not None:
            return found.series
        if any(line.series == series for line in lines):
            return None
        raise _unknown(series, lines)

    def _anchor_ms(self, series: Series, base: Held, lines: list[Held]) -> int | None:
        if series.interval.text != "3d" or base.first_ms is None or base.last_ms is None:
            return None
        held = Span(base.first_ms, base.last_ms + 1)
        answered = self.store.ledger.answered(base.series)
        return known_anchor(base.series, {one.series: one for one in lines}, held, answered)


def _unknown(series: Series, lines: list[Held]) -> UnknownSeries:
    return UnknownSeries(str(series), nearest(str(series), [str(one.series) for one in lines]))
