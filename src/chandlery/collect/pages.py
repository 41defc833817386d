"""Walking an exchange's pages, and knowing for which span each answer is complete.

Spans here are of open times. An answer is complete for closed candles only up to the first
unfinished one, and the newest end is never claimed further than an answer proves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from chandlery.candles.frame import Candles
from chandlery.candles.series import Series
from chandlery.candles.span import Span, subtract
from chandlery.exchanges.exchange import Exchange, Page

EPOCH: Final = 0
_MARGIN_MS: Final = 60_000
"""Beyond a whole candle, how long ago a time must be for silence about it to mean emptiness."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One page, and the span for which it gives every closed candle (None when it proves none)."""

    page: Page
    span: Span | None
    requests: int = 1
    """What it has cost: a page that is told in pieces was one."""


def newest_pages(exchange: Exchange, series: Series, count: int) -> Iterator[Answered]:
    """Pages from the newest candle backwards until `count` rows or the first candle is reached."""
    before_ms: int | None = None
    left = count
    while left > 0:
        limit = min(left, exchange.page_limit)
        page = exchange.newest(series, limit, before_ms=before_ms)
        yield Answered(page, _answered_backwards(page, limit, before_ms))
        got = page.candles.span
        left -= len(page.candles)
        if got is None or len(page.candles) < limit:
            return
        before_ms = got.start


def span_pages(exchange: Exchange, series: Series, span: Span) -> Iterator[Answered]:
    """Pages from the oldest candle of `span` forwards until its end or the newest candle."""
    start = span.start
    while start < span.end:
        asked = Span(start, span.end)
        page = exchange.oldest(series, asked, exchange.page_limit)
        yield from _pieces(Answered(page, _answered_forwards(page, asked, exchange.page_limit)))
        got = page.candles.span
        if got is None or page.rows < exchange.page_limit:
            return
        start = got.end


def _pieces(answered: Answered) -> Iterator[Answered]:
    """A page around the rows of it that were refused: of their time it has said nothing."""
    page, span = answered.page, answered.span
    if not page.refused:
        yield answered
        return
    opens = pl.col("open_time").dt.epoch("ms")
    told = pl.lit(value=False)
    for part in subtract([span] if span else [], [one.span for one in page.refused]):
        within = opens.is_between(part.start, part.end, closed="left")
        told |= within
        candles = Candles(page.candles.series, page.candles.closed.filter(within))
        yield Answered(replace(page, candles=candles, refused=()), part, requests=0)
    rest = Candles(page.candles.series, page.candles.frame.filter(~told), page.candles.unfinished)
    yield Answered(replace(page, candles=rest), None)


def _answered_backwards(page: Page, limit: int, before_ms: int | None) -> Span | None:
    got = page.candles.span
    if got is None:
        return Span(EPOCH, before_ms) if before_ms else None
    start = got.start if len(page.candles) == limit else EPOCH
    end = _closed_end(page)
    if before_ms is not None and not page.candles.unfinished:
        end = before_ms
    return Span(start, end) if end is not None and start < end else None


def _answered_forwards(page: Page, asked: Span, limit: int) -> Span | None:
    end = _closed_end(page)
    if not page.candles.unfinished and page.rows < limit:
        proven = page.server_ms - page.candles.series.interval.typical_ms - _MARGIN_MS
        end = max(end or asked.start, min(asked.end, proven))
    return Span(asked.start, end) if end is not None and asked.start < end else None


def _closed_end(page: Page) -> int | None:
    """Just after the open time of the last closed candle, or the open of the first unfinished."""
    opens = page.candles.frame["open_time"].dt.epoch("ms")
    if page.candles.unfinished:
        return int(opens[len(page.candles) - page.candles.unfinished])
    return int(opens[-1]) + 1 if len(opens) else None
