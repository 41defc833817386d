"""Small candles sum exactly to large ones, for every symbol, at every time."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chandlery.candles.binance_rows import parse_rows
from chandlery.candles.interval import Interval
from chandlery.candles.resample import resample
from chandlery.sandbox.market.bars import SUMMED, Bars
from chandlery.sandbox.market.generated import DAYS, HOURS, MINUTES, SECONDS, Level, Market
from chandlery.sandbox.market.listings import LISTINGS, Listing
from tests.sandbox.asking import DAY, HOUR, MINUTE, Asker

END_MS = 1_790_000_000_000
PRICES = ("open", "high", "low", "close")


@cache
def market(seed: int) -> Market:
    """One market for all examples."""
    return Market(seed)


def check(symbol: str, levels: tuple[Level, Level], span: tuple[int, int], seed: int = 1) -> None:
    """Compare children, folded, with their parents."""
    child, parent = levels
    _, children = market(seed).bars(symbol, child, *span)
    _, parents = market(seed).bars(symbol, parent, *span)
    size = parent.length_ms // child.length_ms
    places = np.flatnonzero(children.alive)
    starts = np.flatnonzero(np.diff(places // size, prepend=-1))
    summed, expected = children.rows(places).fold(starts), parents.rows(parents.alive)
    for name in (*PRICES, *SUMMED):
        assert np.array_equal(getattr(summed, name), getattr(expected, name)), name
    check_sense(children.rows(places))


def check_sense(bars: Bars) -> None:
    """Every candle could be: prices in order, one trade one price, takers part of the whole."""
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.high == bars.low)[bars.trades < 2].all()
    assert ((bars.volume >= bars.trades) & ((bars.volume == 0) == (bars.trades == 0))).all()
    assert ((bars.taker_volume >= 0) & (bars.taker_volume <= bars.volume)).all()
    assert ((bars.taker_quote >= 0) & (bars.taker_quote <= bars.quote)).all()
    slack = 1e-3 * bars.quote + 1
    assert (bars.quote >= bars.low * bars.volume - slack).all()
    assert (bars.quote <= bars.high * bars.volume + slack).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.sampled_from([1, 2]),
    listing=st.sampled_from(LISTINGS),
    share=st.floats(0, 1),
    levels=st.sampled_from([(HOURS, DAYS), (MINUTES, HOURS), (SECONDS, MINUTES)]),
)
def test_levels_sum_exactly(
    seed: int, listing: Listing, share: float, levels: tuple[Level, Level]
) -> None:
    """Seconds make minutes, minutes hours, hours days, to the last digit in all nine fields."""
    end = listing.ended_ms or END_MS
    start = int(listing.listed_ms + share * (end - listing.listed_ms))
    length = levels[1].length_ms
    start -= start % length
    check(listing.symbol, levels, (start, start + 30 * length), seed)


def test_sums_hold_around_outages_and_ends() -> None:
    """Candles cut by an outage, by the listing or by the end sum exactly, too."""
    moments = [gap.start for gap in market(1).outages[:8]] + [
        gap.end for gap in market(1).outages[:8]
    ]
    for ms in moments:
        hour = ms // HOUR * HOUR
        check("BTCUSDT", (SECONDS, MINUTES), (hour, hour + HOUR))
        check("DCRBTC", (MINUTES, HOURS), (hour - 2 * HOUR, hour + 2 * HOUR))
    for listing in LISTINGS:
        for ms in filter(None, (listing.listed_ms, listing.ended_ms)):
            day = ms // DAY * DAY
            check(listing.symbol, (HOURS, DAYS), (day - 2 * DAY, day + 2 * DAY))
            check(listing.symbol, (MINUTES, HOURS), (day, day + DAY))


@pytest.mark.parametrize("symbol", ["BTCUSDT", "DCRBTC"])
@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("1s", "1m"),
        ("1m", "3m"),
        ("1m", "15m"),
        ("1m", "1h"),
        ("5m", "4h"),
        ("1h", "1d"),
        ("1d", "1w"),
    ],
)
def test_rows_resample_exactly(ask: Asker, symbol: str, child: str, parent: str) -> None:
    """The program's own resampling of served rows gives the served larger rows."""
    large, small = Interval.parse(parent), Interval.parse(child)
    closed = ask.rows(symbol=symbol, interval=parent, limit=4)[:-1]
    start, end = closed[0][0], closed[-1][6]
    children: list[list[object]] = []
    while start < end:
        page = ask.rows(symbol=symbol, interval=child, startTime=start, endTime=end, limit=1000)
        children += page
        start = int(str(page[-1][6])) + 1
    result = resample(parse_rows(children), small, large)
    assert result.frame.equals(parse_rows(closed))
    assert result.incomplete.is_empty()


def test_month_is_the_sum_of_its_days(ask: Asker) -> None:
    """Calendar months add up, however much a coin is traded."""
    month = ask.rows(symbol="DOGEUSDT", interval="1M", limit=2)[0]
    days = ask.rows(symbol="DOGEUSDT", interval="1d", startTime=month[0], endTime=month[6])
    assert len(days) == 28
    for place in (5, 7, 9, 10):
        assert sum(Decimal(day[place]) for day in days) == Decimal(month[place])
    assert max(Decimal(day[2]) for day in days) == Decimal(month[2])


def test_asking_order_does_not_matter() -> None:
    """A candle is the same whether asked first or last, alone or in a crowd."""
    start = 1_700_000_000_000 // DAY * DAY
    one, other = Market(7), Market(7)
    _, alone = one.bars("ETHUSDT", MINUTES, start, start + MINUTE)
    other.bars("ETHUSDT", MINUTES, start - 90 * DAY, start + 5 * DAY)
    _, later = other.bars("ETHUSDT", MINUTES, start, start + MINUTE)
    assert len(alone) == 1
    for name in (*PRICES, *SUMMED):
        assert np.array_equal(getattr(alone, name), getattr(later, name))
