"""The series that are kept, over HTTP."""

from __future__ import annotations

from flask import Response

from chandlery.candles.series import Series
from chandlery.web.answers.series import SeriesAnswer
from chandlery.web.api.shared import as_json, blueprint, price_decimals
from chandlery.web.source import HeldSeries, current_source, kept_series

series_api = blueprint("series", "Series", "What is kept, and what could be.")


@series_api.get("/series", responses={"200": SeriesAnswer})
def series() -> Response:
    """The series that are kept."""
    lines = [_series_line(one, held) for one, held in kept_series(current_source()).items()]
    return as_json({"series": lines})


def _series_line(series: Series, held: HeldSeries | None) -> dict[str, object]:
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
    }
