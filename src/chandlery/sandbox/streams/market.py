"""What streams read of the market: each candle is worked out once for all who are sent it."""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

import orjson

from chandlery.candles.interval import MINUTE_MS, Interval
from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.rendering import amount
from chandlery.sandbox.sources.source import Shown, Source

_KEPT_IDS: Final = 20_000


class StreamedMarket:
    """The source behind a memory of what was read at the same moment."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._moment = (0, 0)
        self._memory: dict[object, Any] = {}
        self._first_ids: dict[tuple[str, int], int] = {}
        self._listed: tuple[int, frozenset[str]] = (-1, frozenset())

    def lists(self, symbol: str, now_ms: int) -> bool:
        """Whether the symbol exists by now, to the minute."""
        minute = now_ms // MINUTE_MS
        if self._listed[0] != minute:
            names = frozenset(each.symbol for each, _ in self._source.listings(now_ms))
            self._listed = (minute, names)
        return symbol in self._listed[1]

    def number(self, symbol: str) -> int:
        """A number that is the same for symbols which share a market."""
        return crc32(self._source.market_of(symbol).encode())

    def rows(
        self, symbol: str, interval: Interval, shown: Shown, asked: Asked, now_ms: int
    ) -> list[Any]:
        """The rows of a klines answer of this moment."""
        market = self._source.market_of(symbol)
        key = (market, interval.text, shown, asked)
        held = self._held(now_ms)
        if key not in held:
            held[key] = orjson.loads(self._source.rows(market, interval, shown, asked, now_ms))
        rows: list[Any] = held[key]
        return rows

    def first_id(self, symbol: str, open_ms: int, now_ms: int) -> int:
        """The id of the first trade since `open_ms`; -1 while there is none."""
        key = (self._source.market_of(symbol), open_ms)
        if key not in self._first_ids:
            found = self._source.window(key[0], open_ms, now_ms).first_id
            if found < 0:
                return found
            if len(self._first_ids) > _KEPT_IDS:
                self._first_ids.clear()
            self._first_ids[key] = found
        return self._first_ids[key]

    def last_day(self, symbol: str, now_ms: int) -> dict[str, str]:
        """Trading of the last 24 hours as the ticker names it."""
        market = self._source.market_of(symbol)
        held = self._held(now_ms)
        if market not in held:
            window = self._source.window(market, now_ms - 1440 * MINUTE_MS, now_ms)
            named = {"c": window.close, "o": window.open, "h": window.high, "l": window.low}
            amounts = {**named, "v": window.volume, "q": window.quote}
            held[market] = {name: amount(value, 1) for name, value in amounts.items()}
        found: dict[str, str] = held[market]
        return found

    def _held(self, now_ms: int) -> dict[object, Any]:
        moment = (now_ms, len(self._source.revisions))
        if moment != self._moment:
            self._moment = moment
            self._memory.clear()
        return self._memory
