"""Which files an archive may have, for asking after each where there is no listing. Pure."""

from __future__ import annotations

from typing import Final

from chandlery.candles.interval import DAY_MS
from chandlery.candles.series import Series
from chandlery.exchanges.archive import ArchiveFile, FileKind
from chandlery.exchanges.binance_archive import Market, path, span_from

MOST_DAYS: Final = 93
"""How far back days are asked after: a month that is missing for longer does not come."""


def possible_months(market: Market, series: Series, now_ms: int) -> list[ArchiveFile]:
    """A file for every month of the market that is over, ascending; size and so on not known."""
    return _possible(market, series, "monthly", market.first_month_ms, now_ms)


def possible_days(
    market: Market, series: Series, now_ms: int, newest_month: ArchiveFile | None
) -> list[ArchiveFile]:
    """A file for every day that is over and later than the newest month, at most `MOST_DAYS`."""
    today_ms = now_ms - now_ms % DAY_MS
    covered_ms = newest_month.span.end if newest_month else market.first_month_ms
    return _possible(
        market, series, "daily", max(covered_ms, today_ms - MOST_DAYS * DAY_MS), now_ms
    )


def _possible(
    market: Market, series: Series, kind: FileKind, start_ms: int, now_ms: int
) -> list[ArchiveFile]:
    files: list[ArchiveFile] = []
    while (span := span_from(start_ms, kind)).end <= now_ms:
        where = path(market, series, kind, start_ms)
        files.append(ArchiveFile(where, kind, span, size=0, etag="", modified_ms=0))
        start_ms = span.end
    return files
