"""Shapes of answers about candles."""

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
    derived_from: str | None = Field(
        description="the stored series of whose candles these are exact sums; null when they are "
        "stored themselves",
        examples=["binance:BTCUSDT:1m"],
    )
    incomplete: list[list[int | str]] = Field(
        description="open times of sums that lack some of their time, and why; holes of the "
        "exchange itself are none",
        examples=[[[1735682400000, "never asked"]]],
    )
    has_older: bool = Field(
        description="whether older candles of the asked time were left out; the Link header leads "
        "to them"
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
