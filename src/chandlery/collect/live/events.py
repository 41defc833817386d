"""What following tells: candles that move, and how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chandlery.candles.series import Series

LiveStatus = Literal["live", "polling", "unreachable", "starting"]
"""`live`: a stream tells each movement. `polling`: there is no stream now, and the exchange is
asked every few seconds. `unreachable`: neither works. `starting`: nothing has been heard yet."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """How following stands for one series."""

    status: LiveStatus
    since_ms: int
    error: str | None
    """In words, why it is not live."""


@dataclass(frozen=True, slots=True)
class LiveCandle:
    """One candle as it stands now."""

    series: Series
    row: tuple[int | str, ...]
    """Eleven values in the order of `SCHEMA`, as the JSON of `/api/v1/candles` prints them: times
    in epoch milliseconds and trades as whole numbers, the others as exact decimal text."""
    closed: bool
    source: Literal["stream", "rest"]
    """A stream's word is a hint; what REST said is what the store keeps."""
    event_ms: int
    """The exchange's clock when it said so."""
    heard_ms: int
    """Ours when it was heard."""


@dataclass(frozen=True, slots=True)
class LiveChange:
    """How things stand has changed for one series."""

    series: Series
    state: LiveState


LiveEvent: TypeAlias = LiveCandle | LiveChange
