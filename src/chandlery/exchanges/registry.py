"""Which exchanges there are, by the name that stands in a series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from chandlery.clock import Clock, SystemClock
from chandlery.errors import UnknownExchange
from chandlery.exchanges.binance_client import BinanceClient
from chandlery.exchanges.binance_markets import SPOT, UM
from chandlery.exchanges.exchange import Exchange, Quirks
from chandlery.transport.budget import Budget
from chandlery.transport.service import MANNERS, Manners

_ADAPTERS: Final[dict[str, tuple[Callable[..., Exchange], Quirks]]] = {
    SPOT.name: (partial(BinanceClient, SPOT), SPOT),
    UM.name: (partial(BinanceClient, UM), UM),
}


def names() -> list[str]:
    """The names of all exchanges, sorted."""
    return sorted(_ADAPTERS)


def weight_limit(name: str) -> int:
    """Request weight per minute and address, before the exchange says otherwise.

    Raises `UnknownExchange`.
    """
    return _known(name)[1].weight_limit


def rest_price(name: str) -> tuple[int, int, int]:
    """Rows of a full page, its weight, and the weight per minute. Raises `UnknownExchange`."""
    quirks = _known(name)[1]
    return quirks.page_limit, quirks.page_weight, quirks.weight_limit


def open_exchange(
    name: str,
    *,
    urls: Sequence[str] | None = None,
    clock: Clock | None = None,
    budget: Budget | None = None,
    manners: Manners = MANNERS,
) -> Exchange:
    """The adapter of that name, at its real hosts or at `urls`; nothing is sent yet.

    Raises `UnknownExchange`, and `BadSetting` for URLs that cannot be used. Callers on one
    address share one `budget`; `manners` say how long this caller waits and whether it yields.
    """
    adapter, _ = _known(name)
    return adapter(urls, clock=clock or SystemClock(), budget=budget, manners=manners)


def _known(name: str) -> tuple[Callable[..., Exchange], Quirks]:
    try:
        return _ADAPTERS[name]
    except KeyError:
        raise UnknownExchange(name, names()) from None
