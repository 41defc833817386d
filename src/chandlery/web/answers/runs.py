"""Shapes of answers about what ran, and about what runs again and again."""

from __future__ import annotations

from pydantic import BaseModel, Field


class RunLine(BaseModel):
    """One finished piece of work; counts are null where no candles are collected."""

    id: str
    series: str = Field(description="a series, or another job such as coingecko:market-caps")
    asked: str | None = Field(description="what was wanted, in words")
    started_ms: int
    ended_ms: int | None
    outcome: str = Field(description="done or failed")
    error: str | None
    error_kind: str | None
    new: int | None
    unchanged: int | None
    revised: int | None
    requests: int | None


class RunsAnswer(BaseModel):
    """Finished runs, newest first."""

    runs: list[RunLine]
    has_more: bool = Field(description="whether there are older ones: ask with before")


class JobLine(BaseModel):
    """One piece of repeated work."""

    name: str
    due_ms: int | None = Field(description="when it is due next; 0 for at once, null for never")
    running: bool
    holder: str | None = Field(description="who is doing it now")
    started_ms: int | None = Field(description="when the last run began")
    succeeded_ms: int | None = Field(description="when the last good run began")
    failures: int = Field(description="how many runs have failed since the last good one")
    error: str | None
    error_kind: str | None


class JobsAnswer(BaseModel):
    """All repeated work, in the order in which it is done."""

    now_ms: int
    jobs: list[JobLine]
