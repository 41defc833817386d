"""What the web side needs of the keeper of candles, and how a view gets at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from flask import current_app

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span
from chandlery.clock import Clock
from chandlery.collect.derived.bases import Shown, Symbol
from chandlery.collect.market_view import MarketView
from chandlery.collect.status import StatusReport


class HeldSeries(Protocol):
    """One line of the catalogue: what is stored of a series."""

    @property
    def series(self) -> Series:
        """Which series."""

    @property
    def candles(self) -> int:
        """How many closed candles."""

    @property
    def first_ms(self) -> int | None:
        """Open time of the first closed candle."""

    @property
    def last_ms(self) -> int | None:
        """Open time of the last closed candle."""

    @property
    def updated_ms(self) -> int | None:
        """When candles of this series, the forming one included, were last kept."""

    @property
    def revisions(self) -> int:
        """How many older versions are kept."""


class MarketSource(Protocol):
    """What is kept of the market."""

    def view(self, top: int, at_ms: int | None) -> MarketView | None:
        """The biggest coins as last known, or as they were at `at_ms`."""


class CandleSource(Protocol):
    """Where candles and market caps come from: the store, never a remote service.

    Every method may be called from several threads at once and may raise `StoreError`.
    """

    @property
    def clock(self) -> Clock:
        """The time by which ages are told."""

    def wanted_series(self) -> Sequence[Series]:
        """The series to keep, wildcards filled in, in the order in which people wrote them."""

    def read(self, series: Series, *, last: int | None = None, span: Span | None = None) -> Candles:
        """The newest `last` candles of those in `span`."""

    def catalogue(self) -> Sequence[HeldSeries]:
        """What is stored, without looking at a candle."""

    @property
    def market(self) -> MarketSource:
        """The market caps."""

    def status(self) -> StatusReport:
        """How everything stands."""

    def secret(self, name: str) -> bytes:
        """A random key of that name, the same for every process over the same store."""

    def shown_intervals(self) -> Mapping[Symbol, tuple[Shown, ...]]:
        """All intervals that can be shown of each symbol, stored and summed."""

    def price_decimals(self, series: Series) -> int | None:
        """Digits after the point of a price, if the exchange has told."""


def current_source() -> CandleSource:
    """The source of the application that handles this request."""
    return cast("CandleSource", current_app.extensions["source"])


def kept_series(source: CandleSource) -> dict[Series, HeldSeries | None]:
    """Every series that is wanted or stored, wanted ones first, with its catalogue line."""
    held = {line.series: line for line in source.catalogue()}
    wanted = {series: held.get(series) for series in source.wanted_series()}
    return wanted | held
