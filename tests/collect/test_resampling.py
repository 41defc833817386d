"""Larger candles of a kept series, with what the ledger knows of its holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from chandlery.candles.frame import Candles
from chandlery.candles.interval import DAY_MS, HOUR_MS, INTERVALS, Interval
from chandlery.candles.resample import FORMING, NEWER, OLDER, UNASKED, resample
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.collect.keeper import Keeper
from chandlery.collect.resampling import LISTED_AFTER_MS
from chandlery.errors import BadSpan, UnknownInterval, UnknownSeries
from chandlery.settings import read_settings
from tests.candles import market

HOURS = Series.parse("binance:BTCUSDT:1h")
FRAME = market.frame(100, "1h")
"""Four days and four hours, from a midnight on."""


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """A keeper of nothing yet."""
    with Keeper(read_settings(home=tmp_path)) as opened:
        yield opened


def keep(
    keeper: Keeper,
    frame: pl.DataFrame,
    answered: Span | None = None,
    *,
    series: Series = HOURS,
    unfinished: int = 0,
) -> None:
    """Keep candles, with or without an answer of the exchange."""
    candles = Candles(series, frame, unfinished)
    keeper.store.candles.keep(candles, answered=answered, source="test")


def hours(start: int, end: int) -> Span:
    """A span in hours since the first candle."""
    return Span(market.START_MS + start * HOUR_MS, market.START_MS + end * HOUR_MS)


def reasons(incomplete: pl.DataFrame) -> dict[int, tuple[int, int, list[str]]]:
    """`{day: (children, of, reasons)}`."""
    days = (incomplete["open_time"].dt.epoch("ms") - market.START_MS) // DAY_MS
    return dict(zip(days, (row[1:] for row in incomplete.iter_rows()), strict=True))


def test_all_intervals(keeper: Keeper) -> None:
    """Every interval above the kept one that is a multiple of it can be had, and is its sum."""
    keep(keeper, FRAME)
    larger = [one for one in INTERVALS if one.typical_ms > HOUR_MS]
    for interval in larger:
        made = keeper.resample(HOURS, interval, anchor=market.START_MS)
        assert made.frame["volume"].sum() == FRAME["volume"].sum(), interval
        opens = made.frame["open_time"].dt.epoch("ms").to_list()
        closes = made.frame["close_time"].dt.epoch("ms").to_list()
        assert closes == [interval.close(ms) for ms in opens]
    assert len(larger) == 9
    for wrong in ("1m", "1h"):
        with pytest.raises(BadSpan, match=f"{wrong} candles cannot be summed from 1h candles"):
            keeper.resample(HOURS, wrong)


def test_edges(keeper: Keeper) -> None:
    """The first and the last candle say that nothing older or newer is held."""
    keep(keeper, FRAME.slice(5))
    assert reasons(keeper.resample(HOURS, "1d").incomplete) == {
        0: (19, 24, [OLDER]),
        4: (4, 24, [NEWER]),
    }


def test_holes(keeper: Keeper) -> None:
    """A hole that the exchange has confirmed leaves a day complete; one never asked does not."""
    parts = pl.concat([FRAME.head(30), FRAME.slice(32, 20), FRAME.slice(53)])
    keep(keeper, parts, hours(0, 48))
    assert reasons(keeper.resample(HOURS, "1d").incomplete) == {
        2: (23, 24, [UNASKED]),
        4: (4, 24, [NEWER]),
    }
    keep(keeper, parts, hours(0, 100))
    assert [*reasons(keeper.resample(HOURS, "1d").incomplete)] == [4]


def test_listing(keeper: Keeper) -> None:
    """A first day that began with the listing is complete, as it is for the exchange."""
    keep(keeper, FRAME.slice(5, 43), Span(0, hours(0, 48).end))
    assert keeper.resample(HOURS, "1d").incomplete.is_empty()


def test_forming(keeper: Keeper) -> None:
    """A candle whose last child forms is the sum of the closed ones, and says so."""
    keep(keeper, FRAME.head(60), hours(0, 59), unfinished=1)
    made = keeper.resample(HOURS, "1d")
    assert reasons(made.incomplete) == {2: (11, 24, [FORMING])}
    assert made.frame["volume"].sum() == FRAME.head(59)["volume"].sum()
    assert keeper.resample(HOURS, "4h").incomplete.height == 1


def test_only_forming(keeper: Keeper) -> None:
    """A series of which no candle has closed yet has no larger ones."""
    keep(keeper, FRAME.head(1), unfinished=1)
    for interval in ("1d", "3d"):
        assert keeper.resample(HOURS, interval).frame.is_empty()


@pytest.mark.parametrize(
    ("since", "until", "last", "days"),
    [
        (None, None, None, [0, 1, 2, 3, 4]),
        (None, None, 2, [3, 4]),
        (24, None, None, [1, 2, 3, 4]),
        (23, 73, None, [1, 2, 3]),
        (25, 72, None, [2]),
        (0, 96, 3, [1, 2, 3]),
        (0, None, 99, [0, 1, 2, 3, 4]),
        (-999, -900, None, []),
        (25, 30, None, []),
        (200, 300, 5, []),
    ],
)
def test_parts(
    keeper: Keeper, since: int | None, until: int | None, last: int | None, days: list[int]
) -> None:
    """What is asked counts the larger candles: none of them is cut by the asking."""
    keep(keeper, FRAME)
    at = [None if hour is None else market.START_MS + hour * HOUR_MS for hour in (since, until)]
    made = keeper.resample(HOURS, "1d", since=at[0], until=at[1], last=last)
    whole = resample(FRAME, HOURS.interval, Interval.parse("1d"))
    assert made.frame.equals(whole.frame[days])
    assert [*reasons(made.incomplete)] == [day for day in days if day == 4]


def test_last_across_an_outage(keeper: Keeper) -> None:
    """The newest N are counted as they are there, however long nothing was before them."""
    keep(keeper, pl.concat([FRAME.head(49), FRAME.slice(95)]))
    made = keeper.resample(HOURS, "1d", last=3)
    assert [*reasons(made.incomplete)] == [2, 3, 4]
    assert made.frame["volume"][0] == FRAME["volume"][48]


def test_both_tiers(keeper: Keeper) -> None:
    """Candles of the cold tier and of the hot one are summed as one."""
    minutes = market.frame(8_000)
    series = replace(HOURS, interval=Interval.parse("1m"))
    keep(keeper, minutes, series=series)
    assert keeper.store.folding.fold(series, everything=True) > 0
    whole = resample(minutes, series.interval, Interval.parse("1h"))
    made = keeper.resample(series, "1h")
    assert made.frame.equals(whole.frame)
    assert made.incomplete.equals(whole.incomplete)
    assert keeper.resample(series, "1h", last=9).frame.equals(whole.frame.tail(9))


def test_shift_into_what_is_asked(keeper: Keeper) -> None:
    """A child that reaches over the edge of what was asked is seen all the same."""
    half = pl.duration(minutes=30)
    shifted = FRAME.slice(20, 4).with_columns(pl.col("open_time", "close_time") + half)
    keep(keeper, pl.concat([FRAME.head(20), shifted, FRAME.slice(24)]), hours(0, 100))
    made = keeper.resample(HOURS, "1d", since=market.START_MS + DAY_MS, until="2023-11-17")
    assert reasons(made.incomplete) == {1: (24, 24, ["off the grid"])}


def test_three_days(keeper: Keeper) -> None:
    """3d candles stand on the first day where that is known, else on a day that is given."""
    keep(keeper, FRAME.slice(30))
    with pytest.raises(BadSpan, match=r"nothing kept says that .*--anchor.*BTCUSDT:3d --last 3"):
        keeper.resample(HOURS, "3d")
    for day in ("2023-11-15", "2023-11-18"):
        given = keeper.resample(HOURS, "3d", anchor=day)
        assert _days(given.frame) == ["2023-11-15", "2023-11-18"]
    keep(keeper, FRAME.slice(30), Span(hours(30, 31).start - LISTED_AFTER_MS + 1, hours(0, 99).end))
    with pytest.raises(BadSpan, match="nothing kept says"):
        keeper.resample(HOURS, "3d")
    keep(keeper, FRAME.slice(30), Span(hours(30, 31).start - LISTED_AFTER_MS, hours(0, 99).end))
    assert _days(keeper.resample(HOURS, "3d").frame) == ["2023-11-16", "2023-11-19"]


def test_three_days_from_kept_ones(keeper: Keeper) -> None:
    """The symbol's own 3d candles, where they are kept, tell the grid."""
    keep(keeper, FRAME.slice(30))
    threes = replace(HOURS, interval=Interval.parse("3d"))
    own = market.frame(1, "3d", start_ms=market.START_MS - 8 * DAY_MS)
    keep(keeper, own, series=threes)
    found = keeper.resample("binance:btcusdt:1h", "3d").frame
    assert _days(found) == ["2023-11-16", "2023-11-19"]


def _days(frame: pl.DataFrame) -> list[str]:
    return frame["open_time"].dt.strftime("%F").to_list()


def test_unknown(keeper: Keeper) -> None:
    """A series that is not kept and an interval that does not exist are refused by name."""
    with pytest.raises(UnknownSeries, match="Nothing of binance:ETHUSDT:1m is kept"):
        keeper.resample("binance:ETHUSDT:1m", "1h")
    keep(keeper, FRAME)
    with pytest.raises(UnknownInterval, match="'7h' is not an interval"):
        keeper.resample(HOURS, "7h")
