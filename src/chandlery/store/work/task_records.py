"""Tasks as plain records: work that a person asked for, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

TaskKind = Literal["collect", "backfill", "repair", "market_caps"]
TaskState = Literal["queued", "running", "done", "failed", "cancelled"]
OPEN: Final[tuple[TaskState, ...]] = ("queued", "running")
"""States that a task has before its end."""


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a task is; what is not known yet is None."""

    candles: int = 0
    """Rows that have come."""
    expected: int | None = None
    """How many will come in all."""
    fetched_bytes: int = 0
    """From archives."""
    reached_ms: int | None = None
    """The open time that it has got to."""
    rate: int | None = None
    """Rows a second since it began."""
    left_ms: int | None = None
    """How long it will still take at this rate."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task."""

    id: str
    kind: TaskKind
    series: str
    """Empty where the work is about no series."""
    since_ms: int | None
    until_ms: int | None
    state: TaskState
    asked_ms: int
    started_ms: int | None
    ended_ms: int | None
    progress: TaskProgress = field(default_factory=TaskProgress)
    words: str = ""
    """Where it stands or how it ended, for people."""
    error: str | None = None
    tries: int = 0
    """How often somebody began it and did not bring it to an end."""
    stopping: bool = False
    """Whether somebody has asked to cancel it."""

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being done."""
        return self.state in OPEN
