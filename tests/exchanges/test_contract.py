"""What every exchange must do, proved on each adapter against the sandbox.

An adapter joins with one line in `FACTS`; the suite fails when one is missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import polars as pl
import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS, INTERVALS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.errors import (
    BadAnswer,
    BadSpan,
    Blocked,
    NoSuchInterval,
    RateLimited,
    RemoteError,
    ServerFault,
    UnknownSymbol,
    Unreachable,
)
from chandlery.exchanges.exchange import Exchange, Page
from chandlery.exchanges.registry import names, open_exchange
from chandlery.sandbox import FaultKind, Sandbox
from chandlery.transport.retry import RetryPolicy
from chandlery.transport.service import MANNERS, Timeouts
from tests.twin_clock import TwinClock

NOW_MS: Final = 1_717_245_296_000
"""2024-06-01 12:34:56 UTC, in the middle of an hour."""

HANG_S: Final = 0.8
"""How long a request hangs: twice as long as a hasty client waits."""


@dataclass(frozen=True)
class Facts:
    """What the suite must know of an exchange."""

    url: Callable[[Sandbox], str]
    symbol: str
    listed_ms: int
    ended: str
    ended_ms: int
    lacks: frozenset[str] = frozenset()
    """The intervals that it does not have."""


FACTS: Final = {
    "binance": Facts(
        url=lambda box: box.binance_url,
        symbol="BTCUSDT",
        listed_ms=1_502_942_400_000,
        ended="XMRUSDT",
        ended_ms=1_708_398_000_000,
    ),
    "binance-um": Facts(
        url=lambda box: box.binance_url,
        symbol="BTCUSDT",
        listed_ms=1_502_942_400_000,
        ended="XMRUSDT",
        ended_ms=1_708_398_000_000,
        lacks=frozenset({"1s"}),
    ),
}


@dataclass(frozen=True)
class Stand:
    """One exchange, open, with the sandbox behind it."""

    exchange: Exchange
    hasty: Exchange
    """The same one with little time, for what hangs."""
    facts: Facts
    box: Sandbox
    clock: TwinClock

    def series(self, interval: str = "1h", symbol: str | None = None) -> Series:
        """A series of this exchange."""
        return Series(self.exchange.name, symbol or self.facts.symbol, Interval.parse(interval))


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """One sandbox for the whole suite."""
    with Sandbox(seed=1, port=0) as started:
        yield started


@pytest.fixture(params=names())
def stand(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[Stand]:
    """Each exchange in turn, in front of a well-behaved sandbox."""
    name: str = request.param
    facts = FACTS[name]
    box.faults.clear()
    box.forgive()
    clock = TwinClock(box, NOW_MS)

    def opened(read_s: float) -> Exchange:
        manners = replace(
            MANNERS,
            retry=RetryPolicy(attempts=2),
            timeouts=Timeouts(read=read_s),
            patience=10,
        )
        return open_exchange(name, urls=[facts.url(box)], clock=clock, manners=manners)

    with closing(opened(10)) as exchange, closing(opened(HANG_S / 2)) as hasty:
        yield Stand(exchange, hasty, facts, box, clock)
    box.faults.clear()


def opens(page: Page) -> list[int]:
    """Open times of a page."""
    return page.candles.frame["open_time"].dt.epoch("ms").to_list()


def forwards(stand: Stand, series: Series, span: Span, limit: int) -> pl.DataFrame:
    """All rows of a span, page by page from its start."""
    pages: list[pl.DataFrame] = []
    while True:
        page = stand.exchange.oldest(series, span, limit)
        pages.append(page.candles.frame)
        if len(page.candles) < limit or opens(page)[-1] + 1 >= span.end:
            return pl.concat(pages)
        span = Span(opens(page)[-1] + 1, span.end)


def backwards(stand: Stand, series: Series, span: Span, limit: int) -> pl.DataFrame:
    """All rows of a span, page by page from its end."""
    pages: list[pl.DataFrame] = []
    before_ms = span.end
    while True:
        page = stand.exchange.newest(series, limit, before_ms=before_ms)
        frame = page.candles.frame
        pages.insert(0, frame.filter(pl.col("open_time").dt.epoch("ms") >= span.start))
        if len(page.candles) < limit or opens(page)[0] <= span.start:
            return pl.concat(pages)
        before_ms = opens(page)[0]


class TestPages:
    """Pages in both directions."""

    def test_newest(self, stand: Stand) -> None:
        """The newest rows reach the forming candle, and only that one is unfinished."""
        page = stand.exchange.newest(stand.series(), 500)
        assert len(page.candles) == 500
        assert page.candles.unfinished == 1
        assert opens(page)[-1] == NOW_MS // HOUR_MS * HOUR_MS
        assert page.source == "rest"
        assert page.request.startswith("/")
        assert abs(page.server_ms - NOW_MS) < 1000

    @pytest.mark.parametrize("limit", [37, 1000])
    def test_both_ways(self, stand: Stand, limit: int) -> None:
        """Three months, with their outages, are the same from either end and with any page."""
        end = NOW_MS // DAY_MS * DAY_MS
        span = Span(end - 90 * DAY_MS, end)
        there = forwards(stand, stand.series("4h"), span, limit)
        back = backwards(stand, stand.series("4h"), span, limit)
        assert there.equals(back)
        assert there["open_time"].is_unique().all()
        assert there.height > 500

    def test_over_an_outage(self, stand: Stand) -> None:
        """Where the exchange stood still there are no rows, and paging goes on behind the hole."""
        span = Span(stand.facts.listed_ms, stand.facts.listed_ms + 2000 * DAY_MS)
        days = forwards(
            stand, stand.series("1h"), Span(span.start, span.start + 400 * DAY_MS), 1000
        )
        steps = days["open_time"].diff().drop_nulls().dt.total_hours()
        hole = int((steps > 1).arg_true()[0])
        before = days["open_time"].dt.epoch("ms")[hole]
        after = days["open_time"].dt.epoch("ms")[hole + 1]
        inside = Span(before + 1, after)
        assert len(stand.exchange.oldest(stand.series("1h"), inside, 10).candles) == 0
        page = stand.exchange.oldest(stand.series("1h"), Span(before, after + 1), 10)
        assert opens(page) == [before, after]
        assert opens(stand.exchange.newest(stand.series("1h"), 2, before_ms=after + 1)) == [
            before,
            after,
        ]

    def test_bounds(self, stand: Stand) -> None:
        """A span includes its start and excludes its end; `before` is excluded too."""
        hour = NOW_MS // HOUR_MS * HOUR_MS - 48 * HOUR_MS
        span = Span(hour, hour + 3 * HOUR_MS)
        assert opens(stand.exchange.oldest(stand.series(), span, 10)) == [
            hour,
            hour + HOUR_MS,
            hour + 2 * HOUR_MS,
        ]
        assert opens(stand.exchange.newest(stand.series(), 1, before_ms=hour)) == [hour - HOUR_MS]

    def test_from_the_beginning(self, stand: Stand) -> None:
        """A span from the epoch on begins with the first candle; before the listing is nothing."""
        facts = stand.facts
        first = stand.exchange.oldest(stand.series(), Span(0, NOW_MS), 1)
        assert opens(first) == [facts.listed_ms]
        assert not opens(stand.exchange.oldest(stand.series(), Span(0, facts.listed_ms), 10))
        assert not opens(stand.exchange.newest(stand.series(), 10, before_ms=facts.listed_ms))

    def test_ends_with_the_end(self, stand: Stand) -> None:
        """A symbol that has ended still gives its last candles, all closed."""
        facts = stand.facts
        series = stand.series(symbol=facts.ended)
        page = stand.exchange.newest(series, 5)
        assert page.candles.unfinished == 0
        assert opens(page)[-1] == facts.ended_ms - HOUR_MS
        assert not opens(stand.exchange.oldest(series, Span(facts.ended_ms, NOW_MS), 5))

    def test_future(self, stand: Stand) -> None:
        """A span that lies ahead is empty, and one that reaches ahead ends with the forming row."""
        series = stand.series()
        assert not opens(
            stand.exchange.oldest(series, Span(NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS), 9)
        )
        page = stand.exchange.oldest(series, Span(NOW_MS - 2 * HOUR_MS, NOW_MS + DAY_MS), 9)
        assert (len(page.candles), page.candles.unfinished) == (2, 1)

    @pytest.mark.parametrize("interval", [interval.text for interval in INTERVALS])
    def test_every_interval(self, stand: Stand, interval: str) -> None:
        """Every interval is served, the forming candle last; one that is lacking is not asked."""
        if interval in stand.facts.lacks:
            asked = stand.box.requests.count()
            with pytest.raises(NoSuchInterval, match=f"{stand.exchange.name} .*1M"):
                stand.exchange.newest(stand.series(interval), 3)
            assert stand.box.requests.count() == asked
            return
        page = stand.exchange.newest(stand.series(interval), 3)
        assert len(page.candles) == 3
        assert page.candles.unfinished in {1, 2}
        assert page.candles.frame["close_time"].dt.epoch("ms")[-1] >= NOW_MS - 1000

    def test_limits(self, stand: Stand) -> None:
        """A whole page is a whole page, and more than a page is refused."""
        limit = stand.exchange.page_limit
        assert len(stand.exchange.newest(stand.series("1m"), limit).candles) == limit
        with pytest.raises(BadSpan):
            stand.exchange.newest(stand.series(), limit + 1)


class TestForming:
    """Closed or forming, by the exchange's clock."""

    def test_settling(self, stand: Stand) -> None:
        """Right after the turn of the hour two candles are unfinished, a little later one."""
        to_turn = (HOUR_MS - NOW_MS % HOUR_MS) / 1000
        stand.clock.advance(to_turn + 0.3)
        assert stand.exchange.newest(stand.series(), 3).candles.unfinished == 2
        stand.clock.advance(2)
        assert stand.exchange.newest(stand.series(), 3).candles.unfinished == 1

    @pytest.mark.parametrize("skew", [-7200, 7200])
    def test_a_wrong_local_clock(self, stand: Stand, skew: int) -> None:
        """A local clock that is hours off changes nothing."""
        clock = FrozenClock(NOW_MS + skew * 1000)
        url = stand.facts.url(stand.box)
        with closing(open_exchange(stand.exchange.name, urls=[url], clock=clock)) as exchange:
            page = exchange.newest(stand.series(), 3)
            assert page.candles.unfinished == 1
            assert abs(exchange.server_ms() - NOW_MS) < 1000


class TestUnknown:
    """What the exchange does not have."""

    @pytest.mark.parametrize("symbol", ["NOSUCHCOIN", "btcusdt", "BTC-USDT!", "币USDT"])
    def test_symbol(self, stand: Stand, symbol: str) -> None:
        """An unknown symbol, in whatever letters, is said as such."""
        with pytest.raises(UnknownSymbol):
            stand.exchange.newest(stand.series(symbol=symbol), 1)

    def test_interval(self, stand: Stand) -> None:
        """An interval that the exchange does not have is said as such."""
        odd = Series(stand.exchange.name, stand.facts.symbol, Interval("7h", 7 * HOUR_MS))
        with pytest.raises(NoSuchInterval):
            stand.exchange.newest(odd, 1)

    def test_symbols(self, stand: Stand) -> None:
        """The list of symbols has those that trade and those that have ended."""
        found = {info.symbol: info for info in stand.exchange.symbols()}
        assert found[stand.facts.symbol].status == "TRADING"
        assert found[stand.facts.symbol].price_decimals is not None
        assert found[stand.facts.ended].status == "BREAK"


PASSING: Final[dict[FaultKind, type[RemoteError]]] = {
    "5xx": ServerFault,
    "html": ServerFault,
    "empty": BadAnswer,
    "truncated": BadAnswer,
    "garbled": BadAnswer,
    "reset": Unreachable,
    "reset-mid-body": Unreachable,
    "hang": Unreachable,
    "hang-mid-body": Unreachable,
}
ERRORS: Final[dict[FaultKind, type[RemoteError]]] = {**PASSING, "451": Blocked, "403": Blocked}


def hangs(kind: str) -> bool:
    """Whether this fault keeps the client waiting."""
    return kind.startswith("hang")


class TestFaults:
    """Faults of every kind end well, or with the right error."""

    @pytest.mark.parametrize("kind", PASSING)
    def test_one(self, stand: Stand, kind: FaultKind) -> None:
        """One passing fault is not seen by the caller."""
        exchange = stand.hasty if hangs(kind) else stand.exchange
        exchange.server_ms()
        stand.box.faults.next(kind, path="klines", seconds=HANG_S if hangs(kind) else None)
        assert len(exchange.newest(stand.series(), 10).candles) == 10
        assert not stand.box.faults.planned()

    @pytest.mark.parametrize("kind", ERRORS)
    def test_lasting(self, stand: Stand, kind: FaultKind) -> None:
        """A fault that lasts ends in its kind of error, after a few tries."""
        exchange = stand.hasty if hangs(kind) else stand.exchange
        stand.box.faults.always(kind, seconds=HANG_S if hangs(kind) else None)
        with pytest.raises(ERRORS[kind], match="CHANDLERY_"):
            exchange.newest(stand.series(), 10)

    @pytest.mark.parametrize("kind", ["429", "418"])
    def test_limited(self, stand: Stand, kind: FaultKind) -> None:
        """A short wait is waited out; a long one is said at once, and nothing is sent meanwhile."""
        stand.exchange.server_ms()
        stand.box.faults.next(kind, seconds=5)
        before = stand.clock.monotonic()
        assert len(stand.exchange.newest(stand.series(), 10).candles) == 10
        assert stand.clock.monotonic() - before >= 5
        stand.box.faults.next(kind, seconds=500)
        with pytest.raises(RateLimited):
            stand.exchange.newest(stand.series(), 10)
        with pytest.raises(RateLimited):
            stand.exchange.newest(stand.series(), 10)
        assert stand.clock.monotonic() - before < 10


def test_every_exchange_is_here() -> None:
    """Every registered exchange has its facts in this suite."""
    assert sorted(FACTS) == names()
