"""What may be asked of tasks, runs and symbols, and what bodies of actions may hold."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from chandlery.candles.series import Series
from chandlery.errors import InputError
from chandlery.store import TaskKind
from chandlery.web.queries.reading import Query, Time

TASKS_MAX: Final = 500
RUNS_MAX: Final = 500
SYMBOLS_MAX: Final = 200
_LONGEST: Final = 100


def _parsed(text: object) -> Series:
    try:
        return Series.parse(str(text))
    except InputError as error:
        raise ValueError(str(error)) from error


SeriesText = Annotated[
    Series,
    BeforeValidator(_parsed),
    WithJsonSchema({"type": "string", "example": "binance:BTCUSDT:1h"}),
]
_SERIES: Final = "EXCHANGE:SYMBOL:INTERVAL"


class TasksQuery(Query):
    """How many tasks."""

    limit: int = Field(
        50, ge=1, le=TASKS_MAX, description=f"a whole number from 1 to {TASKS_MAX}; 50 if unset"
    )


class TaskPath(Query):
    """Which task."""

    id: str = Field(max_length=_LONGEST, description="the id of a task, as /tasks lists it")


class TaskBody(Query):
    """Work to be done once."""

    kind: TaskKind = Field(description="collect, backfill, repair or market_caps")
    series: SeriesText | None = Field(
        None, description=f"{_SERIES}, without wildcards; none for market_caps"
    )
    since: Time | None = Field(
        None, description="from this time on: ISO 8601 or epoch milliseconds; from the beginning"
    )
    until: Time | None = Field(
        None, description="before this time: ISO 8601 or epoch milliseconds; up to now"
    )


class KeepBody(Query):
    """A series to keep."""

    series: SeriesText = Field(description=f"{_SERIES}, without wildcards")
    backfill: bool = Field(default=False, description="true for its whole history, as a task")


class ForgetQuery(Query):
    """A series to keep no more."""

    series: SeriesText = Field(description=f"{_SERIES}, one that was asked for")


class RunsQuery(Query):
    """Which runs."""

    series: str | None = Field(
        None,
        max_length=_LONGEST,
        description="a series or another job, such as coingecko:market-caps; all if unset",
    )
    outcome: Literal["done", "failed"] | None = Field(None, description="done or failed")
    limit: int = Field(
        50, ge=1, le=RUNS_MAX, description=f"a whole number from 1 to {RUNS_MAX}; 50 if unset"
    )
    before: str | None = Field(
        None,
        max_length=_LONGEST,
        description="older than this: the id of a run, or a time as ISO 8601 or in milliseconds",
    )


class SymbolsQuery(Query):
    """Which symbols."""

    query: str = Field(
        "", max_length=_LONGEST, description="a part of a symbol or of its base, such as btc"
    )
    limit: int = Field(
        20, ge=1, le=SYMBOLS_MAX, description=f"a whole number from 1 to {SYMBOLS_MAX}; 20 if unset"
    )
    exchange: str | None = Field(
        None,
        max_length=_LONGEST,
        description="such as binance; if unset, those of which series are kept",
    )
