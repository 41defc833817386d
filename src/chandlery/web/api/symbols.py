"""Symbols that are kept and those that could be, over HTTP."""

from __future__ import annotations

from flask import Response

from chandlery.collect.finding import FoundSymbol, find_symbols
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.answers.symbols import SymbolsAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper
from chandlery.web.queries.tasks import SymbolsQuery

symbols_api = blueprint("symbols", "Symbols", "What the exchanges trade.")


@symbols_api.get("/symbols", responses={"200": SymbolsAnswer, "502": ErrorAnswer})
def symbols(query: SymbolsQuery) -> Response:
    """Symbols by a few letters: the same first, then those that begin so, then all others.

    From the list that was fetched last; the exchange is only asked if there is none yet.
    """
    found = find_symbols(
        current_keeper(), query.query, limit=query.limit, exchange=query.exchange or None
    )
    lines = [_line(one) for one in found.symbols]
    return as_json({"symbols": lines, "listed_ms": found.listed_ms})


def _line(found: FoundSymbol) -> dict[str, object]:
    info = found.info
    return {
        "exchange": found.exchange,
        "symbol": info.symbol,
        "base": info.base,
        "quote": info.quote,
        "status": info.status,
        "price_decimals": info.price_decimals,
        "kept": list(found.kept),
    }
