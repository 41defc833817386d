"""Single candles over HTTP: their story, and those that changed."""

from __future__ import annotations

from typing import Any

import polars as pl
from flask import Response

from chandlery.collect.story import MadeOf
from chandlery.store import Entry
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.answers.evidence import CandleAnswer, RevisionsAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper, shown_series
from chandlery.web.candle_json import named_values
from chandlery.web.queries.candles import CandleQuery, RevisionsQuery
from chandlery.web.source import current_source

evidence_api = blueprint("evidence", "Evidence", "Where each candle comes from.")


@evidence_api.get("/candle", responses={"200": CandleAnswer, "404": ErrorAnswer})
def candle(query: CandleQuery) -> Response:
    """One candle with its story.

    What it is, since when and from where it is known, what is known of its time, and its older
    versions. A candle that is not there has a story too: `present` is null, `ledger` says why.
    """
    shown_series(current_source(), query.series)
    told = current_keeper().story(query.series, query.open_ms)
    present = None
    if told.present is not None:
        present = {**next(named_values(told.present)), "closed": told.closed}
    return as_json(
        {
            "series": str(told.series),
            "open_ms": told.open_ms,
            "present": present,
            "ledger": _ledger(told.ledger),
            "tier": told.tier,
            "versions": list(named_values(told.versions)),
            "derived": told.made_of is not None,
            "made_of": _made_of(told.made_of),
        }
    )


@evidence_api.get("/revisions", responses={"200": RevisionsAnswer, "404": ErrorAnswer})
def revisions(query: RevisionsQuery) -> Response:
    """Candles that changed at the exchange after they were kept, with all older versions.

    Ascending by open time; ask for more with the last open time and a millisecond as `since`.
    Derived candles have none of their own.
    """
    shown = shown_series(current_source(), query.series)
    if shown.base is not None:
        return as_json({"revisions": [], "has_more": False})
    found = current_keeper().revisions(query.series, span=query.span, most=query.limit + 1)
    lines = [
        {
            "open_ms": versions[0]["open_time"],
            "versions": versions,
        }
        for versions in _by_candle(found)
    ]
    return as_json({"revisions": lines[: query.limit], "has_more": len(lines) > query.limit})


def _by_candle(versions: pl.DataFrame) -> list[list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for version in named_values(versions):
        found.setdefault(version["open_time"], []).append(version)
    return list(found.values())


def _ledger(entry: Entry | None) -> dict[str, object] | None:
    if entry is None:
        return None
    return {
        "state": entry.state,
        "asked_ms": entry.asked_ms,
        "source": entry.source,
        "request": entry.request,
        "tries": entry.tries if entry.error else 0,
        "error": entry.error,
    }


def _made_of(made_of: MadeOf | None) -> dict[str, object] | None:
    if made_of is None:
        return None
    return {
        "series": str(made_of.series),
        "candles": made_of.candles,
        "expected": made_of.expected,
    }
