"""What the store gives back, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chandlery.candles.series import Series
from chandlery.candles.span import Span


@dataclass(frozen=True, slots=True)
class Kept:
    """What one `keep` did. `new`, `unchanged` and `revised` count closed candles only."""

    new: int = 0
    unchanged: int = 0
    revised: int = 0
    forming: int = 0
    """Unfinished candles that now stand in the store as this page gave them."""

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            self.new + other.new,
            self.unchanged + other.unchanged,
            self.revised + other.revised,
            self.forming + other.forming,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """One line of the catalogue: what the store has of a series, exact and without a scan."""

    series: Series
    candles: int
    """Closed candles."""
    first_ms: int | None
    """Open time of the first closed candle; None when there is none."""
    last_ms: int | None
    """Open time of the last closed candle; None when there is none."""
    updated_ms: int
    """When something of this series was kept last, be it unchanged."""
    revisions: int
    """Older versions of closed candles that are kept beside the present ones."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a span of open times, what is known of it, and from where."""

    span: Span
    state: Literal["answered"]
    """`answered`: the exchange gave every closed candle of the span."""
    asked_ms: int
    """When the newest evidence came in."""
    source: str
    request: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One piece of work and its result; `report_json` is the report as JSON text."""

    id: str
    series: str
    started_ms: int
    ended_ms: int | None
    outcome: str
    report_json: str


Tallies = Mapping[tuple[str, str], int]
"""What to add to counters that never go back, by name and label."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over, and what it leaves to its job and to the counters."""

    run: RunRecord
    error: str | None = None
    """What went wrong, in words; None when nothing did."""
    error_kind: str | None = None
    """The name of the error's class."""
    offset_ms: int = 0
    """How far the exchange's clock was ahead of ours."""
    tallies: Tallies = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobState:
    """How one repeated piece of work stands: a series to keep, the market caps, a symbol list."""

    name: str
    started_ms: int | None = None
    """When the last run began."""
    succeeded_ms: int | None = None
    """When the last good run began."""
    offset_ms: int = 0
    """How far the exchange's clock was ahead of ours in the last good run."""
    failures: int = 0
    """How many runs have failed since the last good one."""
    error: str | None = None
    """Why the last run failed; None when it did not."""
    error_kind: str | None = None
    holder: str | None = None
    """Who is doing it, until `held_until_ms`."""
    held_until_ms: int | None = None
