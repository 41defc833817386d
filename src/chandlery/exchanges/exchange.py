"""What every exchange can do, and the records it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.market import SymbolInfo


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no candle."""

    span: Span
    """The open times of which it must be: those between the rows around it."""
    why: str
    """What is wrong with it, and the row itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an exchange."""

    candles: Candles
    server_ms: int
    """The exchange's clock when the request was sent; closed and forming are decided by it."""
    request: str
    """Path and query, as evidence for the ledger."""
    source: str = "rest"
    refused: tuple[Refusal, ...] = ()
    """Rows that are no candles, however often they were asked for; ascending."""

    @property
    def rows(self) -> int:
        """How many rows came, those included that were refused."""
        return len(self.candles) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Quirks:
    """In what one exchange differs from another, as data."""

    urls: Sequence[str]
    """Base URLs, best first."""
    page_limit: int
    """The most rows of one answer."""
    page_weight: int
    """What a full page costs of the request budget."""
    weight_limit: int
    """Request weight per minute and IP address, until the exchange says otherwise."""
    settle_ms: int
    """How long after its close time a candle may still change."""


class Exchange(Protocol):
    """One exchange. Every method may raise any `RemoteError`."""

    @property
    def name(self) -> str:
        """The word for it in a series."""

    @property
    def page_limit(self) -> int:
        """The most rows of one page."""

    def newest(self, series: Series, limit: int, *, before_ms: int | None = None) -> Page:
        """The newest `limit` rows, of those that open before `before_ms`; ascending.

        Raises `UnknownSymbol`, `NoSuchInterval`; `BadSpan` for a limit that is no page.
        """

    def oldest(self, series: Series, span: Span, limit: int) -> Page:
        """The oldest `limit` rows that open within `span`; ascending. Raises as `newest`."""

    def symbols(self) -> list[SymbolInfo]:
        """Every symbol that the exchange lists, those that have ended too."""

    def server_ms(self) -> int:
        """The exchange's clock, now. Asks the exchange when the last measurement is too old."""

    def close(self) -> None:
        """Close the connections."""
