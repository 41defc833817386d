"""The messages of one stream: what is sent when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from chandlery.sandbox.sources.choosing import Asked
from chandlery.sandbox.sources.source import Shown
from chandlery.sandbox.streams.market import StreamedMarket
from chandlery.sandbox.streams.names import StreamName

_MOST: Final = 1000
"""So many closed candles are told after a jump of the clock; those before are left out."""
_SOONEST_CLOSE_MS: Final = 60
_CLOSE_WITHIN_MS: Final = 200
"""A candle is told to be closed so long after its end: seen were some hundred ms."""

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One message, not yet written, and whether it says that a candle has closed."""

    payload: Payload
    closed: bool = False


class Feed:
    """One stream in one unit of time; `every_ms` replaces its own period."""

    def __init__(
        self, name: StreamName, market: StreamedMarket, *, micro: bool, every_ms: int | None
    ) -> None:
        self.name = name
        self._market = market
        self._shown = Shown(name.zone_ms, micro)
        self._unit = 1000 if micro else 1
        self._period_ms = every_ms or name.period_ms
        self._number = market.number(name.symbol)
        self._next_ms = 0
        self._from_ms: int | None = None
        """Where the candle opens that is told next."""

    def wake(self) -> None:
        """Tell at once how things stand: somebody has just subscribed."""
        self._next_ms = 0

    def is_due(self, now_ms: int) -> bool:
        """Whether there may be something to tell; the clock may have been set back, too."""
        return now_ms >= self._next_ms or self._next_ms - now_ms > self._period_ms

    def tell(self, now_ms: int) -> list[Told]:
        """The messages of this moment, oldest first."""
        # Streams that share a market are sent at the same moments, and so share the work.
        self._next_ms = now_ms - (now_ms - self._number) % self._period_ms + self._period_ms
        if not self._market.lists(self.name.symbol, now_ms):
            return []
        if self.name.interval is None:
            return [self._ticker(now_ms)]
        return self._candles(now_ms)

    def _ticker(self, now_ms: int) -> Told:
        day = self._market.last_day(self.name.symbol, now_ms)
        head = {"e": "24hrMiniTicker", "E": now_ms * self._unit, "s": self.name.symbol}
        return Told({**head, **day})

    def _candles(self, now_ms: int) -> list[Told]:
        told: list[Told] = []
        for row in self._rows(now_ms):
            close_ms = row[6] // self._unit
            settled_ms = close_ms + _SOONEST_CLOSE_MS + self._number % _CLOSE_WITHIN_MS
            if now_ms <= close_ms:
                self._from_ms = row[0] // self._unit
                told.append(Told(self._candle(row, now_ms, closed=False)))
            elif now_ms > settled_ms:
                self._from_ms = close_ms + 1
                told.append(Told(self._candle(row, now_ms, closed=True), closed=True))
                continue
            self._next_ms = min(self._next_ms, settled_ms + 1)
            break
        return told

    def _rows(self, now_ms: int) -> list[Any]:
        """From the candle on that is told next; only the forming one at first."""
        assert self.name.interval is not None  # noqa: S101  a ticker has no candles
        asked = (self.name.symbol, self.name.interval, self._shown)
        if self._from_ms is None or self._from_ms > now_ms:
            newest = self._market.rows(*asked, Asked(None, None, 1), now_ms)
            open_now = [row for row in newest if row[6] // self._unit >= now_ms]
            self._from_ms = open_now[0][0] // self._unit if open_now else now_ms
            return open_now
        return self._market.rows(*asked, Asked(self._from_ms, None, _MOST), now_ms)

    def _candle(self, row: list[Any], now_ms: int, *, closed: bool) -> Payload:
        symbol, trades = self.name.symbol, row[8]
        until_ms = min(now_ms, row[6] // self._unit)
        opens_ms = row[0] // self._unit
        first = self._market.first_id(symbol, opens_ms, until_ms) if trades else -1
        candle = {"t": row[0], "T": row[6], "s": symbol, "i": str(self.name.interval)}
        ids = {"f": first, "L": first + trades - 1 if trades else -1}
        prices = {"o": row[1], "c": row[4], "h": row[2], "l": row[3]}
        amounts = {"v": row[5], "n": trades, "x": closed, "q": row[7], "V": row[9], "Q": row[10]}
        candle = {**candle, **ids, **prices, **amounts, "B": "0"}
        return {"e": "kline", "E": now_ms * self._unit, "s": symbol, "k": candle}
