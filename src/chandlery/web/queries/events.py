"""What may be asked of live events."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from chandlery.candles.series import Series
from chandlery.errors import InputError
from chandlery.web.queries.reading import Query

SERIES_MAX: Final = 16
"""A page with more charts than these asks twice."""
_ID_LENGTH_MAX: Final = 64


def _listed(text: object) -> tuple[Series, ...]:
    try:
        found = [Series.parse(part) for part in str(text).split(",")]
    except InputError as error:
        raise ValueError(str(error)) from error
    if len(found) > SERIES_MAX:
        msg = f"{len(found)} series are too many at once"
        raise ValueError(msg)
    return tuple(dict.fromkeys(found))


class EventsQuery(Query):
    """Events of which series, and from where on."""

    series: Annotated[
        tuple[Series, ...],
        BeforeValidator(_listed),
        WithJsonSchema({"type": "string", "example": "binance:BTCUSDT:1h,binance:BTCUSDT:5m"}),
    ] = Field(
        description=f"up to {SERIES_MAX} of EXCHANGE:SYMBOL:INTERVAL with commas between them; "
        "any interval of a symbol that is kept"
    )
    after: str | None = Field(
        None,
        max_length=_ID_LENGTH_MAX,
        description="the id of the last event that came, to go on after it; "
        "the header Last-Event-ID goes before it",
    )
