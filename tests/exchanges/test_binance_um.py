"""USD-M futures: in what the wire differs from spot, and a collection from end to end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chandlery.candles.interval import DAY_MS, HOUR_MS, MINUTE_MS, Interval
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import FrozenClock
from chandlery.collect.keeper import Keeper
from chandlery.collect.runner import Runner
from chandlery.errors import BadSpan, Blocked, InputError, NoSuchInterval, Refused, UnknownSymbol
from chandlery.exchanges import binance
from chandlery.exchanges.binance_markets import SPOT, UM, BinanceMarket
from chandlery.exchanges.registry import open_exchange, weight_limit
from chandlery.market import SymbolInfo
from chandlery.sandbox import Sandbox
from chandlery.settings import read_settings
from chandlery.transport.budget import MinuteBudget
from tests.exchanges.wire import NOW_MS, answered
from tests.twin_clock import TwinClock

SERIES = Series.parse("binance-um:BTCUSDT:1h")
ASKED = binance.time_request(UM)
SEED_NOW_MS = 1_717_245_296_000
"""2024-06-01 12:34:56 UTC."""


class TestRequests:
    """What is asked, and what it costs."""

    def test_paths(self) -> None:
        """Requests go to the paths of futures, and none sends what only spot understands."""
        assert binance.time_request(UM).shown() == "/fapi/v1/time"
        assert binance.symbols_request(UM).shown() == "/fapi/v1/exchangeInfo"
        shown = binance.newest_request(UM, SERIES, 7, None).shown()
        assert shown == "/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=7"

    @pytest.mark.parametrize(
        ("limit", "weight"),
        [(1, 1), (99, 1), (100, 2), (499, 2), (500, 5), (1000, 5), (1001, 10), (1500, 10)],
    )
    def test_weights(self, limit: int, weight: int) -> None:
        """A page costs by its limit, at the borders what the documents say."""
        assert binance.newest_request(UM, SERIES, limit, None).weight == weight

    def test_other_weights(self) -> None:
        """The time and the list of symbols cost one each."""
        assert (binance.symbols_request(UM).weight, ASKED.weight) == (1, 1)

    @pytest.mark.parametrize(
        ("interval", "length_ms", "limit", "weight"),
        [
            ("1h", 4 * HOUR_MS, 99, 1),
            ("1h", 88 * HOUR_MS, 99, 1),
            ("1h", 89 * HOUR_MS, 499, 2),
            ("1m", 8 * HOUR_MS, 499, 2),
            ("1m", 489 * MINUTE_MS, 1000, 5),
            ("1m", 365 * DAY_MS, 1000, 5),
            ("1M", 365 * DAY_MS, 99, 1),
            ("1M", 89 * 28 * DAY_MS, 499, 2),
        ],
    )
    def test_small_spans_are_cheap(
        self, interval: str, length_ms: int, limit: int, weight: int
    ) -> None:
        """A span is asked with the cheapest limit that it cannot fill, some rows to spare."""
        series = Series("binance-um", "BTCUSDT", Interval.parse(interval))
        request = binance.oldest_request(UM, series, Span(DAY_MS, DAY_MS + length_ms), 1000)
        assert (request.params[-1], request.weight) == (("limit", str(limit)), weight)

    def test_a_small_limit_stays(self) -> None:
        """A limit is never raised, and where all limits cost the same never lowered."""
        span = Span(0, 4 * HOUR_MS)
        assert binance.oldest_request(UM, SERIES, span, 3).params[-1] == ("limit", "3")
        assert binance.oldest_request(SPOT, SERIES, span, 1000).params[-1] == ("limit", "1000")

    def test_no_seconds(self) -> None:
        """The interval that futures lack is refused with those that there are, asking nobody."""
        series = Series.parse("binance-um:BTCUSDT:1s")
        with pytest.raises(NoSuchInterval, match=r"binance-um has no candles of '1s'.*: 1m, 3m,"):
            binance.newest_request(UM, series, 1, None)
        assert binance.newest_request(SPOT, series, 1, None).weight == 2

    @pytest.mark.parametrize("market", [SPOT, UM])
    def test_small_letters(self, market: BinanceMarket) -> None:
        """A symbol has one spelling, though futures would answer to others."""
        series = Series(market.name, "btcusdt", SERIES.interval)
        with pytest.raises(UnknownSymbol, match="BTCUSDT"):
            binance.oldest_request(market, series, Span(0, 1), 1)


class TestAnswers:
    """What is made of them."""

    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("TRADING", "TRADING"),
            ("TRADING_HALT", "HALT"),
            ("TRADING_CANCEL_ONLY", "CANCEL_ONLY"),
            ("DELIVERING", "BREAK"),
            ("DELIVERED", "BREAK"),
            ("SETTLING", "BREAK"),
            ("CLOSE", "BREAK"),
            ("PENDING_TRADING", "UNKNOWN"),
            ("PRE_SETTLE", "UNKNOWN"),
            ("PRE_DELIVERING", "UNKNOWN"),
            ("BREAK", "UNKNOWN"),
        ],
    )
    def test_statuses(self, word: str, status: str) -> None:
        """What trades no more is in BREAK; what may have candles yet is not."""
        entry = {
            "symbol": "BTCUSDT_260626",
            "pair": "BTCUSDT",
            "contractType": "CURRENT_QUARTER",
            "status": word,
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.10"}],
        }
        found = binance.read_listing(UM, answered({"symbols": [entry]}), ASKED).symbols
        assert found == [SymbolInfo("BTCUSDT_260626", "BTC", "USDT", status, 1)]  # type: ignore[arg-type]

    def test_refused(self) -> None:
        """A refusal names this market and its own setting."""
        told = answered({"code": -1130, "msg": "Data sent for parameter 'limit' is …"}, status=400)
        with pytest.raises(Refused, match=r"Binance USD-M futures refused /fapi/v1/time.*-1130"):
            binance.read_time(UM, told, ASKED)
        with pytest.raises(Refused, match="CHANDLERY_BINANCE_UM_URL"):
            binance.read_time(UM, answered(b"<html>", status=404), ASKED)

    def test_unknown(self) -> None:
        """An unknown symbol is one of this exchange."""
        told = answered({"code": -1121, "msg": "Invalid symbol."}, status=400)
        with pytest.raises(UnknownSymbol, match="binance-um has no symbol"):
            binance.read_rows(UM, told, ASKED, SERIES)


class TestClient:
    """The adapter in front of the sandbox."""

    @pytest.fixture
    def box(self) -> Iterator[Sandbox]:
        """A sandbox exchange."""
        with Sandbox(seed=1) as running:
            yield running

    def test_budget(self, box: Sandbox) -> None:
        """The budget counts as the exchange does, and the grant of 2400 does not raise it."""
        clock = TwinClock(box, SEED_NOW_MS)
        budget = MinuteBudget(clock, limit=1000)
        adapter = open_exchange("binance-um", urls=[box.binance_url], clock=clock, budget=budget)
        with closing(adapter) as exchange:
            exchange.symbols()
            assert (budget.used(), budget.limit) == (1, 1000)
            exchange.newest(SERIES, 1000)
            assert budget.used() == 1 + 1 + 5
            exchange.oldest(SERIES, Span(SEED_NOW_MS - 5 * HOUR_MS, SEED_NOW_MS), 1000)
            assert budget.used() == 1 + 1 + 5 + 1
        assert weight_limit("binance-um") == 2400

    def test_never_earns_a_429(self, box: Sandbox) -> None:
        """Page after page, no minute is overrun, and each is used up before the next."""
        clock = TwinClock(box, SEED_NOW_MS)
        adapter = open_exchange("binance-um", urls=[box.binance_url], clock=clock)
        with closing(adapter) as exchange:
            for _ in range(500):
                exchange.oldest(SERIES, Span(0, 1_000_000 * MINUTE_MS), 1000)
        seen = box.requests.log("fapi")
        assert {one.status for one in seen} == {200}
        minutes = Counter(one.at_ms // MINUTE_MS for one in seen if "klines" in one.path)
        assert len(minutes) == 2
        assert 0.95 * 480 <= minutes[SEED_NOW_MS // MINUTE_MS] < 480

    def test_blocked(self, box: Sandbox) -> None:
        """Where futures are not served, that is said with the setting that helps."""
        box.faults.always("451")
        adapter = open_exchange("binance-um", urls=[box.binance_url])
        with closing(adapter), pytest.raises(Blocked, match="CHANDLERY_BINANCE_UM_URL"):
            adapter.newest(SERIES, 1)

    @pytest.mark.parametrize("limit", [0, 1001, 1501])
    def test_pages(self, limit: int) -> None:
        """More than a page, or less than one row, is refused before anything is sent."""
        clock = FrozenClock(NOW_MS)
        with closing(open_exchange("binance-um", clock=clock)) as exchange:
            assert exchange.page_limit == 1000
            with pytest.raises(BadSpan, match="binance-um has 1 to 1000"):
                exchange.newest(SERIES, limit)


class TestKeeping:
    """From the sandbox into the store."""

    @pytest.fixture
    def keeping(self, tmp_path: Path) -> Iterator[Callable[..., tuple[Keeper, Sandbox]]]:
        """A keeper of these series, its clock in step with the sandbox behind it."""
        opened: list[Keeper] = []
        with Sandbox(seed=1) as box:

            def make(*series: str) -> tuple[Keeper, Sandbox]:
                settings = read_settings(
                    home=tmp_path,
                    csv="",
                    series=",".join(series),
                    binance_url=box.binance_url,
                    binance_um_url=box.binance_url,
                    coingecko_url=box.coingecko_url,
                )
                opened.append(Keeper(settings, clock=TwinClock(box, SEED_NOW_MS)))
                return opened[-1], box

            yield make
            for keeper in opened:
                keeper.close()

    def test_collect(self, keeping: Callable[..., tuple[Keeper, Sandbox]]) -> None:
        """Candles of futures are kept as a series of their own, over several pages."""
        keeper, box = keeping("binance-um:BTCUSDT:1h")
        report = keeper.collect("binance-um:BTCUSDT:1h", since="2024-03-01")
        assert (report.ok, report.requests) == (True, 3)
        span = Span(1_709_251_200_000, SEED_NOW_MS)
        held = keeper.read("binance-um:BTCUSDT:1h", span=span)
        assert len(held) == 92 * 24 + 13 == report.kept.new + report.kept.forming
        assert (held.series, held.unfinished) == (SERIES, 1)
        assert not len(keeper.read("binance:BTCUSDT:1h"))
        [before] = keeper.gaps("binance-um:BTCUSDT:1h")
        assert (before.reason, before.span) == ("never asked", Span(0, span.start))
        assert box.requests.count("/fapi/v1/klines") == 3
        assert box.requests.count("/api/v3/") == 0

    def test_keeping_current_is_cheap(self, keeping: Callable[..., tuple[Keeper, Sandbox]]) -> None:
        """An hour later the new candle costs one unit of weight, not a page's five."""
        keeper, box = keeping("binance-um:BTCUSDT:1h")
        keeper.keep_current(SERIES)
        keeper.clock.sleep(3600)
        budget = keeper.budgets()["binance-um"]
        assert (budget.limit, budget.used()) == (2400, 0)
        report = keeper.keep_current(SERIES)
        assert (report.requests, report.kept.new) == (1, 1)
        assert "limit=99" in box.requests.log("/fapi/v1/klines")[-1].query
        # One for the candles, one for the exchange's clock.
        assert budget.used() == 2

    def test_wildcards_and_jobs(self, keeping: Callable[..., tuple[Keeper, Sandbox]]) -> None:
        """A wildcard stands for what futures trade, beside the same names of spot."""
        keeper, box = keeping("binance-um:B*USDT:1h", "binance:BTCUSDT:1h")
        assert sorted(map(str, keeper.listed_series())) == [
            "binance-um:BNBUSDT:1h",
            "binance-um:BTCUSDT:1h",
            "binance:BTCUSDT:1h",
        ]
        names = {job.name for job in keeper.jobs()}
        assert {"binance-um:symbols", "binance-um:BNBUSDT:1h", "binance:BTCUSDT:1h"} <= names
        done = Runner(keeper).do("binance-um:BNBUSDT:1h")
        assert (done.failure, done.skipped) == (None, None)
        assert sorted(keeper.budgets()) == ["binance", "binance-um"]
        assert box.weight_used == 0

    def test_refusals(self, keeping: Callable[..., tuple[Keeper, Sandbox]]) -> None:
        """What futures do not have is refused, with what they have instead."""
        keeper, box = keeping("binance-um:BTCUSDT:1h")
        with pytest.raises(InputError, match="It has: 1m, 3m"):
            keeper.collect("binance-um:BTCUSDT:1s", last=5)
        with pytest.raises(UnknownSymbol, match="binance-um has no symbol 'ETHBTC'"):
            keeper.collect("binance-um:ETHBTC:1h", last=5)
        assert box.requests.count("klines") == 0

    def test_delisted(self, keeping: Callable[..., tuple[Keeper, Sandbox]]) -> None:
        """A delisted contract gives its last candles, and that it has ended is said."""
        keeper, _ = keeping("binance-um:XMRUSDT:1h")
        report = keeper.collect("binance-um:XMRUSDT:1h", last=10)
        assert report.kept.new == 10
        assert any("is not trading (BREAK)" in note for note in report.notes)
