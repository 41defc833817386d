"""What may be asked of the interface: query parameters, read and checked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import ms_to_text
from chandlery.errors import InputError
from chandlery.settings.texts import without_zero

LIMIT_MAX: Final = 5000
END_OF_TIME_MS: Final = 253_402_300_800_000
"""The year 10000, the first that has no ISO date."""


def _series(text: object) -> Series:
    try:
        return Series.parse(str(text))
    except InputError as error:
        raise ValueError(str(error)) from error


def _time_ms(text: object) -> int:
    """Epoch milliseconds from digits or ISO 8601 text; without a zone it is UTC."""
    written = str(text).strip()
    try:
        ms = int(written) if written.isdecimal() else _iso_ms(written)
    except (ValueError, OverflowError) as error:
        msg = f"'{written}' is not a time"
        raise ValueError(msg) from error
    if not 0 <= ms < END_OF_TIME_MS:
        msg = "the time must lie between the years 1970 and 9999"
        raise ValueError(msg)
    return ms


def _iso_ms(text: str) -> int:
    # A plus sign in a query that was not escaped arrives as a space.
    moment = datetime.fromisoformat(text.replace(" ", "+") if text.count(":") > 1 else text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


Time = Annotated[
    int,
    BeforeValidator(_time_ms),
    WithJsonSchema({"type": "string", "example": "2024-12-31T23:00:00Z"}),
]


QUERIES: Final[dict[str, type[Query]]] = {}
"""Every model of a query by name, so that an error can tell what the model allows."""


class Query(BaseModel):
    """Query parameters; a parameter that does not exist is refused, since it is likely a typo."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    @field_validator("*", mode="before")
    @classmethod
    def _without_zero(cls, value: object) -> object:
        return without_zero(value)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:  # noqa: ANN401
        QUERIES[cls.__name__] = cls

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """The schema as pydantic makes it, but once: flask-openapi3 asks at every request."""
        return _schema(cls, *args, **kwargs)


@cache
def _schema(model: type[Query], *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
    return super(Query, model).model_json_schema(*args, **kwargs)


SeriesText = Annotated[
    Series,
    BeforeValidator(_series),
    WithJsonSchema({"type": "string", "example": "binance:BTCUSDT:1h"}),
]


class SpanQuery(Query):
    """A stretch of time, open at the ends that are not given."""

    since: Time | None = Field(
        None,
        description="first open time: ISO 8601 (UTC unless it names a zone) or epoch milliseconds",
    )
    until: Time | None = Field(
        None,
        description="open times before this one: ISO 8601 or epoch milliseconds, later than since",
    )

    @field_validator("until")
    @classmethod
    def _after_since(cls, until: int | None, info: ValidationInfo) -> int | None:
        since = info.data.get("since")
        if until is not None and since is not None and until <= since:
            msg = f"{ms_to_text(until)} is not later than since, {ms_to_text(since)}"
            raise ValueError(msg)
        return until

    @property
    def span(self) -> Span | None:
        """What is asked, None for all of time."""
        if self.since is None and self.until is None:
            return None
        return Span(self.since or 0, END_OF_TIME_MS if self.until is None else self.until)


class CandlesQuery(SpanQuery):
    """Which candles, and in which form."""

    series: SeriesText = Field(
        description="EXCHANGE:SYMBOL:INTERVAL, one that is kept, or a larger interval of it"
    )
    limit: int = Field(
        500, ge=1, le=LIMIT_MAX, description=f"a whole number from 1 to {LIMIT_MAX:,}; 500 if unset"
    )
    forming: bool = Field(
        default=True, description="false leaves candles out that are not closed yet"
    )
    format: Literal["json", "csv", "arrow", "parquet"] | None = Field(
        None, description="json, csv, arrow or parquet; what Accept says if unset, else json"
    )


class StatusQuery(Query):
    """How much of the status."""

    brief: bool = Field(
        default=False,
        description="true leaves out the lists of series, which may be thousands, and their late",
    )
