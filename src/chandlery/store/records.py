"""What the store gives back, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from chandlery.candles.frame import Candles
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


class Held(NamedTuple):
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


State = Literal["stored", "empty", "failed", "unpublished"]
"""`stored`: the exchange gave a candle for every place of the span, and all are kept. `empty`: it
was asked and has none. `failed`: it was asked and did not give an answer. `unpublished`: the
archive does not have it yet, and nothing else could be asked."""

ANSWERED: Final = ("stored", "empty")
"""States in which the exchange has had its say."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a span of open times, what is known of it, and from where."""

    span: Span
    state: State
    asked_ms: int
    """When the newest evidence came in."""
    source: str
    request: str
    tries: int = 1
    """How often it was asked in vain, where it failed."""
    error: str | None = None
    """Why it failed, in words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of an exchange, with the evidence for it."""

    candles: Candles
    span: Span | None
    """Of which open times it has every closed candle."""
    source: str
    request: str


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """One archive file whose candles are kept, as it was when it was fetched."""

    path: str
    url: str
    kind: str
    span: Span
    size: int
    etag: str
    modified_ms: int
    sha256: str
    candles: int
    fetched_ms: int
    looked_ms: int
    """When it was last seen unchanged."""


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
