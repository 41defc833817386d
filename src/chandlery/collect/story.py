"""The story of one candle: what it is, since when and from where, and what it was before."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from chandlery.candles.frame import Candles
from chandlery.candles.gaps import places
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.store import Entry, Stood, Store
from chandlery.store.ledger.evidence import Tier


@dataclass(frozen=True, slots=True)
class MadeOf:
    """Of what a derived candle is the sum."""

    series: Series
    candles: int
    expected: int
    """How many places for them it has."""


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one candle, or of its absence."""

    series: Series
    open_ms: int
    present: pl.DataFrame | None
    """One row: the columns of SCHEMA, `known_ms` (Int64) and `source` (String); None where no
    candle is. Of a derived one the newest moment and all sources."""
    closed: bool
    tier: Tier | None
    """Where it stands; None where it stands nowhere."""
    ledger: Entry | None
    """What is known of its time. Of a derived one, if one entry speaks of all of it."""
    versions: pl.DataFrame
    """Older ones, oldest first: the same columns and `replaced_ms`."""
    made_of: MadeOf | None = None
    """Set for a derived candle."""


def story(series: Series, open_ms: int, store: Store) -> Story:
    """The story of a stored candle."""
    # The ledger first: what it has answered by now is among the candles that are read then.
    entry = _entry(series, Span(open_ms, open_ms + 1), store)
    stood: Stood | None = store.evidence.at(series, open_ms)
    versions = store.evidence.versions(series, Span(open_ms, open_ms + 1))
    if stood is None:
        return Story(series, open_ms, None, False, None, entry, versions)  # noqa: FBT003
    return Story(series, open_ms, stood.row, stood.closed, stood.tier, entry, versions)


def derived_story(derived: Candles, open_ms: int, base: Series, store: Store) -> Story:
    """The story of a sum; `derived` holds that candle, or none."""
    series = derived.series
    span = Span(open_ms, series.interval.next(open_ms))
    entry = _entry(base, span, store)
    made_of, present = _made_of(base, span, store), None
    if len(derived):
        children = store.candles.evidence(base, span).select("known_ms", "source")
        evidence = children.select(
            pl.col("known_ms").max(), pl.col("source").unique().sort().str.join(", ")
        )
        present = pl.concat([derived.frame, evidence], how="horizontal")
    versions = store.evidence.versions(series, Span(open_ms, open_ms + 1))
    closed = len(derived) > derived.unfinished
    return Story(series, open_ms, present, closed, None, entry, versions, made_of)


def _made_of(base: Series, span: Span, store: Store) -> MadeOf:
    candles = len(store.candles.read(base, span=span))
    return MadeOf(base, candles, places(span, base.interval))


def _entry(series: Series, span: Span, store: Store) -> Entry | None:
    for entry in store.ledger.entries(series):
        if entry.span.start <= span.start and span.end <= entry.span.end:
            return entry
    return None
