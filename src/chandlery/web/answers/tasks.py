"""Shapes of answers about tasks, and about series that people ask to keep."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class ProgressLine(BaseModel):
    """How far a task is."""

    rows: int = Field(description="candles that have come")
    expected_rows: int | None = Field(description="how many will come in all, as far as is known")
    bytes: int = Field(description="fetched from archives")
    reached_ms: int | None = Field(description="the open time that it has got to")
    rate_rows_s: int | None = Field(description="candles a second since it began")
    left_s: float | None = Field(description="how long it will still take at this rate")


class TaskLine(BaseModel):
    """Work that somebody asked for."""

    id: str
    kind: Literal["collect", "backfill", "repair", "market_caps"]
    series: str | None
    since_ms: int | None
    until_ms: int | None
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    asked_ms: int
    started_ms: int | None
    ended_ms: int | None
    stopping: bool = Field(description="whether somebody has cancelled it and it is about to stop")
    progress: ProgressLine
    words: str = Field(description="where it stands or how it ended, for people")
    error: str | None = Field(description="why it failed")


class TasksAnswer(BaseModel):
    """Tasks, those asked for last first."""

    now_ms: int
    runners: int = Field(
        description="how many processes do tasks; with none they wait: start 'chandlery worker'"
    )
    tasks: list[TaskLine]


class TaskAnswer(BaseModel):
    """One task."""

    task: TaskLine


class KeptAnswer(BaseModel):
    """A series that is kept from now on."""

    series: str = Field(description="as the exchange spells it")
    created: bool = Field(description="false when it was kept already")
    task: TaskLine | None = Field(description="its backfill, if one was asked for")


class ForgottenAnswer(BaseModel):
    """A series that is kept no more; what is stored of it stays."""

    series: str
