"""The series that are kept, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from chandlery.candles.series import Series
from chandlery.collect.derived.bases import Shown
from chandlery.web.answers.series import SeriesAnswer
from chandlery.web.api.shared import as_json, blueprint, price_decimals
from chandlery.web.source import HeldSeries, current_source, kept_series

series_api = blueprint("series", "Series", "What is kept, and what could be.")


@series_api.get("/series", responses={"200": SeriesAnswer})
def series() -> Response:
    """The series that are kept."""
    source = current_source()
    kept, shown = kept_series(source), source.shown_intervals()
    lines = [
        _series_line(one, held, shown.get((one.exchange, one.symbol), ()))
        for one, held in kept.items()
    ]
    return as_json({"series": lines})


def _series_line(
    series: Series, held: HeldSeries | None, shown: Iterable[Shown]
) -> dict[str, object]:
    return {
        "series": str(series),
        "exchange": series.exchange,
        "symbol": series.symbol,
        "interval": series.interval.text,
        "price_decimals": price_decimals(series),
        "candles": held.candles if held else 0,
        "first_ms": held.first_ms if held else None,
        "last_ms": held.last_ms if held else None,
        "updated_ms": held.updated_ms if held else None,
        "revisions": held.revisions if held else 0,
        "intervals": [{"interval": one.interval.text, "derived": one.derived} for one in shown],
    }
