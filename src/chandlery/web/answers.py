"""The shapes of the interface's answers, for the OpenAPI description."""

from __future__ import annotations

from pydantic import BaseModel, Field

COLUMNS = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)
"""What each row of candles holds, in Binance's order."""


class CandlesAnswer(BaseModel):
    """Candles of one series, ascending by open time.

    Prices and volumes are text with every digit that the exchange sent.
    """

    series: str = Field(examples=["binance:BTCUSDT:1h"])
    exchange: str = Field(examples=["binance"])
    symbol: str = Field(examples=["BTCUSDT"])
    interval: str = Field(examples=["1h"])
    price_decimals: int | None = Field(
        description="digits after the point of a price at this exchange; null when not known",
        examples=[2],
    )
    updated_ms: int | None = Field(
        description="when candles of this series were last kept, epoch milliseconds"
    )
    unfinished: int = Field(
        description="how many of the last rows are still forming: 0, usually 1, rarely 2",
        examples=[1],
    )
    columns: list[str] = Field(
        description="what each element of a row is", examples=[list(COLUMNS)]
    )
    rows: list[list[int | str | None]] = Field(
        description="one list per candle; times are epoch milliseconds, trades a number, "
        "all else decimal text; null where an exchange lacks the column",
        examples=[
            [
                [
                    1735682400000,
                    "93488.83000000",
                    "93576.45000000",
                    "93374.98000000",
                    "93576.00000000",
                    "456.72831000",
                    1735685999999,
                    "42690193.80130460",
                    94026,
                    "237.41962000",
                    "22191413.71236710",
                ]
            ]
        ],
    )


class SeriesLine(BaseModel):
    """One kept series."""

    series: str
    exchange: str
    symbol: str
    interval: str
    price_decimals: int | None
    candles: int = Field(description="closed candles that are stored")
    first_ms: int | None = Field(description="open time of the first of them")
    last_ms: int | None = Field(description="open time of the last of them")
    updated_ms: int | None = Field(description="when candles of this series were last kept")
    revisions: int = Field(description="older versions of candles that changed at the exchange")


class SeriesAnswer(BaseModel):
    """Every series that is kept; the first is the one that the page opens with."""

    series: list[SeriesLine]


class Attribution(BaseModel):
    """What has to be shown near the data."""

    text: str
    url: str


class CoinLine(BaseModel):
    """One coin; numbers are decimal text, null where the source gives none."""

    id: str
    symbol: str
    name: str
    rank: int | None
    price: str | None
    market_cap: str | None
    share_percent: str | None = Field(
        description="of the sum of all coins in this answer, two decimals"
    )
    volume_24h: str | None
    change_24h_percent: str | None
    last_updated_ms: int | None


class MarketCapsAnswer(BaseModel):
    """The biggest market caps that were last seen, biggest first; empty before the first time."""

    attribution: Attribution
    currency: str | None
    taken_ms: int | None = Field(description="when they were collected")
    age_ms: int | None = Field(description="how long ago that was")
    error: str | None = Field(description="why newer ones are missing, if they are")
    coins: list[CoinLine]


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


class BadParameter(BaseModel):
    """One parameter that cannot be used."""

    name: str
    got: str | None
    problem: str
    allowed: str


class Problem(BaseModel):
    """What went wrong; `parameters` and `kept` only where they help."""

    code: str = Field(examples=["bad_parameters"])
    message: str
    parameters: list[BadParameter] | None = None
    kept: list[str] | None = Field(None, description="the series that can be asked for")


class ErrorAnswer(BaseModel):
    """The body of every answer that is an error."""

    error: Problem
