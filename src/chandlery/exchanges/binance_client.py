"""One market of Binance over REST: public market data, no key needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.errors import BadSpan
from chandlery.exchanges import binance
from chandlery.exchanges.binance_markets import BinanceMarket
from chandlery.exchanges.exchange import Page, Refusal
from chandlery.exchanges.pages import Asked, BadRow, FromTheFuture, read_candles
from chandlery.exchanges.salvage import salvaged
from chandlery.exchanges.server_clock import Reading, ServerClock
from chandlery.market import SymbolInfo
from chandlery.transport.budget import Budget, MinuteBudget
from chandlery.transport.request import Answer, Request
from chandlery.transport.sender import Sender
from chandlery.transport.service import MANNERS, Manners, Service


class _Reader(Protocol):
    """From the rows of an answer to its candles, and the rows that are none."""

    def __call__(
        self, rows: list[Any], asked: Asked, *, server_ms: int, settle_ms: int
    ) -> tuple[Candles, tuple[Refusal, ...]]: ...


def _all_of_it(
    rows: list[Any], asked: Asked, *, server_ms: int, settle_ms: int
) -> tuple[Candles, tuple[Refusal, ...]]:
    return read_candles(rows, asked, server_ms=server_ms, settle_ms=settle_ms), ()


class BinanceClient:
    """The `Exchange` of one of Binance's markets. Thread-safe; the constructor asks nobody.

    Without `budget` it keeps one of its own; who opens several clients on one machine passes the
    same budget to all.
    """

    def __init__(
        self,
        market: BinanceMarket,
        urls: Sequence[str] | None = None,
        *,
        clock: Clock,
        budget: Budget | None = None,
        manners: Manners = MANNERS,
    ) -> None:
        self._market = market
        self._clock = ServerClock(clock, self._read_clock)
        self._budget = budget or MinuteBudget(clock, limit=market.weight_limit)
        service = Service(
            name=market.title,
            urls=urls or market.urls,
            setting=market.setting,
            if_blocked=market.if_blocked,
            weight_header=market.weight_header,
        )
        self._sender = Sender(service, clock=clock, budget=self._budget, manners=manners)

    @property
    def name(self) -> str:
        """The word for it in a series."""
        return self._market.name

    @property
    def page_limit(self) -> int:
        """The most rows of one page."""
        return self._market.page_limit

    def newest(self, series: Series, limit: int, *, before_ms: int | None = None) -> Page:
        """The newest `limit` rows, of those that open before `before_ms`; see `Exchange`."""
        request = binance.newest_request(self._market, series, self._checked(limit), before_ms)
        return self._page(request, Asked(series, limit, end_ms=before_ms))

    def oldest(self, series: Series, span: Span, limit: int) -> Page:
        """The oldest `limit` rows that open within `span`; see `Exchange`."""
        request = binance.oldest_request(self._market, series, span, self._checked(limit))
        asked = Asked(series, limit, start_ms=span.start, end_ms=span.end)
        try:
            return self._page(request, asked)
        except BadRow:
            # Of the one row that somebody wants to see no other can take the place.
            if limit < self.page_limit:
                raise
            return self._page(request, asked, read=salvaged)

    def symbols(self) -> list[SymbolInfo]:
        """Every symbol that Binance lists, those that have ended too (status BREAK)."""
        request = binance.symbols_request(self._market)
        listing = self._sender.ask(
            request, lambda answer: binance.read_listing(self._market, answer, request)
        )
        if listing.weight_limit is not None:
            # Never raised: a lower limit may have been chosen to leave room for other programs.
            self._budget.limit = min(self._budget.limit, listing.weight_limit)
        return listing.symbols

    def server_ms(self) -> int:
        """Binance's clock, now."""
        return self._clock.now_ms()

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _page(self, request: Request, asked: Asked, read: _Reader | None = None) -> Page:
        reader = read or _all_of_it
        # Looked at before anything is sent: a machine that sleeps meanwhile takes the exchange's
        # time for an earlier one, and closed candles for forming ones, never the other way round.
        reading = self._clock.reading()

        def page_of(answer: Answer) -> Page:
            nonlocal reading
            try:
                return self._read_page(answer, request, asked, reader, reading.at(answer.sent))
            except FromTheFuture:
                # Perhaps it is our picture of its clock that is wrong; the next try has another.
                self._clock.distrust()
                reading = self._clock.reading()
                raise

        return self._sender.ask(request, page_of)

    def _read_page(
        self, answer: Answer, request: Request, asked: Asked, read: _Reader, server_ms: int
    ) -> Page:
        rows = binance.read_rows(self._market, answer, request, asked.series)
        candles, refused = read(rows, asked, server_ms=server_ms, settle_ms=self._market.settle_ms)
        return Page(candles, server_ms, request.shown(), refused=refused)

    def _read_clock(self) -> Reading:
        request = binance.time_request(self._market)
        reading = self._sender.ask(request, lambda answer: self._reading(answer, request))
        self._budget.align(reading.offset_ms)
        return reading

    def _reading(self, answer: Answer, request: Request) -> Reading:
        server_ms = binance.read_time(self._market, answer, request)
        return Reading(server_ms, answer.sent, answer.received, answer.sent_ms)

    def _checked(self, limit: int) -> int:
        if not 1 <= limit <= self.page_limit:
            msg = f"A page of {self.name} has 1 to {self.page_limit} candles, not {limit}."
            raise BadSpan(msg)
        return limit
