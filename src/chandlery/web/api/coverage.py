"""What is held of a series and what is not, over HTTP."""

from __future__ import annotations

from typing import Final

from flask import Response

from chandlery.collect.gaps import Gap, Reason
from chandlery.web.answers.coverage import CoverageAnswer, GapsAnswer
from chandlery.web.answers.errors import ErrorAnswer
from chandlery.web.api.shared import as_json, blueprint, current_keeper, shown_series
from chandlery.web.queries.candles import CoverageQuery, GapsQuery
from chandlery.web.source import current_source

coverage_api = blueprint("coverage", "Coverage", "What is held, what is not, and why.")

_WORDS: Final[dict[Reason, str]] = {
    "before listing": "The exchange did not trade it yet.",
    "empty at the exchange": "The exchange was asked and has no candle here.",
    "after delisting": "The exchange trades it no more.",
    "archive not published yet": "The exchange's archive does not have it yet.",
    "failed": "The exchange was asked and did not give an answer.",
    "never asked": "Nobody has asked the exchange for it yet.",
    "off the grid": "Candles stand here, beside the places of the interval.",
    "lost": "The ledger says that candles are stored here, and they are not there.",
}


@coverage_api.get("/gaps", responses={"200": GapsAnswer, "404": ErrorAnswer})
def gaps(query: GapsQuery) -> Response:
    """Every stretch without a candle, with its reason and the evidence for it.

    Ascending, cut to the asked time. Of a derived series, the gaps of the series it is summed of.
    """
    base = shown_series(current_source(), query.series).base
    found = current_keeper().gaps(base or query.series, within=query.span)
    lines = [_gap_line(gap) for gap in found[: query.limit]]
    return as_json({"gaps": lines, "has_more": len(found) > query.limit})


@coverage_api.get("/coverage", responses={"200": CoverageAnswer, "404": ErrorAnswer})
def coverage(query: CoverageQuery) -> Response:
    """How much of a series is held, day by day, of its whole life.

    Of candles longer than a day, month by month. Of a derived series, the coverage of the series
    it is summed of.
    """
    base = shown_series(current_source(), query.series).base
    found = current_keeper().coverage(base or query.series, zone=query.zone)
    life, held = found.life, found.held
    return as_json(
        {
            "series": str(query.series),
            "derived_from": str(base) if base else None,
            "zone": query.zone,
            "bucket": found.bucket,
            "days": found.rows(),
            "first_ms": held.start if held else None,
            "last_ms": held.end - 1 if held else None,
            "start_ms": life.start if life else None,
            "end_ms": life.end if life else None,
            "listed_ms": found.listed_ms,
            "totals": found.totals(),
        }
    )


def _gap_line(gap: Gap) -> dict[str, object]:
    return {
        "start_ms": gap.span.start,
        "end_ms": gap.span.end,
        "candles": gap.candles,
        "reason": gap.reason,
        "words": _WORDS[gap.reason],
        "asked_ms": gap.asked_ms,
        "source": gap.source,
        "request": gap.request,
        "tries": gap.tries,
        "error": gap.error,
    }
