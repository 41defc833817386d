"""The Binance adapter over real sockets, against a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.errors import (
    BadAnswer,
    BadSpan,
    RateLimited,
    UnknownExchange,
    UnknownInterval,
    UnknownSymbol,
)
from chandlery.exchanges.exchange import Exchange
from chandlery.exchanges.registry import names, open_exchange
from chandlery.transport.budget import MinuteBudget
from chandlery.transport.service import MANNERS
from tests.exchanges.wire import HOUR, NOW_MS, THIS_HOUR, FakeBinance, hours, play
from tests.transport.scripted import Asked, Play, Scripted, scripted

SERIES = Series.parse("binance:BTCUSDT:1h")

Opened = tuple[Exchange, Scripted]


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only when somebody sleeps on it."""
    return FrozenClock(NOW_MS)


@pytest.fixture
def opened(clock: FrozenClock) -> Iterator[Callable[..., Opened]]:
    """Open the adapter on a server that gives these answers."""
    with ExitStack() as stack:

        def make(
            *answers: Play,
            skew_ms: int = 0,
            budget: MinuteBudget | None = None,
            patience: float = 90,
        ) -> Opened:
            fake = FakeBinance(clock, skew_ms, list(answers))
            server = stack.enter_context(scripted(script=fake))
            exchange = open_exchange(
                "binance",
                urls=[server.url],
                clock=clock,
                budget=budget,
                manners=replace(MANNERS, patience=patience),
            )
            stack.callback(exchange.close)
            return exchange, server

        yield make


def test_newest(opened: Callable[..., Opened]) -> None:
    """The newest rows, the last one forming by the exchange's clock."""
    exchange, server = opened(play(hours(THIS_HOUR - 2 * HOUR, 3)))
    page = exchange.newest(SERIES, 3)
    assert (len(page.candles), page.candles.unfinished) == (3, 1)
    assert page.candles.series == SERIES
    assert page.server_ms == NOW_MS
    assert page.source == "rest"
    assert page.request == server.asked[-1].target
    assert page.request == "/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=3"


def test_oldest(opened: Callable[..., Opened]) -> None:
    """The oldest rows of a span."""
    first = THIS_HOUR - 100 * HOUR
    exchange, _ = opened(play(hours(first, 10)))
    page = exchange.oldest(SERIES, Span(first, first + 50 * HOUR), 10)
    assert len(page.candles.closed) == 10


def test_nothing_there(opened: Callable[..., Opened]) -> None:
    """An empty answer is an answer."""
    exchange, _ = opened(play([]))
    page = exchange.oldest(SERIES, Span(0, HOUR), 10)
    assert (len(page.candles), page.candles.unfinished) == (0, 0)


def test_a_wrong_local_clock(opened: Callable[..., Opened]) -> None:
    """With a local clock two hours behind, closed candles are still known as closed."""
    exchange, _ = opened(play(hours(THIS_HOUR, 3)), skew_ms=2 * HOUR)
    page = exchange.newest(SERIES, 3)
    assert page.candles.unfinished == 1
    assert page.server_ms == NOW_MS + 2 * HOUR == exchange.server_ms()


def test_a_clock_that_changed_unseen(clock: FrozenClock) -> None:
    """Rows from the future first make us look at the exchange's clock again."""
    fake = FakeBinance(clock, 0, [play(hours(THIS_HOUR - HOUR, 2)), play(hours(THIS_HOUR, 2))])
    with scripted(script=fake) as server:
        exchange = open_exchange("binance", urls=[server.url], clock=clock)
        exchange.newest(SERIES, 2)
        fake.skew_ms = HOUR
        page = exchange.newest(SERIES, 2)
        exchange.close()
    assert page.server_ms >= NOW_MS + HOUR
    assert page.candles.unfinished == 1


def test_from_the_future(opened: Callable[..., Opened]) -> None:
    """Rows that stay in the future are a bad answer, after a few tries."""
    exchange, server = opened(play(hours(THIS_HOUR + HOUR, 2)))
    with pytest.raises(BadAnswer, match="in the future"):
        exchange.newest(SERIES, 2)
    assert sum("klines" in asked.target for asked in server.asked) == 4


def test_one_bad_answer_is_not_seen(opened: Callable[..., Opened]) -> None:
    """A web page in place of candles is asked again."""
    exchange, _ = opened(Play(b"<html>maintenance</html>"), play(hours(THIS_HOUR, 1)))
    assert len(exchange.newest(SERIES, 1).candles) == 1


@pytest.mark.parametrize(("code", "kind"), [(-1121, UnknownSymbol), (-1120, UnknownInterval)])
def test_unknown(opened: Callable[..., Opened], code: int, kind: type[Exception]) -> None:
    """An unknown symbol or interval is said at once, without another try."""
    exchange, server = opened(play({"code": code, "msg": "Invalid."}, status=400))
    with pytest.raises(kind):
        exchange.newest(SERIES, 1)
    assert sum("klines" in asked.target for asked in server.asked) == 1


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_limits(opened: Callable[..., Opened], limit: int) -> None:
    """A limit that is no page is refused before anything is sent."""
    exchange, server = opened(play([]))
    with pytest.raises(BadSpan, match="1 to 1000"):
        exchange.newest(SERIES, limit)
    assert not server.asked


def test_symbols_lower_the_limit(opened: Callable[..., Opened], clock: FrozenClock) -> None:
    """A smaller grant than expected is kept; a larger one does not raise a chosen limit."""
    granted = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
    budget = MinuteBudget(clock, limit=1000)
    exchange, _ = opened(
        play({"symbols": [], "rateLimits": [{**granted, "limit": 6000}]}),
        play({"symbols": [], "rateLimits": [{**granted, "limit": 600}]}),
        budget=budget,
    )
    exchange.symbols()
    assert budget.limit == 1000
    exchange.symbols()
    assert budget.limit == 600


def test_weights(opened: Callable[..., Opened], clock: FrozenClock) -> None:
    """A page costs two, the time one, the list of symbols twenty."""
    budget = MinuteBudget(clock)
    exchange, _ = opened(play({"symbols": []}), play([]), budget=budget)
    exchange.symbols()
    assert budget.used() == 20
    exchange.newest(SERIES, 1)
    assert budget.used() == 23


def test_minutes_of_the_exchange(opened: Callable[..., Opened], clock: FrozenClock) -> None:
    """The budget turns with the exchange's minute once its clock is known."""
    budget = MinuteBudget(clock)
    exchange, _ = opened(play([]), skew_ms=39_000, budget=budget)
    exchange.newest(SERIES, 1)
    assert budget.used() == 3
    clock.advance(2)
    assert budget.used() == 0


def test_limited(opened: Callable[..., Opened], clock: FrozenClock) -> None:
    """An interactive caller learns at once that, and until when, Binance wants to be left alone."""
    exchange, _ = opened(play({}, status=429, retry_after="40"), patience=5)
    with pytest.raises(RateLimited, match=r"Binance .*429.*22:14:00 UTC"):
        exchange.newest(SERIES, 1)
    assert clock.monotonic() == 0


def test_never_earns_a_429(clock: FrozenClock) -> None:
    """With a wrong local clock and another program on the same address, no limit is overrun."""
    # The server counts by its own clock minutes and refuses what is over the limit.
    limit, skew_ms = 100, 37_000
    spent: dict[int, int] = {}
    refused: list[Asked] = []

    def script(asked: Asked) -> Play:
        clock.advance(0.05)
        server_ms = clock.now_ms() + skew_ms
        minute = server_ms // 60_000
        # The other program spends half the budget, at once.
        spent[minute] = spent.get(minute, limit // 2) + (2 if "klines" in asked.target else 1)
        if spent[minute] > limit:
            refused.append(asked)
            return play({}, status=429, retry_after="1")
        body = {"serverTime": server_ms} if "time" in asked.target else hours(THIS_HOUR, 1)
        return play(body, x_mbx_used_weight_1m=str(spent[minute]))

    with scripted(script=script) as server:
        budget = MinuteBudget(clock, limit=limit)
        exchange = open_exchange("binance", urls=[server.url], clock=clock, budget=budget)
        for _ in range(120):
            exchange.newest(SERIES, 1)
        exchange.close()
    assert not refused
    full = sorted(spent)[1:-1]
    assert full
    assert all(spent[minute] >= 0.95 * limit for minute in full)


def test_opening_asks_nobody() -> None:
    """Opening an exchange sends nothing, at its real hosts neither."""
    exchange = open_exchange("binance")
    assert (exchange.name, exchange.page_limit) == ("binance", 1000)
    exchange.close()


def test_unknown_exchange() -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(UnknownExchange, match="binance"):
        open_exchange("kraken")
    assert names() == ["binance", "binance-um"]
