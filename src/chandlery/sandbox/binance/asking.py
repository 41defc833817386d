"""One request as the endpoints see it, and the table that they are entered in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chandlery.sandbox.binance.query import Query
from chandlery.sandbox.binance.refusals import BAD_SYMBOL, refused
from chandlery.sandbox.market.listings import Listing
from chandlery.sandbox.sources.source import Source, Status


@dataclass(frozen=True, slots=True)
class Asking:
    """What was asked, of which market, at what time of the exchange's clock."""

    query: Query
    source: Source
    now_ms: int
    micro: bool = False
    """The request wants times in microseconds."""
    skew_ms: int = 0
    """What serverTime is off, by a fault."""
    weight_limit: int = 6000

    def time(self, ms: int) -> int:
        """A time in the unit asked for."""
        return ms * 1000 if self.micro else ms

    def listed(self) -> dict[str, tuple[Listing, Status]]:
        """The symbols that exist by now."""
        return {each.symbol: (each, status) for each, status in self.source.listings(self.now_ms)}

    def listing(self, symbol: str) -> tuple[Listing, Status]:
        """One symbol. Raises `Refused`, -1121."""
        found = self.listed().get(symbol)
        if found is None:
            raise refused(BAD_SYMBOL)
        return found


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path: what a request weighs, judging by its parameters, and what answers it."""

    weight: Callable[[Mapping[str, str]], int]
    answer: Callable[[Asking], bytes]


Endpoints: TypeAlias = dict[str, Endpoint]


def always(weight: int) -> Callable[[Mapping[str, str]], int]:
    """A weight that does not depend on the parameters."""
    return lambda _: weight
