"""What an exchange's stream of moving candles can do, and the records it gives back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from chandlery.candles.binance_rows import parse_rows
from chandlery.candles.frame import Candles
from chandlery.candles.series import Series

Row: TypeAlias = tuple[int | str, ...]
"""Eleven values in the order of `SCHEMA`: times in epoch milliseconds and trades as whole
numbers, prices and volumes as decimal text with eight digits after the point."""


@dataclass(frozen=True, slots=True)
class StreamCandle:
    """One candle as a stream told it."""

    series: Series
    row: Row
    closed: bool
    event_ms: int
    """The exchange's clock when it was sent."""
    heard_ms: int
    """Ours when it came in."""

    @property
    def candle(self) -> Candles:
        """The same as a frame of one row; made when asked for, which takes a fifth of a ms."""
        frame = parse_rows([(*self.row, "0")])
        return Candles(self.series, frame, unfinished=0 if self.closed else 1)


StreamStatus = Literal["connecting", "live", "silent", "down"]
"""`silent`: connected, but nothing has come for too long; it is about to connect anew.
`down`: not connected, and waiting for the next try."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a stream stands for one series."""

    status: StreamStatus
    since_ms: int
    error: str | None = None
    """In words, why it is silent or down."""
    connections: int = 0
    """Connections made since the start, by which a reader sees that it was connected anew."""


class CandleStream(Protocol):
    """Moving candles of one exchange, from threads of its own. Thread-safe.

    What it tells is a hint: messages may be missing after any change of connection.
    """

    def follow(self, series: Collection[Series]) -> None:
        """Follow exactly these series from now on; (un)subscribes as needed. Returns at once.

        Raises `NoSuchInterval`, `UnknownSymbol` for series that the exchange cannot have.
        """

    def state(self, series: Series) -> StreamState:
        """How it stands for one series; `down` for one that is not followed."""

    def close(self) -> None:
        """End the connections and the threads, within a second."""
