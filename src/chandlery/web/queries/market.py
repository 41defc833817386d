"""What may be asked of the market."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from chandlery.web.queries.reading import Query, SpanQuery, Time

TOP_MIN: Final = 2
TOP_MAX: Final = 50
POINTS_MAX: Final = 500
CHANGES_MAX: Final = 1000

_TOP: Final = f"how many of the biggest coins: {TOP_MIN} to {TOP_MAX}, 10 if unset"


class MarketCapsQuery(Query):
    """How many coins, and when."""

    top: int = Field(10, ge=TOP_MIN, le=TOP_MAX, description=_TOP)
    at: Time | None = Field(
        None,
        description="the newest snapshot taken at this time or before: ISO 8601 (UTC unless it "
        "names a zone) or epoch milliseconds; the newest of all if unset",
    )


class _Between(SpanQuery):
    """A stretch of time, and how many coins are looked at in it."""

    since: Time | None = Field(
        None, description="from this time on: ISO 8601 or epoch milliseconds; all if unset"
    )
    until: Time | None = Field(
        None, description="before this time: ISO 8601 or epoch milliseconds, later than since"
    )
    top: int = Field(10, ge=TOP_MIN, le=TOP_MAX, description=_TOP)


class MarketHistoryQuery(_Between):
    """Which coins over which time, how finely."""

    points: int = Field(
        200,
        ge=2,
        le=POINTS_MAX,
        description=f"at most so many times, spread evenly: 2 to {POINTS_MAX}, 200 if unset",
    )


class MarketChangesQuery(_Between):
    """Which changes of the biggest."""

    limit: int = Field(
        100,
        ge=1,
        le=CHANGES_MAX,
        description=f"the newest so many changes: 1 to {CHANGES_MAX:,}, 100 if unset",
    )
