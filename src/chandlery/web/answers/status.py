"""Shapes of answers on how everything stands."""

from __future__ import annotations

from pydantic import BaseModel, Field


class SeriesState(BaseModel):
    """How fresh one series is, and how its collection goes."""

    series: str
    candles: int = Field(description="closed candles that are stored")
    last_open_ms: int | None = Field(description="open time of the last of them")
    updated_ms: int | None = Field(description="when candles of this series were last kept")
    lag_ms: int | None = Field(
        description="how far the end of the last closed candle lies behind the clock"
    )
    revisions: int = Field(description="older versions of candles that changed at the exchange")
    wanted: bool = Field(description="whether it is to be kept; else it is only stored")
    ended: bool = Field(description="whether the exchange lists it no more")
    late: bool = Field(description="whether a due collection did not come; see /healthz")
    unserved_ms: int | None = Field(
        description="first due time that no good run has served; null when there never was one"
    )
    succeeded_ms: int | None = Field(description="when the last good run began")
    due_ms: int | None = Field(description="when it is due next; 0 for at once, null for never")
    failures: int = Field(description="how many runs have failed since the last good one")
    error: str | None = Field(description="why the last run failed")
    error_kind: str | None


class LateSeries(BaseModel):
    """A kept series whose collection did not come when it was due."""

    series: str
    since_ms: int | None = Field(description="since when it is due; null when never collected")
    succeeded_ms: int | None
    failures: int
    error: str | None = Field(description="why the last run failed")
    error_kind: str | None
    running: bool = Field(description="whether it is being collected now")


class BudgetState(BaseModel):
    """The requests that an exchange grants to this address, in the running minute."""

    exchange: str
    used: int
    limit: int
    left: int
    frozen_seconds: float = Field(description="for how long nobody may send")


class StatusAnswer(BaseModel):
    """How everything stands."""

    now_ms: int
    label: str | None = Field(description="SANDBOX when the data is simulated")
    healthy: bool = Field(description="whether no kept series is late")
    exchange_error: str | None = Field(description="null while the exchange answers")
    last_attempt_ms: int | None
    market_caps_ms: int | None
    market_caps_error: str | None
    market_caps_late: bool = Field(description="overdue; does not make it unhealthy")
    due_jobs: int = Field(description="how many jobs are due and not begun")
    late: list[LateSeries] = Field(description="never collected ones first, then the longest due")
    budgets: list[BudgetState]
    counted: dict[str, dict[str, int]] = Field(
        description="counters since the store was made, by name and label",
        examples=[{"runs": {"done": 812, "failed": 3}}],
    )
    series: list[SeriesState]
