"""The Python door: a keeper with the settings in force, and the same verbs for one-off use."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import polars as pl

from chandlery.candles.frame import Candles
from chandlery.candles.interval import Interval
from chandlery.candles.resample import Resampled
from chandlery.candles.series import Series
from chandlery.collect.keeper import Keeper
from chandlery.collect.report import Report
from chandlery.collect.sql import explained
from chandlery.collect.wanted import When
from chandlery.settings import read_settings


class Flags(TypedDict, total=False):
    """Settings that may be given in code; they win over file and environment."""

    home: Path | str
    store_url: str
    csv: str
    binance_url: str
    coingecko_url: str
    coingecko_key: str


def open_keeper(**flags: Unpack[Flags]) -> Keeper:
    """A keeper with the settings in force; use it in `with`, or `close` it.

    Raises `BadSetting`, and the `StoreError` that fits when the store does not open.
    """
    return Keeper(read_settings(**flags))


def collect_candles(
    series: Series | str,
    *,
    last: int | None = None,
    since: When | None = None,
    until: When | None = None,
    **flags: Unpack[Flags],
) -> Report:
    """Fetch and keep the newest `last` candles (500), or what is missing from `since` on."""
    with open_keeper(**flags) as keeper:
        return keeper.collect(series, last=last, since=since, until=until)


def read_candles(
    series: Series | str,
    *,
    last: int | None = None,
    since: When | None = None,
    until: When | None = None,
    **flags: Unpack[Flags],
) -> Candles:
    """Kept candles: the newest `last` of those in the given time; all when nothing is said."""
    with open_keeper(**flags) as keeper:
        return keeper.held(series, last=last, since=since, until=until)


def resample_candles(
    series: Series | str,
    interval: Interval | str,
    *,
    last: int | None = None,
    since: When | None = None,
    until: When | None = None,
    **flags: Unpack[Flags],
) -> Resampled:
    """Larger candles summed from kept ones, exactly, and which of them are not complete."""
    with open_keeper(**flags) as keeper:
        return keeper.resample(series, interval, last=last, since=since, until=until)


def query_candles(query: str, **flags: Unpack[Flags]) -> pl.DataFrame:
    """The whole answer of one SELECT over what is kept. Raises `InputError`."""
    with open_keeper(**flags) as keeper:
        answer = keeper.sql(query)
        with explained():
            return answer.collect(engine="streaming")
