"""Which series have ended: the exchange trades the symbol no more, and all of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from chandlery.candles.series import Series
from chandlery.collect.due import SETTLE_MS
from chandlery.collect.symbols import Listing
from chandlery.store import JobState, Store

_BREAK = "BREAK"


class Endings:
    """Judges series by the symbol lists, by their last good run, and by what is kept."""

    def __init__(self, store: Store, lists: Mapping[str, Listing | None]) -> None:
        self._store = store
        self.lists = lists

    def is_gone(self, series: Series, state: JobState) -> bool:
        """Whether the list has the symbol no more, so that it cannot even be asked for."""
        listing = self.lists[series.exchange]
        once_good = state.succeeded_ms is not None
        return once_good and listing is not None and series.symbol not in listing.symbols

    def has_ended(self, series: Series, state: JobState) -> bool:
        """Whether it trades no more, and a good run came too late to have missed its last candle.

        What happened between that run and the end is not known, if a machine has slept long: so
        what has ended is still looked at now and then.
        """
        listing = self.lists[series.exchange]
        info = listing.symbols.get(series.symbol) if listing else None
        if listing is None or info is None or info.status != _BREAK or state.succeeded_ms is None:
            return False
        last_ms = self._last_ms.get(series)
        if last_ms is None:
            return state.succeeded_ms >= listing.fetched_ms
        # The candle after the last one, in the middle of which it may have ended, has closed too.
        interval = series.interval
        silent_ms = interval.next(interval.next(last_ms)) + SETTLE_MS
        return state.succeeded_ms + state.offset_ms >= silent_ms

    @cached_property
    def _last_ms(self) -> dict[Series, int | None]:
        """Read only where something has ended."""
        return {line.series: line.last_ms for line in self._store.catalogue()}
