"""What may be asked about single candles, gaps and coverage."""

from __future__ import annotations

from pydantic import Field

from chandlery.web.queries.reading import LIMIT_MAX, Query, SeriesText, SpanQuery, Time

_SERIES = "EXCHANGE:SYMBOL:INTERVAL, one that is kept, or a larger interval of it"
_LIMIT = f"a whole number from 1 to {LIMIT_MAX:,}; 500 if unset"


class CandleQuery(Query):
    """Which candle."""

    series: SeriesText = Field(description=_SERIES)
    open_ms: Time = Field(description="its open time: ISO 8601 or epoch milliseconds")


class RevisionsQuery(SpanQuery):
    """Which candles that changed."""

    series: SeriesText = Field(description=_SERIES)
    limit: int = Field(500, ge=1, le=LIMIT_MAX, description=_LIMIT)


class GapsQuery(SpanQuery):
    """Which gaps."""

    series: SeriesText = Field(description=_SERIES)
    limit: int = Field(500, ge=1, le=LIMIT_MAX, description=_LIMIT)


class CoverageQuery(Query):
    """Of which series, and whose days."""

    series: SeriesText = Field(description=_SERIES)
    zone: str = Field(
        "UTC", min_length=1, max_length=64, description="an IANA time zone, such as Europe/Berlin"
    )
