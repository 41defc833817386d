"""An exchange that answers from a frame, so that walks and plans can be tried without a wire."""

from __future__ import annotations

import polars as pl

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.errors import RemoteError
from chandlery.exchanges.exchange import Page
from chandlery.market import SymbolInfo

SERIES = Series.parse("binance:BTCUSDT:1m")
FROM_2100 = 4_102_444_800_000


class TapeExchange:
    """Serves `frame` as its own clock allows; counts what it is asked."""

    name = "binance"

    def __init__(self, frame: pl.DataFrame, *, now_ms: int, page_limit: int = 10) -> None:
        self.frame = frame
        self.now_ms = now_ms
        self.page_limit = page_limit
        self.asked: list[Span] = []
        self.listings = 0
        self.fails_with: RemoteError | None = None
        self.fails_after = 0

    def newest(self, series: Series, limit: int, *, before_ms: int | None = None) -> Page:
        """The newest rows before a time."""
        return self._page(series, Span(0, before_ms or FROM_2100), limit, newest=True)

    def oldest(self, series: Series, span: Span, limit: int) -> Page:
        """The oldest rows of a span."""
        return self._page(series, span, limit, newest=False)

    def symbols(self) -> list[SymbolInfo]:
        """Two that trade and one that has ended."""
        self.listings += 1
        if self.fails_with is not None:
            raise self.fails_with
        return [
            SymbolInfo("BTCUSDT", "BTC", "USDT", "TRADING", 2),
            SymbolInfo("ETHUSDT", "ETH", "USDT", "TRADING", 2),
            SymbolInfo("OLDUSDT", "OLD", "USDT", "BREAK", 4),
        ]

    def server_ms(self) -> int:
        """The exchange's clock."""
        return self.now_ms

    def close(self) -> None:
        """Nothing is open."""

    def _page(self, series: Series, span: Span, limit: int, *, newest: bool) -> Page:
        if self.fails_with is not None and len(self.asked) >= self.fails_after:
            raise self.fails_with
        self.asked.append(span)
        opens = pl.col("open_time").dt.epoch("ms")
        begun = self.frame.filter(opens.is_between(span.start, min(span.end - 1, self.now_ms)))
        part = begun.tail(limit) if newest else begun.head(limit)
        closed = int((part["close_time"].dt.epoch("ms") + 1000 < self.now_ms).sum())
        candles = Candles(series, part, part.height - closed)
        return Page(candles, self.now_ms, f"/tape?{span}")
